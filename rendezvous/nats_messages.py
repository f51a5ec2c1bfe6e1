"""Where messages begin and end in what a NATS server sends.

Knows: the lines of NATS' protocol, as far as to tell a message from the rest. Does not know: what is in
either.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

LINE_MAX: Final = 64 * 1024
"""The longest line before its end is there: INFO, with the addresses of a large cluster."""

MESSAGE_BYTES_MAX: Final = 1024 * 1024
"""Of one message: what NATS lets pass unless it is told otherwise."""

_END: Final = b"\r\n"


class Cutter:
    """Hands each message to ``deliver``, and every other line to ``rest``, in the order in which they come.
    What it cannot cut goes to ``rest`` from there on."""

    def __init__(self, deliver: Callable[[bytes], None], rest: Callable[[bytes], None]) -> None:
        self._deliver = deliver
        self._rest = rest
        self._held: list[bytes] = []
        """The beginning of a message or a line."""
        self._have = 0
        self._needed = 0
        """Before so many bytes are there, another look is of no use."""
        self._lost = False

    def feed_bytes(self, data: bytes) -> None:
        """Take more bytes from the connection."""
        if self._lost:
            self._rest(data)
            return
        if self._held:
            self._held.append(data)
            self._have += len(data)
            if self._have < self._needed:
                return
            data = b"".join(self._held)
            self._held = []
        self._cut(data)

    def _cut(self, data: bytes) -> None:
        at = 0
        while at < len(data):
            line_end = data.find(_END, at)
            if line_end < 0:
                self._hold(data[at:], len(data) - at + 1, LINE_MAX)
                return
            start = end = line_end + len(_END)
            line = data[at:line_end]
            is_message = line.startswith(b"MSG ")
            if is_message or line.startswith(b"HMSG "):
                size = line.rpartition(b" ")[2]
                end = start + int(size) + len(_END) if size.isdigit() else len(data) + MESSAGE_BYTES_MAX
                if end > len(data):
                    self._hold(data[at:], end - at, MESSAGE_BYTES_MAX)
                    return
            if is_message:
                self._deliver(data[start : end - len(_END)])
            else:
                self._rest(data[at:end])
            at = end

    def _hold(self, data: bytes, needed: int, most: int) -> None:
        if needed > most:
            self._lost = True
            self._rest(data)
        else:
            self._held, self._have, self._needed = [data], len(data), needed
