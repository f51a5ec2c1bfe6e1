"""TLS that counts the records that bring nothing.

Knows: where a record ends. Does not know: what is in it, or who sends it.

A peer may send records that OpenSSL works off by itself without end: KeyUpdates, each of which it answers,
session tickets, empty records. It may also send each byte of its data in a record of its own. No limit on
messages sees either, and 64 kB of them, which the event loop reads at once, take a tenth of a second. So
OpenSSL gets its input record by record, and a connection ends when too many of them were not data, or when
there are more in all than messages could need. This costs 3 µs a message and 1 kB a connection (measured).
"""

from __future__ import annotations

import ssl
import time
from typing import Any, Final

HEADER_BYTES: Final = 5
LENGTH: Final = slice(3, 5)
"""Of what follows the header (RFC 8446, section 5.1)."""

BARREN_MAX: Final = 64
"""Records without data that a peer may send on one connection. A handshake has some ten, with its tickets; no
peer renews keys before millions of records. 64 KeyUpdates take 2.5 ms (measured), like two handshakes."""


BARREN_BYTES_MAX: Final = 64 * 1024
"""Their bytes: one record may hold hundreds of session tickets. A long chain of certificates has 16 kB."""

RECORDS_BURST: Final = 2048
RECORDS_PER_S: Final = 64.0
RECORD_BYTES: Final = 64
"""Records that a peer may send: so many at once and a second, and one more for each 64 bytes of data. Over a
TURN server an acknowledgement is a record of its own, of some 100 bytes, and there are hundreds a second.
2048 records of one byte take 10 ms (measured)."""


class CountingObject(ssl.SSLObject):
    """One end of a connection. Raises ssl.SSLError from a peer that sends too many records, or too many
    without data."""

    _source: ssl.MemoryBIO
    """What came in."""
    _fed: ssl.MemoryBIO
    """What OpenSSL sees of it."""
    _head = b""
    """The beginning of a record's header."""
    _record = 0
    """Bytes of the present record."""
    _missing = 0
    """Bytes of the present record that OpenSSL has not seen."""
    _whole = False
    """OpenSSL has seen a record to its end, and has given nothing for it yet."""
    _barren = 0
    _barren_bytes = 0
    _records_left = float(RECORDS_BURST)
    _counted_at = 0.0

    def draw_from(self, source: ssl.MemoryBIO, fed: ssl.MemoryBIO) -> None:
        """Take records from ``source``, and put them into ``fed``."""
        self._source, self._fed = source, fed

    def read(self, len: int = 1024, buffer: Any = None) -> Any:
        """Read as a SSLObject does."""
        while True:
            if not self.pending():
                self._feed()
            try:
                got = super().read(len, buffer)
            except ssl.SSLWantReadError:
                self._count_barren()
                if not self._source.pending:
                    raise
            else:
                self._whole = False
                self._records_left += _size_of(got) / RECORD_BYTES
                return got

    def do_handshake(self) -> None:
        """Shake hands as a SSLObject does."""
        while True:
            try:
                super().do_handshake()
            except ssl.SSLWantReadError:
                self._count_barren()
                if not self._feed():
                    raise
            else:
                return

    def unwrap(self) -> None:
        """Take leave as a SSLObject does."""
        while True:
            try:
                super().unwrap()
            except ssl.SSLWantReadError:
                self._count_barren()
                if not self._feed():
                    raise
            else:
                return

    def _feed(self) -> bool:
        """Pass on what there is of one record; False: nothing."""
        source = self._source
        if not self._missing:
            self._head += source.read(HEADER_BYTES - len(self._head))
            if len(self._head) < HEADER_BYTES:
                return False
            self._missing = int.from_bytes(self._head[LENGTH], "big")
            self._record = self._missing
            self._count_record()
            self._fed.write(self._head)
            self._head = b""
        part = source.read(self._missing)
        self._missing -= len(part)
        self._fed.write(part)
        self._whole = not self._missing
        return True

    def _count_record(self) -> None:
        now = time.monotonic()
        returned = (now - self._counted_at) * RECORDS_PER_S
        self._records_left = min(RECORDS_BURST, self._records_left + returned) - 1
        self._counted_at = now
        if self._records_left < 0:
            raise ssl.SSLError("more TLS records than any message needs")

    def _count_barren(self) -> None:
        if not self._whole:
            return
        self._whole = False
        self._barren += 1
        self._barren_bytes += self._record
        if self._barren > BARREN_MAX or self._barren_bytes > BARREN_BYTES_MAX:
            raise ssl.SSLError(f"more than {BARREN_MAX} TLS records without data")


def _size_of(got: bytes | int) -> int:
    return got if isinstance(got, int) else len(got)


class CountingContext(ssl.SSLContext):
    """Makes such ends, for an event loop."""

    sslobject_class = CountingObject

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        """Make one end."""
        fed = ssl.MemoryBIO()
        made = super().wrap_bio(fed, outgoing, server_side, server_hostname, session)
        assert isinstance(made, CountingObject), "sslobject_class"
        made.draw_from(incoming, fed)
        return made
