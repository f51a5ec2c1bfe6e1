"""What host and guest of an invite say to each other, each the plaintext of one sealed blob.

Knows: the messages, their limits, their bytes. Does not know: CPace, their order, what a contact is.

All are msgpack maps with a type under ``t``, length-prefixed and zero-padded to ``GEOMETRY.blob_plain``: a
rendezvous cannot tell one from another, or from an offer. The first one each way says its version.
"""

from __future__ import annotations

import unicodedata
from dataclasses import field
from typing import Any, Final, assert_never

from p2pchat.data import dataclass
from p2pchat.errors import Malformed
from p2pchat.text import seen
from p2pchat.types import Epoch
from p2pchat.wire.codec import Reader, length_prefixed, pack, strip_padding, unpack
from p2pchat.wire.geometry import CIPHERTEXT_BYTES, ENCAPSULATION_KEY_BYTES, GEOMETRY
from p2pchat.wire.places import RENDEZVOUS_MAX, URL_BYTES, check_rendezvous
from p2pchat.wire.version import VERSION, VERSION_KEY, check_version, read_version

NICK_CHARS: Final = 64
HELLO_MAX: Final = 512
"""Bytes of the guest's first Olm message. A real one has about 200; the rest is what a full bundle leaves."""
WELCOME_MAX: Final = 400
"""Bytes of the host's first Olm message."""

_KEY: Final = 32
_SID: Final = 16
_U32: Final = 2**32 - 1
_TYPE_MAX: Final = 2**16 - 1
_NICK_BYTES: Final = 4 * NICK_CHARS

_REFUSED: Final = frozenset(("Cc", "Cs", "Zl", "Zp"))
"""Unicode categories: control, surrogate, line and paragraph separator."""
_DIRECTION: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They turn around the text that follows a name, and so let one name look like another."""


def check_nick(nick: str) -> None:
    """Raise Malformed, in words fit for a person, unless ``nick`` can be offered to others."""
    if not 1 <= len(nick) <= NICK_CHARS:
        raise Malformed(f"a name has 1 to {NICK_CHARS} characters")
    if nick != nick.strip():
        raise Malformed("a name does not start or end with a blank")
    if any(unicodedata.category(character) in _REFUSED or character in _DIRECTION for character in nick):
        raise Malformed("a name has no control characters")
    if nick.startswith("-"):
        raise Malformed("a name does not begin with a dash: commands would take it for an option")
    if not seen(nick):
        raise Malformed("a name has something to be seen")


@dataclass(frozen=True, slots=True)
class PakeStart:
    """Guest: session id 16 and CPace share 32."""

    sid: bytes
    share: bytes


@dataclass(frozen=True, slots=True)
class PakeReply:
    """Host: CPace share 32. Nothing by which a guess could be tested: the guest shows first that it has the
    key."""

    share: bytes


@dataclass(frozen=True, slots=True)
class PakeConfirm:
    """Guest: key confirmation 32."""

    confirmation: bytes


@dataclass(frozen=True, slots=True)
class HostBundle:
    """Host: its identity, keys for a session, and the mesh. Raises Malformed on a bad nick or address."""

    nick: str
    identity: bytes
    """Olm identity key, 32 bytes."""
    one_time: bytes
    """Olm one-time key, 32 bytes."""
    encapsulation_key: bytes = field(repr=False)
    """ML-KEM-768, 1184 bytes."""
    mesh_secret: bytes = field(repr=False)
    """32 bytes."""
    rendezvous: tuple[str, ...]
    epoch: Epoch
    """In which the envelope's chains begin; 32 bits."""

    def __post_init__(self) -> None:
        check_nick(self.nick)
        check_rendezvous(self.rendezvous)


@dataclass(frozen=True, slots=True)
class GuestBundle:
    """Guest: its identity, and its half of the session. Raises Malformed on a bad nick."""

    nick: str
    identity: bytes
    """Olm identity key, 32 bytes."""
    ciphertext: bytes = field(repr=False)
    """ML-KEM-768, 1088 bytes."""
    olm: bytes = field(repr=False)
    """First Olm message, at most ``HELLO_MAX`` bytes; it says which pairing it is part of."""

    def __post_init__(self) -> None:
        check_nick(self.nick)


@dataclass(frozen=True, slots=True)
class PairingWelcome:
    """Host: the session works both ways."""

    olm: bytes = field(repr=False)
    """At most ``WELCOME_MAX`` bytes; it says the same."""


@dataclass(frozen=True, slots=True)
class Burnt:
    """Host: that was the wrong secret, and the code is gone. Sealed as the first messages are: the two have
    no key."""


@dataclass(frozen=True, slots=True)
class Speaks:
    """Host: your first message is of another version; this is ours. The same bytes in every version."""

    version: int


PairingMessage = (
    PakeStart | PakeReply | PakeConfirm | HostBundle | GuestBundle | PairingWelcome | Burnt | Speaks
)


def encode_pairing(message: PairingMessage) -> bytes:
    """Return ``GEOMETRY.blob_plain`` bytes, ready to be sealed."""
    return length_prefixed(pack(_fields(message)), GEOMETRY.blob_plain)


def decode_pairing(data: bytes) -> PairingMessage:
    """Undo ``encode_pairing``. Raises Malformed, or OtherVersion on a first message of one."""
    if len(data) != GEOMETRY.blob_plain:
        raise Malformed(f"a pairing message of {len(data)} bytes")
    reader = Reader(unpack(strip_padding(data), GEOMETRY.blob_plain))
    match reader.get_integer("t", 0, _TYPE_MAX):
        case 1:
            check_version(reader)
            return PakeStart(reader.get_bytes("sid", _SID), reader.get_bytes("share", _KEY))
        case 2:
            check_version(reader)
            return PakeReply(reader.get_bytes("share", _KEY))
        case 3:
            return PakeConfirm(reader.get_bytes("proof", _KEY))
        case 4:
            return _host_bundle(reader)
        case 5:
            return _guest_bundle(reader)
        case 6:
            return PairingWelcome(reader.get_bytes("olm", limit=WELCOME_MAX))
        case 7:
            return Burnt()
        case 8:
            return Speaks(read_version(reader))
        case unknown:
            raise Malformed(f"pairing message of unknown type {unknown}")


def _fields(message: PairingMessage) -> dict[str, Any]:
    match message:
        case PakeStart(sid=sid, share=share):
            return {"t": 1, VERSION_KEY: VERSION, "sid": sid, "share": share}
        case PakeReply(share=share):
            return {"t": 2, VERSION_KEY: VERSION, "share": share}
        case PakeConfirm(confirmation=proof):
            return {"t": 3, "proof": proof}
        case HostBundle():
            return {
                "t": 4,
                "nick": message.nick,
                "id": message.identity,
                "otk": message.one_time,
                "ek": message.encapsulation_key,
                "mesh": message.mesh_secret,
                "at": message.rendezvous,
                "epoch": message.epoch,
            }
        case GuestBundle(nick=nick, identity=identity, ciphertext=ciphertext, olm=olm):
            return {"t": 5, "nick": nick, "id": identity, "ct": ciphertext, "olm": olm}
        case PairingWelcome(olm=olm):
            return {"t": 6, "olm": olm}
        case Burnt():
            return {"t": 7}
        case Speaks(version=version):
            return {"t": 8, VERSION_KEY: version}
    assert_never(message)


def _host_bundle(reader: Reader) -> HostBundle:
    return HostBundle(
        nick=reader.get_text("nick", _NICK_BYTES),
        identity=reader.get_bytes("id", _KEY),
        one_time=reader.get_bytes("otk", _KEY),
        encapsulation_key=reader.get_bytes("ek", ENCAPSULATION_KEY_BYTES),
        mesh_secret=reader.get_bytes("mesh", _KEY),
        rendezvous=reader.get_texts("at", RENDEZVOUS_MAX, URL_BYTES),
        epoch=Epoch(reader.get_integer("epoch", 0, _U32)),
    )


def _guest_bundle(reader: Reader) -> GuestBundle:
    return GuestBundle(
        nick=reader.get_text("nick", _NICK_BYTES),
        identity=reader.get_bytes("id", _KEY),
        ciphertext=reader.get_bytes("ct", CIPHERTEXT_BYTES),
        olm=reader.get_bytes("olm", limit=HELLO_MAX),
    )
