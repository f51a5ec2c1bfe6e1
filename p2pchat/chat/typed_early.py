"""What was typed before a chat had the terminal: there, Enter was the end of a line and not a key.

Knows: how a terminal counts bytes that wait. Does not know: what was typed, or what either chat does with it.
"""

from __future__ import annotations

import fcntl
import struct
import termios


class TypedEarly:
    """The bytes that wait in a terminal when the chat takes it. The terminal has turned each Enter among them
    into a line feed, which the chat would take for Ctrl-J."""

    def __init__(self, terminal: int) -> None:
        """``terminal``: its descriptor, on which a chat has just set that each key comes as it is."""
        (self._left,) = struct.unpack("i", fcntl.ioctl(terminal, termios.FIONREAD, bytes(4)))

    def restore_enter(self, data: bytes) -> bytes:
        """Return the next bytes that were read, with Enter as the key that it was."""
        early, later = data[: self._left], data[self._left :]
        self._left -= len(early)
        return early.replace(b"\n", b"\r") + later
