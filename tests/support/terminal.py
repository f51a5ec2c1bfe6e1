"""A program at a terminal of its own, typed at and read by a test.

Knows: pseudo-terminals. Does not know: the program.
"""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Final

from tests.support.screen import Screen

PATIENCE_S: Final = 30.0
"""For what must come; a test that waits so long has failed."""

_SIZES: Final = ("COLUMNS", "LINES")
"""A program trusts these more than its terminal, and the environment of the tests may set them."""

_AT_A_TERMINAL: Final = """
import fcntl, os, signal, sys, termios
signal.signal(signal.SIGHUP, signal.SIG_DFL)
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""
"""Makes the pseudo-terminal the one that Ctrl-C comes from. A hangup is not ignored there, though it may be
where the tests run (``nohup``)."""


class Terminal:
    """Runs a program on a pseudo-terminal."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        rows: int = 24,
        columns: int = 80,
        term: str = "xterm-256color",
        screen: Screen | None = None,
    ) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._as_found = termios.tcgetattr(slave)
        self.process = subprocess.Popen(
            [sys.executable, "-c", _AT_A_TERMINAL, *command],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**{k: v for k, v in environment.items() if k not in _SIZES}, "TERM": term},
        )
        os.close(slave)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._screen = screen or Screen(rows, columns)
        self.written = ""
        """All that the program wrote, as it wrote it."""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._master)

    def type(self, keys: str) -> None:
        """Press keys, all in one write."""
        self.send(keys.encode())

    def send(self, data: bytes) -> None:
        """What a terminal sends, be it text or not."""
        os.write(self._master, data)

    def pressed(self, key: str) -> None:
        """Press a key that leads to another part of the screen, and let that come up: until it has, what is
        typed next goes to the part before."""
        before = len(self.written)
        self.type(key)
        end = time.monotonic() + PATIENCE_S
        while len(self.written) == before or select.select([self._master], [], [], 0.3)[0]:
            assert time.monotonic() < end, f"nothing happens; there is:\n{self.text}"
            assert self._read(), f"it ended; there is:\n{self.text}"

    def resumed(self) -> bool:
        """Let a program that has stopped itself go on, on a screen that is blank now; whether it had given
        the terminal back as it was."""
        end = time.monotonic() + PATIENCE_S
        while os.waitpid(self.process.pid, os.WNOHANG | os.WUNTRACED) == (0, 0):
            assert time.monotonic() < end, f"it does not stop; there is:\n{self.text}"
            self._read()
        given_back = termios.tcgetattr(self._master) == self._as_found
        self._screen.feed("\x1b[H\x1b[2J")
        self.process.send_signal(signal.SIGCONT)
        return given_back

    @property
    def text(self) -> str:
        """What a person sees, and what scrolled away."""
        return self._screen.text

    @property
    def cells(self) -> list[list[str]]:
        """What stands in each cell of each line."""
        return self._screen.cells

    def until(self, wanted: str, times: int = 1) -> None:
        """Read until ``wanted`` is to be seen, so often."""
        end = time.monotonic() + PATIENCE_S
        while self.text.count(wanted) < times:
            assert time.monotonic() < end, f"{wanted!r} did not come; there is:\n{self.text}"
            assert self._read(), f"{wanted!r} did not come before the end; there is:\n{self.text}"

    def until_gone(self, unwanted: str) -> None:
        """Read until ``unwanted`` is no longer to be seen."""
        end = time.monotonic() + PATIENCE_S
        while unwanted in self.text:
            assert time.monotonic() < end, f"{unwanted!r} did not go; there is:\n{self.text}"
            assert self._read(), f"{unwanted!r} did not go before the end; there is:\n{self.text}"

    def ended(self) -> int:
        """Read to the end; return the exit code."""
        end = time.monotonic() + PATIENCE_S
        while self._read():
            assert time.monotonic() < end, f"it does not end; there is:\n{self.text}"
        return self.process.wait(PATIENCE_S)

    def _read(self) -> bool:
        """Read what comes within a second, if anything does; False at the end."""
        if not select.select([self._master], [], [], 1.0)[0]:
            return True
        try:
            data = self._decoder.decode(os.read(self._master, 65536))
        except OSError:  # EIO: no process holds the other end any longer
            return False
        self.written += data
        self._screen.feed(data)
        if self._screen.answers:
            self.type(self._screen.answers)
            self._screen.answers = ""
        return True
