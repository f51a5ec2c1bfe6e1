"""Enter is the key Enter also if it was typed before a chat had the terminal; Ctrl-J afterwards is itself."""

from __future__ import annotations

import os
import pty
import termios
import tty
from collections.abc import Iterator

import pytest

from p2pchat.chat.typed_early import TypedEarly

Ends = tuple[int, int]
WAITING = b"one\rtwo\rhalf"


@pytest.fixture
def terminal() -> Iterator[Ends]:
    """Where a person types, and where a program reads."""
    person, program = pty.openpty()
    yield person, program
    os.close(person)
    os.close(program)


@pytest.mark.parametrize("step", [1, 4, 100])
def test_only_what_waited_has_its_enter_restored(terminal: Ends, step: int) -> None:
    person, program = terminal
    os.write(person, WAITING)
    tty.setraw(program, termios.TCSANOW)
    early = TypedEarly(program)
    os.write(person, b" line\nend\r")
    read = b""
    while not read.endswith(b"end\r"):
        read += early.restore_enter(os.read(program, step))
    assert read == WAITING + b" line\nend\r"


def test_where_nothing_waits_nothing_changes(terminal: Ends) -> None:
    early = TypedEarly(terminal[1])
    assert early.restore_enter(b"a\nb\r") == b"a\nb\r"
