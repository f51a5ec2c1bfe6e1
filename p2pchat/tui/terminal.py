"""The terminal's input: bytes that are not UTF-8, and sequences that no terminal should send, show as a
replacement character or not at all, and never end the program.

Knows: Textual's driver. Does not know: what is typed.
"""

from __future__ import annotations

import codecs
import os
import selectors
from typing import Final

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from p2pchat.chat.typed_early import TypedEarly

READ_MAX: Final = 4096
"""Bytes taken at once."""

TICK_S: Final = 0.1
"""Between looks whether an escape sequence stays unfinished, and was the key Escape."""


class Patient(LinuxDriver):
    """Reads on after what it cannot read."""

    def run_input_thread(self) -> None:
        """Read the terminal in place of Textual's own reader, which decodes strictly and fails at the first
        bad byte."""
        early = TypedEarly(self.fileno)
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._parser = XTermParser(self._debug)
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(TICK_S):
                    data = self._read()
                    if not data:
                        self._app.call_later(self._app.exit)
                        return
                    self._take(decode(early.restore_enter(data)))
                for event in self._parser.tick():
                    self.process_message(event)

    def _sigcont_application(self, *_: object) -> None:
        """Go on, and have all drawn again, also if it was not Ctrl-Z that stopped the program (SIGSTOP)."""
        if self._auto_restart:
            if not self._must_signal_resume:
                self.suspend_application_mode()
            self._must_signal_resume = True
            self.resume_application_mode()

    def _read(self) -> bytes:
        """Return some bytes, or none when the terminal is gone."""
        try:
            return os.read(self.fileno, READ_MAX)
        except OSError:  # EIO
            return b""

    def _take(self, text: str) -> None:
        """Character by character: what one of them breaks is forgotten, the rest goes on."""
        for character in text:
            try:
                for event in self._parser.feed(character):
                    self.process_message(event)
            except (ValueError, OverflowError):  # a key whose number is no character's
                self._parser = XTermParser(self._debug)
