"""Which requests a rendezvous lets in: by their path alone.

Knows: the path under which a web server passes requests on, and the tokens of a private rendezvous. Does not
know: sockets, caps.

The token is the last part of the path, so it is part of the address, ``wss://example.org/TOKEN``, and goes
wherever the address goes: into a home, into an invite.
"""

from __future__ import annotations

import enum
import hmac
import re
from collections.abc import Iterable
from typing import Final

HEALTH: Final = "/healthz"

TOKEN_CHARS_MIN: Final = 16
"""96 bits as ``openssl rand -hex 12`` writes them are 24; below 16 letters it could be guessed."""

TOKENS_MAX: Final = 1000
"""Each request is compared with all of them."""

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{16,48}")
_PATH: Final = re.compile(r"(?:/[A-Za-z0-9_-]+)*")


class Entrance(enum.Enum):
    """What a request asks for."""

    CLIENT = enum.auto()
    HEALTH = enum.auto()
    PRIVATE = enum.auto()
    """The token is missing or wrong."""
    ELSEWHERE = enum.auto()
    """Not under this server's path."""


class Door:
    """Without ``path`` any path is accepted; without ``tokens`` every client is."""

    def __init__(self, path: str = "", tokens: Iterable[str] = ()) -> None:
        self._path = path
        self.replace_tokens(tokens)

    def replace_tokens(self, tokens: Iterable[str]) -> None:
        """Use these tokens from now on; connected clients stay."""
        self._tokens = tuple(token.encode() for token in tokens)

    def decide_entrance(self, target: str) -> Entrance:
        """Decide by what stands in the request line."""
        path = target.partition("?")[0]
        if path in (HEALTH, self._path + HEALTH):
            return Entrance.HEALTH
        path = path.rstrip("/")
        if self._tokens:
            path, _, token = path.rpartition("/")
            if not self._known(token):
                return Entrance.PRIVATE
        return Entrance.ELSEWHERE if self._path and path.rstrip("/") != self._path else Entrance.CLIENT

    def _known(self, token: str) -> bool:
        """Compare with every token, in a time that does not show which part is right."""
        given = token.encode(errors="replace")
        known = [hmac.compare_digest(given, accepted) for accepted in self._tokens]
        return any(known)


def checked_path(path: str) -> str:
    """Return a path as ``Door`` takes it. Raises ValueError on what an address cannot have."""
    bare = path.rstrip("/")
    if not path.startswith("/") or not _PATH.fullmatch(bare):
        raise ValueError(f"{path!r} is not a path: / and then letters, digits, - _ and / alone")
    return bare


def read_tokens(text: str) -> tuple[str, ...]:
    """Return the tokens of a file: one a line; empty lines and those that begin with # are none. Raises
    ValueError with the number of the line, never with what stands there."""
    found: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        token = line.strip()
        if not token or token.startswith("#"):
            continue
        if not _TOKEN.fullmatch(token):
            raise ValueError(f"line {number} is no token: 16 to 48 letters, digits, - and _")
        found.append(token)
    if not 1 <= len(found) <= TOKENS_MAX:
        raise ValueError(
            f"{len(found)} tokens, not 1 to {TOKENS_MAX}; it would admit no client, or every client"
        )
    return tuple(found)
