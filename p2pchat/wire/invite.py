"""What one person gives another to be found by: a code of three words to say, or a link to paste or scan.

Knows: how codes and links are written and read, forgivingly. Does not know: what the secret in them proves.
"""

from __future__ import annotations

import base64
import binascii
import difflib
import re
from collections.abc import Iterator
from dataclasses import field
from typing import Final

from p2pchat.data import dataclass
from p2pchat.errors import Malformed
from p2pchat.wire.places import check_rendezvous
from p2pchat.wire.words import WORDS

NAMEPLATE_MAX: Final = 999_999_999
"""Nine digits: more than anyone would say aloud."""

WORD_COUNT: Final = 3
"""Thirty bits: one guess against them succeeds once in a billion codes."""

LINK_CHARS: Final = 400
"""A QR code of this many characters (version 13) still fits a terminal of 80 by 40."""

SCHEME: Final = "p2pchat:join/"

_SECRET_BYTES: Final = 16
_LINK_VERSION: Final = 1
_INPUT_MAX: Final = 1024
"""Characters of input that are looked at; suggestions for a megabyte would take minutes."""
_SHOWN: Final = 20

_DASHES: Final = r"\-\u2010-\u2015\u2212"
"""As keyboards, chats and word processors write them (for a character class)."""

_AROUND: Final = r"\s\"'`()<>\[\]{}.,;:\u00ab\u00bb\u2018-\u201e\u2039\u203a"
"""Signs that people put round a code in a message (for a character class)."""

_WRAPPING: Final = re.compile(rf"^[{_AROUND}{_DASHES}]+|[{_AROUND}]+$")
"""A link may end with a dash of its own."""


@dataclass(frozen=True, slots=True)
class InviteCode:
    """``42-tango-marble-orbit``: a public nameplate and three secret words. Raises Malformed on others."""

    nameplate: int
    words: tuple[str, str, str] = field(repr=False)

    def __post_init__(self) -> None:
        if not 1 <= self.nameplate <= NAMEPLATE_MAX:
            raise Malformed(f"the number in front must be from 1 to {NAMEPLATE_MAX}")
        for word in self.words:
            if word not in _KNOWN:
                raise Malformed(_unknown(word))

    def __str__(self) -> str:
        return "-".join((str(self.nameplate), *self.words))


@dataclass(frozen=True, slots=True)
class InviteLink:
    """``p2pchat:join/…``: a one-time secret, half of the host's fingerprint, and where to meet.

    Raises Malformed on other sizes, or on addresses that ``check_rendezvous`` refuses.
    """

    secret: bytes = field(repr=False)
    """16 bytes."""
    fingerprint: bytes
    """First 16 bytes of the host's identity fingerprint: a guest refuses to pair with anyone else."""
    rendezvous: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.secret) != _SECRET_BYTES or len(self.fingerprint) != _SECRET_BYTES:
            raise Malformed("a link's secret and fingerprint have 16 bytes each")
        check_rendezvous(self.rendezvous)

    def __str__(self) -> str:
        """Return at most ``LINK_CHARS`` characters: version 1, secret 16, fingerprint 16, each address after
        its length."""
        addresses = b"".join(bytes([len(url)]) + url.encode() for url in self.rendezvous)
        return SCHEME + _base64(bytes([_LINK_VERSION]) + self.secret + self.fingerprint + addresses)


def parse(text: str) -> InviteCode | InviteLink:
    """Read either of the two, with any characters around it. Raises Malformed with a line that helps."""
    bare = _WRAPPING.sub("", text[:_INPUT_MAX])
    return parse_link(bare) if bare.lower().startswith("p2pchat:") else parse_code(bare)


def parse_code(text: str) -> InviteCode:
    """Read a code in any case, with dashes of any kind or blanks. Raises Malformed with a line that helps."""
    parts = re.split(rf"[\s_.,{_DASHES}]+", text[:_INPUT_MAX].lower())
    parts = [part for part in parts if part]
    if len(parts) != 1 + WORD_COUNT or not re.fullmatch(r"0*[0-9]{1,9}", parts[0]):
        raise Malformed("an invite code is a number and three words, like 42-tango-marble-orbit")
    first, second, third = parts[1:]
    return InviteCode(int(parts[0]), (first, second, third))


def parse_link(text: str) -> InviteLink:
    """Read a link, also one broken over lines. Raises Malformed with a line that helps."""
    compact = "".join(text[:_INPUT_MAX].split())
    if len(compact) > LINK_CHARS or not compact.lower().startswith(SCHEME):
        raise Malformed(f"an invite link starts with {SCHEME} and has at most {LINK_CHARS} characters")
    try:
        return _read_link(_unbase64(compact[len(SCHEME) :]))
    except Malformed as error:
        raise Malformed("this invite link is damaged; copy it again, to the last character") from error


def _read_link(data: bytes) -> InviteLink:
    head = 1 + 2 * _SECRET_BYTES
    if len(data) < head:
        raise Malformed("too short")
    if data[0] != _LINK_VERSION:
        raise Malformed(f"version {data[0]}")
    secret, fingerprint = data[1 : 1 + _SECRET_BYTES], data[1 + _SECRET_BYTES : head]
    return InviteLink(secret, fingerprint, tuple(_addresses(data[head:])))


def _addresses(data: bytes) -> Iterator[str]:
    while data:
        length, rest = data[0], data[1:]
        if length > len(rest):
            raise Malformed("an address is cut off")
        try:
            yield rest[:length].decode("ascii")
        except UnicodeDecodeError as error:
            raise Malformed("an address is not ASCII") from error
        data = rest[length:]


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _unbase64(text: str) -> bytes:
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:  # ValueError: characters that are not ASCII
        raise Malformed("not base64url") from error
    if _base64(data) != text:
        raise Malformed("not the one encoding of its bytes")
    return data


def _unknown(word: str) -> str:
    shown = word if len(word) <= _SHOWN else word[:_SHOWN] + "…"
    near = " or ".join(repr(near_word) for near_word in difflib.get_close_matches(word[:_SHOWN], WORDS, n=2))
    hint = f"did you mean {near}?" if near else "ask for the code again"
    return f"{shown!r} is not one of the words of a code; {hint}"


_KNOWN: Final = frozenset(WORDS)
