"""At a terminal, lines come in above what is being written, and the terminal is given back as it was."""

from __future__ import annotations

import sys

import pytest

from tests.support.processes import environment
from tests.support.terminal import Terminal

pytestmark = pytest.mark.real

PROGRAM = """
import asyncio, sys, termios
from p2pchat.plain.editor import LineEditor
from p2pchat.plain.terminal import Terminal

async def main():
    left = asyncio.Event()
    terminal = Terminal(
        LineEditor(lambda text: []), lambda: [("me", "me"), ("", "> ")], lambda: [("here", "all well")], True
    )
    def take(line):
        terminal.show_line([("", "got " + repr(line))])
    terminal.on_line, terminal.on_leave = take, left.set
    before = termios.tcgetattr(0)
    with terminal.take_rows():
        await left.wait()
    print("as before" if termios.tcgetattr(0) == before else "changed")

asyncio.run(main())
"""


def test_a_line_is_written_below_what_comes_and_all_is_put_back() -> None:
    with Terminal([sys.executable, "-c", PROGRAM], environment(), 8, 30) as terminal:
        terminal.until("me>")
        terminal.type("one\rtwo")
        terminal.until("got 'one'\nme> two\nall well")
        terminal.type("\x03" + "x" * 100 + "\x01begin ")
        terminal.until("me> begin xxx")
        assert all("".join(row).rstrip() in ("", "all well") for row in terminal.cells[2:])
        terminal.type("\x15\x0b\x1a")
        assert terminal.resumed()
        terminal.until("me>")
        terminal.type("on\r")
        terminal.until("got 'on'")
        terminal.type("\x04")
        terminal.until("as before")
        assert terminal.ended() == 0


BUSY = """
import select
print("busy", flush=True)
select.select([0], [], [])
"""


def test_lines_typed_before_the_terminal_is_taken_are_lines_of_their_own() -> None:
    with Terminal([sys.executable, "-c", BUSY + PROGRAM], environment(), 8, 30) as terminal:
        terminal.until("busy")
        terminal.type("one\r/help\rhalf")
        terminal.until("got 'one'\ngot '/help'\nme> half")
        terminal.type("\x15\x04")
        terminal.until("as before")
