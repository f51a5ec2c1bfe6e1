"""How a contact is let into a room: what two people's nodes say to each other of it.

Knows: these payloads and their limits. Does not know: sessions, rooms, or what follows.

An offer has an id and a time, as all that is for people: a version that does not know it shows that
something came. Until it is accepted, its receiver knows the room's name and size, and the room does not know
the receiver.
"""

from __future__ import annotations

from dataclasses import field
from enum import IntEnum
from typing import Final

from p2pchat.data import dataclass
from p2pchat.errors import Malformed
from p2pchat.types import RoomOfferId
from p2pchat.wire.codec import Reader
from p2pchat.wire.content import TIME_MAX
from p2pchat.wire.pairing import NICK_CHARS, check_nick
from p2pchat.wire.room_actions import NewMember, decode_member, encode_member
from p2pchat.wire.room_cells import MEMBERS_MAX

OFFER_TYPE: Final = 35
PART_BYTES: Final = 65_536
"""Of a welcome in one payload: 77 cells."""

PARTS_MAX: Final = 24
"""1.5 MB: a room of 50 takes two, one that had a thousand members and has ten takes twenty."""

_OFFER_BYTES: Final = 16
_MEMBER_MAX: Final = 2048


class OfferEnd(IntEnum):
    """Why an offer is over."""

    DECLINED = 0
    WITHDRAWN = 1
    VOID = 2
    """Who made it is out, or may not let people in any more, or does not know it."""
    FULL = 3
    """There is no place, in the room or in a home."""
    FAILED = 4
    """The welcome does not fit the newcomer's keys, or itself."""
    ALREADY_IN = 5
    """The newcomer is in the room, by another offer."""


@dataclass(frozen=True, slots=True)
class RoomOffer:
    """Come into a room of ours. Raises Malformed."""

    id: RoomOfferId
    at: float
    name: str
    size: int
    """How many are in."""

    def __post_init__(self) -> None:
        check_nick(self.name)
        if not 1 <= self.size <= MEMBERS_MAX or not 0 <= self.at <= TIME_MAX:
            raise Malformed("an offer of a room of an impossible size, or from outside the calendar")


@dataclass(frozen=True, slots=True)
class RoomAccepted:
    """I want to come in, with these keys."""

    offer: RoomOfferId
    member: NewMember


@dataclass(frozen=True, slots=True)
class RoomOfferEnded:
    """The offer is over."""

    offer: RoomOfferId
    end: OfferEnd


@dataclass(frozen=True, slots=True)
class RoomWelcomePart:
    """A piece of the welcome, in order. Raises Malformed."""

    offer: RoomOfferId
    index: int
    count: int
    part: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not 0 <= self.index < self.count <= PARTS_MAX or not 1 <= len(self.part) <= PART_BYTES:
            raise Malformed("a piece of a welcome in an impossible place, or of an impossible size")


RoomWord = RoomOffer | RoomAccepted | RoomOfferEnded | RoomWelcomePart

WORD_TYPES: Final = frozenset({OFFER_TYPE, 17, 18, 19})


def split_welcome(offer: RoomOfferId, welcome: bytes) -> list[RoomWelcomePart]:
    """Cut a welcome into what is sent. Raises ValueError on one that is too large."""
    pieces = [welcome[at : at + PART_BYTES] for at in range(0, len(welcome), PART_BYTES)]
    if len(pieces) > PARTS_MAX:
        raise ValueError("too large a welcome")
    return [RoomWelcomePart(offer, at, len(pieces), piece) for at, piece in enumerate(pieces)]


def word_fields(word: RoomWord) -> dict[str, object]:
    """What is encoded of it."""
    match word:
        case RoomOffer(id=id, at=at, name=name, size=size):
            return {"t": OFFER_TYPE, "id": id, "at": float(at), "name": name, "size": size}
        case RoomAccepted(offer=offer, member=member):
            return {"t": 17, "offer": offer, "member": encode_member(member)}
        case RoomOfferEnded(offer=offer, end=end):
            return {"t": 18, "offer": offer, "end": int(end)}
        case RoomWelcomePart(offer=offer, index=index, count=count, part=part):
            return {"t": 19, "offer": offer, "index": index, "count": count, "part": part}


def read_word(type: int, reader: Reader) -> RoomWord:
    """Undo ``word_fields``; ``type`` is one of ``WORD_TYPES``. Raises Malformed."""
    if type == OFFER_TYPE:
        id, at = RoomOfferId(reader.get_bytes("id", _OFFER_BYTES)), reader.get_float("at", 0, TIME_MAX)
        name = reader.get_text("name", 4 * NICK_CHARS)
        return RoomOffer(id, at, name, reader.get_integer("size", 1, MEMBERS_MAX))
    offer = RoomOfferId(reader.get_bytes("offer", _OFFER_BYTES))
    match type:
        case 17:
            return RoomAccepted(offer, decode_member(reader.get_bytes("member", limit=_MEMBER_MAX)))
        case 18:
            end = reader.get_integer("end", 0, 255)
            return RoomOfferEnded(offer, OfferEnd(end) if end in list(OfferEnd) else OfferEnd.VOID)
        case _:
            index, count = (
                reader.get_integer("index", 0, PARTS_MAX),
                reader.get_integer("count", 1, PARTS_MAX),
            )
            return RoomWelcomePart(offer, index, count, reader.get_bytes("part", limit=PART_BYTES))
