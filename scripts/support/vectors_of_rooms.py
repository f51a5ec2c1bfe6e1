"""Vectors of a room: how one member lets in two others, and what is said among the three.

As ``vectors``, whose clock these share. ML-KEM shares are left out: they take the same place in a pair's keys
as the zeros that stand for them here.
"""

from __future__ import annotations

from typing import TypeVar

from p2pchat.core.room.commits import Entries
from p2pchat.core.room.key_state import RoomKeyState, RoomSelf
from p2pchat.core.room.messages import NO_PARENTS, NewMessage, hash_message, name_sender
from p2pchat.core.room.writing import RoomWriting, SealedMessage
from p2pchat.crypto.exchange import KemKey
from p2pchat.crypto.kdf import digest, entry_id, room_id
from p2pchat.crypto.room_keys import MemberKey
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import MemberId, MessageId, RoomId, RoomOfferId
from p2pchat.wire.content import Text
from p2pchat.wire.payload import encode_payload
from p2pchat.wire.room_actions import AddMember, NewMember
from p2pchat.wire.room_cells import Parents, RoomKind
from p2pchat.wire.room_commits import PeriodGrant
from p2pchat.wire.room_log import RoomEntry, encode_entry, encode_sent_entry, found_room, make_sent_entry
from p2pchat.wire.room_offers import (
    OfferEnd,
    RoomAccepted,
    RoomOffer,
    RoomOfferEnded,
    RoomWord,
    split_welcome,
)
from p2pchat.wire.room_welcome import RoomWelcome, encode_welcome
from p2pchat.wire.room_words import FrontierWord, encode_told
from scripts.support.vectors import NOW, Fields

T = TypeVar("T")

_NAME = "friends"
_TEXTS = (Text(MessageId("01" * 16), NOW, "at eight"), Text(MessageId("02" * 16), NOW + 1, "fine, " * 200))


class _Person:
    """A member with the keys of its entry."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.entropy = SeededEntropy(f"room of {name}")
        self.key, self.recovery = (MemberKey.generate(self.entropy) for _ in range(2))
        self.kem = KemKey.generate(self.entropy)
        self.id = MemberId(b"")

    @property
    def keys(self) -> NewMember:
        return NewMember(self.key.public, self.recovery.public, self.kem.encapsulation_key, self.name)

    def as_fields(self) -> Fields:
        recovery = self.recovery.scalar
        return {"id": self.id, "scalar": self.key.scalar, "recovery": recovery, "ml_kem_seed": self.kem.seed}


class _Log:
    """The log as a list, and what each entry makes of the roster."""

    def __init__(self, founder: _Person) -> None:
        founding = found_room(_NAME, founder.keys)
        self.entries = [founding]
        self.head = entry_id(encode_entry(founding))
        founder.id = MemberId(self.head)
        self.room: RoomId = room_id(self.head)
        self.rosters: dict[bytes, Entries] = {self.head: {founder.id: founder.key.public}}

    def add_member(self, author: MemberId, person: _Person) -> RoomEntry:
        entry = RoomEntry(author, len(self.entries), self.head, (), AddMember(person.keys))
        roster = self.rosters[self.head]
        self.entries.append(entry)
        self.head = entry_id(encode_entry(entry))
        person.id = MemberId(self.head)
        self.rosters[self.head] = {**roster, person.id: person.key.public}
        return entry

    def who(self, person: _Person) -> RoomSelf:
        return RoomSelf(self.room, person.id, lambda heads: [self.rosters[heads]])


def room() -> Fields:
    """Hana founds a room and lets in Gus, then Ida; what each is given, and the cells that all can read."""
    hana, gus, ida = map(_Person, ("hana", "gus", "ida"))
    log = _Log(hana)
    own = RoomKeyState.found_room(log.who(hana), hana.key, hana.kem, log.head, hana.entropy, NOW)
    log.add_member(hana.id, gus)
    _commit(own, log)
    of_gus = _let_in(own, log, gus)
    entry = _send_entry(own, log.add_member(hana.id, ida))
    cells = [*_some(RoomWriting(own).seal_entry(entry, NOW)), *_commit(own, log)]
    of_ida = _let_in(own, log, ida)
    first, second = (encode_payload(text) for text in _TEXTS)
    short = _say(own, log, first, (1, 0, 0), NO_PARENTS)
    parents = Parents(((name_sender(hana.id), 1),), digest(hash_message(log.room, short.message)))
    state = RoomKeyState.come_in(log.who(ida), ida.key, ida.kem, _grant(own), ida.entropy, NOW)
    long = _say(state, log, second, (1, 0, 1), parents)
    return {
        "name": _NAME,
        "people": {one.name: one.as_fields() for one in (hana, gus, ida)},
        "let_in": {"gus": of_gus, "ida": of_ida},
        "cells": [*cells, *short.cells, *long.cells],
        "said": [first, second],
    }


def _let_in(own: RoomKeyState, log: _Log, person: _Person) -> list[bytes]:
    """The words of an offer, of which another was declined; the newcomer is in the log and the period."""
    kept = RoomOfferId(person.entropy.draw_bytes(16))
    declined = RoomOfferEnded(RoomOfferId(person.entropy.draw_bytes(16)), OfferEnd.DECLINED)
    offer = RoomOffer(kept, NOW, _NAME, len(log.rosters[log.head]) - 1)
    numbers = ((own.who.member, 7),) if person.name == "gus" else ()
    welcome = encode_welcome(RoomWelcome(person.id, tuple(log.entries), _grant(own), numbers))
    words: tuple[RoomWord, ...] = (
        declined,
        offer,
        RoomAccepted(kept, person.keys),
        *split_welcome(kept, welcome),
    )
    return [encode_payload(word) for word in words]


def _commit(own: RoomKeyState, log: _Log) -> list[bytes]:
    return _some(RoomWriting(own).make_commit(log.head, log.rosters[log.head], NOW))


def _grant(own: RoomKeyState) -> PeriodGrant:
    return _some(own.make_grant(_some(own.periods.choose_period())))


def _send_entry(own: RoomKeyState, entry: RoomEntry) -> bytes:
    """An entry with a MAC for each member of the period, and one for its author."""
    period, id = _some(own.periods.choose_period()), entry_id(encode_entry(entry))
    me = own.who.member
    macs = [
        (other, own.pairs.sending_key(period.bases[other], other).entry_mac(me, other, id))
        for other in period.list_others(me)
    ]
    return encode_sent_entry(make_sent_entry(entry, [*macs, (me, own.pairs.own_mac(id))]))


def _say(
    own: RoomKeyState, log: _Log, payload: bytes, read: tuple[int, ...], parents: Parents
) -> SealedMessage:
    """A message with its writer's frontier, ``read`` in the order of hana, gus and ida."""
    roster = log.rosters[log.head]
    frontier = dict(zip(roster, read, strict=True))
    front = encode_told(FrontierWord(tuple(frontier[member] for member in sorted(roster)), wants=True))
    new = NewMessage(RoomKind.MESSAGE, 1, log.head, parents, front + payload)
    return _some(RoomWriting(own).seal_message(new, frozenset(roster), NOW))


def _some(value: T | None) -> T:
    assert value is not None
    return value
