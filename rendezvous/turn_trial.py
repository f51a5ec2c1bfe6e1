"""Whether a TURN server lets its clients into the operator's own network.

Knows: as much of TURN (RFC 8656) as a client needs to ask for permission to send somewhere; nothing is sent
there. Does not know: the other users of the server.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import ipaddress
import os
import random
import socket
import struct
import time
from typing import Final

from rendezvous.hints import login

FORBIDDEN: Final = (
    "127.0.0.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.1",
    "224.0.0.1",
)
"""One of each kind of address that no Internet host has."""

PATIENCE_SECONDS: Final = 0.5
TRIES: Final = 4
"""A datagram may be lost; a server on the same host answers within a millisecond."""

_HEADER: Final = struct.Struct(">HHI12s")
_COOKIE: Final = 0x2112A442
_ALLOCATE, _REFRESH, _CREATE_PERMISSION = 0x0003, 0x0004, 0x0008
_ERROR: Final = 0x0110
_USERNAME, _INTEGRITY, _ERROR_CODE, _LIFETIME = 0x0006, 0x0008, 0x0009, 0x000D
_PEER, _REALM, _NONCE, _TRANSPORT = 0x0012, 0x0014, 0x0015, 0x0019
_UDP: Final = b"\x11\0\0\0"

Attributes = list[tuple[int, bytes]]


class TurnFails(Exception):
    """Says in words for the operator why the TURN server could not be tried, or serves no client."""


def lets_in(host: str, port: int, secret: bytes) -> list[str]:
    """Return those of ``FORBIDDEN`` to which the server would send. Raises TurnFails."""
    with _Asking(host, port, secret) as asking:
        return [peer for peer in FORBIDDEN if asking.may_send_to(peer)]


class _Asking:
    """A client of the server, for a second."""

    def __init__(self, host: str, port: int, secret: bytes) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.settimeout(PATIENCE_SECONDS)
        self._where = (host, port)
        made = login(secret, time.time(), random.SystemRandom())
        self._user = f"{made.expires}:{made.name.hex()}"
        self._password = base64.b64encode(made.password).decode()
        self._realm = self._nonce = b""

    def __enter__(self) -> _Asking:
        try:
            self._socket.connect(self._where)
            self._begin()
        except BaseException:
            self._socket.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(TurnFails):
            self._ask(_REFRESH, [(_LIFETIME, bytes(4))])
        self._socket.close()

    def _begin(self) -> None:
        refused, attributes = self._ask(_ALLOCATE, [(_TRANSPORT, _UDP)])
        if refused != 401:
            raise TurnFails(
                f"it asks for no login (it answers {refused or 'yes'}); use-auth-secret is missing"
            )
        self._realm, self._nonce = attributes.get(_REALM, b""), attributes.get(_NONCE, b"")
        refused, _ = self._ask(_ALLOCATE, [(_TRANSPORT, _UDP)])
        if refused == 401:
            raise TurnFails("it refuses the login: its static-auth-secret is another")
        if refused:
            raise TurnFails(f"it refuses to relay, with the number {refused}")

    def may_send_to(self, peer: str) -> bool:
        """Whether permission is given."""
        hidden = int(ipaddress.IPv4Address(peer)) ^ _COOKIE
        address = struct.pack(">BBHI", 0, 1, 9 ^ _COOKIE >> 16, hidden)
        refused, _ = self._ask(_CREATE_PERMISSION, [(_PEER, address)])
        return not refused

    def _ask(self, kind: int, attributes: Attributes) -> tuple[int, dict[int, bytes]]:
        """Return the number of the error, or 0, and what else is in the answer."""
        transaction = os.urandom(12)
        request = self._signed(kind, transaction, attributes)
        for _ in range(TRIES):
            try:
                self._socket.send(request)
                answer = self._socket.recv(2048)
            except TimeoutError:
                continue
            except OSError as error:
                raise TurnFails(f"it does not answer: {error.strerror or error}") from None
            if answer[8:20] == transaction:
                return _read(answer)
        raise TurnFails("it does not answer")

    def _signed(self, kind: int, transaction: bytes, attributes: Attributes) -> bytes:
        if not self._nonce:
            return _message(kind, transaction, attributes)
        named = [(_USERNAME, self._user.encode()), (_REALM, self._realm), (_NONCE, self._nonce)]
        key = hashlib.md5(  # RFC 8489, section 9.2.2
            b":".join((self._user.encode(), self._realm, self._password.encode())), usedforsecurity=False
        ).digest()
        unsigned = _message(kind, transaction, [*attributes, *named], more=24)
        return unsigned + struct.pack(">HH", _INTEGRITY, 20) + hmac.digest(key, unsigned, "sha1")


def _message(kind: int, transaction: bytes, attributes: Attributes, more: int = 0) -> bytes:
    body = b"".join(
        struct.pack(">HH", name, len(value)) + value + bytes(-len(value) % 4) for name, value in attributes
    )
    return _HEADER.pack(kind, len(body) + more, _COOKIE, transaction) + body


def _read(answer: bytes) -> tuple[int, dict[int, bytes]]:
    kind, _, _, _ = _HEADER.unpack_from(answer)
    found: dict[int, bytes] = {}
    at = _HEADER.size
    while at + 4 <= len(answer):
        name, size = struct.unpack_from(">HH", answer, at)
        found.setdefault(name, answer[at + 4 : at + 4 + size])
        at += 4 + size + -size % 4
    if kind & _ERROR != _ERROR:
        return 0, found
    code = found.get(_ERROR_CODE, bytes(4)).ljust(4, b"\0")
    return code[2] % 8 * 100 + code[3], found
