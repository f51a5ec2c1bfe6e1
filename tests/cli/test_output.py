"""Output is written completely to any kind of stream."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from p2pchat.cli.output import StdoutClosed, print_line, say
from tests.cli.conftest import Run
from tests.support.fake_node import FakeNode, message
from tests.support.processes import environment

LONG = "x" * (1 << 20)


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.BufferedReader]:
    """The other end of stdout and stderr, which do not block."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with os.fdopen(reading, "rb") as reader, os.fdopen(writing, "w") as stdout:
        monkeypatch.setattr("p2pchat.cli.output.sys", SimpleNamespace(stdout=stdout, stderr=stdout))
        yield reader


def test_a_long_line_is_whole_on_a_stream_that_does_not_block(reader: io.BufferedReader) -> None:
    written = threading.Thread(target=print_line, args=(LONG,))
    written.start()
    assert reader.readline() == LONG.encode() + b"\n"
    written.join()


def test_so_is_what_is_said(reader: io.BufferedReader) -> None:
    said = threading.Thread(target=say, args=(LONG,))
    said.start()
    assert reader.readline() == LONG.encode() + b"\n"
    said.join()


def test_a_reader_who_leaves_in_the_middle_of_a_line_is_noticed(reader: io.BufferedReader) -> None:
    failed = []

    def write() -> None:
        with pytest.raises(StdoutClosed):
            print_line(LONG)
        failed.append(True)

    writing = threading.Thread(target=write)
    writing.start()
    assert reader.read(1000) == b"x" * 1000
    reader.close()
    writing.join()
    assert failed


def test_a_message_that_was_never_visible_is_not_heard(
    p2pchat: Run, node: FakeNode, reader: io.BufferedReader
) -> None:
    node.events = [message("1", "hi")]
    reader.close()
    assert p2pchat("listen", "--count", "1").code == 141
    assert node.was_heard == []


def test_a_colour_is_for_terminals_alone(capsys: pytest.CaptureFixture[str]) -> None:
    print_line("\x1b[1mbold\x1b[0m")
    assert capsys.readouterr().out == "bold\n"


@pytest.mark.parametrize("name", ["SIGHUP", "SIGTERM"])
def test_a_signal_that_was_ignored_at_the_start_stays_ignored(name: str, tmp_path: Path) -> None:
    program = f"""
import asyncio, os, signal
signal.signal(signal.{name}, signal.SIG_IGN)
from p2pchat.cli.connection import _interruptible
from p2pchat.cli.run import wait_for
from p2pchat.cli.settings import CommonOptions

async def work():
    os.kill(os.getpid(), signal.{name})
    await asyncio.sleep(0.1)
    with _interruptible():
        os.kill(os.getpid(), signal.{name})
    print("lives")

wait_for(work(), CommonOptions())
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment(), check=False
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "lives\n", "")
