"""A terminal whose last two rows are ours: what is being written, and how things stand.

Knows: termios, and how rows are drawn anew below lines that stay. Does not know: what lines mean.
"""

from __future__ import annotations

import asyncio
import codecs
import os
import shutil
import signal
import sys
import termios
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from p2pchat.chat.typed_early import TypedEarly
from p2pchat.chat.widths import cut
from p2pchat.plain.editor import LineEditor
from p2pchat.plain.keys import LEAVE, SUSPEND
from p2pchat.plain.sheet import Line

STYLES: Final[Mapping[str, str]] = {
    "": "",
    "time": "90",
    "me": "1;36",
    "them": "1;32",
    "mark": "90",
    "mention": "1;33",
    "notice": "90",
    "day": "90",
    "status": "7",
    "here": "7;1",
}
"""As ECMA-48 has them (SGR)."""

_ERASE: Final = "\r\x1b[J"
_PASTES: Final = ("\x1b[?2004h", "\x1b[?2004l")
"""Turns bracketed paste on or off."""

Settings = list[int | list[bytes | int]]

_IFLAG, _LFLAG, _CC = 0, 3, 6


class Terminal:
    """Stdin and stdout of this process. ``prompt`` and ``status`` are asked whenever the rows are drawn."""

    def __init__(
        self, editor: LineEditor, prompt: Callable[[], Line], status: Callable[[], Line], coloured: bool
    ) -> None:
        self._editor = editor
        self._prompt = prompt
        self._status = status
        self._coloured = coloured
        self._stdin, self._stdout = sys.stdin.fileno(), sys.stdout.fileno()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._before: Settings = []
        """How the terminal was when we took it."""
        self._ours = False
        self.on_line: Callable[[str], None] = lambda line: None
        self.on_leave: Callable[[], None] = lambda: None
        self.on_edit: Callable[[str], None] = lambda text: None

    @contextmanager
    def take_rows(self) -> Iterator[None]:
        """Have the last rows, and every key, inside the block."""
        loop = asyncio.get_running_loop()
        self._before = termios.tcgetattr(self._stdin)
        self._begin()
        loop.add_reader(self._stdin, self._read)
        loop.add_signal_handler(signal.SIGWINCH, self.draw_rows)
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGWINCH)
            loop.remove_reader(self._stdin)
            self._end()

    def _begin(self) -> None:
        raw = termios.tcgetattr(self._stdin)
        raw[_IFLAG] &= ~(termios.ICRNL | termios.INLCR | termios.IGNCR | termios.IXON)
        raw[_LFLAG] &= ~(termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN)
        raw[_CC][termios.VMIN], raw[_CC][termios.VTIME] = 1, 0
        termios.tcsetattr(self._stdin, termios.TCSANOW, raw)
        self._typed_early = TypedEarly(self._stdin)
        self._ours = True
        self._write(_PASTES[0])
        self.draw_rows()

    def _end(self) -> None:
        self._ours = False
        self._write(_ERASE + _PASTES[1])
        termios.tcsetattr(self._stdin, termios.TCSANOW, self._before)

    def show_line(self, line: Line) -> None:
        """A line that stays, above what is being written."""
        self._write((_ERASE if self._ours else "") + self._drawn(line) + "\n" + self._rows())

    def draw_rows(self) -> None:
        """Our rows anew."""
        if self._ours:
            self._write(_ERASE + self._rows())

    def _rows(self) -> str:
        if not self._ours:
            return ""
        width = shutil.get_terminal_size().columns - 1
        prompt = self._prompt()
        plain = "".join(text for _, text in prompt)
        row, column = self._editor.buffer.draw_row(plain, width)
        written = self._drawn(prompt) + row[len(plain) :]
        status = self._drawn(_cut(self._status(), width))
        return f"{written}\n{status}\r\x1b[A" + (f"\x1b[{column}C" if column else "")

    def _drawn(self, line: Line) -> str:
        return "".join(
            f"\x1b[{STYLES[style]}m{text}\x1b[m" if self._coloured and STYLES[style] else text
            for style, text in line
        )

    def _write(self, text: str) -> None:
        left = memoryview(text.encode(sys.stdout.encoding, "replace"))
        while left:
            left = left[os.write(self._stdout, left) :]

    def _read(self) -> None:
        data = os.read(self._stdin, 65_536)
        if not data:
            self.on_leave()
            return
        typed = self._editor.take_keys(self._decoder.decode(self._typed_early.restore_enter(data)))
        for line in typed.lines:
            self.on_line(line)
        self.on_edit(self._editor.text)
        for wish in typed.wishes:
            if wish == LEAVE:
                self.on_leave()
            elif wish == SUSPEND:
                self._suspend()
        self.draw_rows()

    def _suspend(self) -> None:
        """Restore the terminal and stop; take the terminal again when the program continues."""
        self._end()
        os.kill(os.getpid(), signal.SIGSTOP)
        self._begin()


def _cut(line: Line, width: int) -> Line:
    """Return the beginning of a line, as many pieces as fit."""
    whole = "".join(text for _, text in line)
    left = cut(whole, width)
    pieces: Line = []
    for style, text in line:
        pieces.append((style, left[: len(text)]))
        left = left[len(text) :]
    return pieces
