"""Offers of rooms: made, answered, and carried through until the newcomer is in.

Knows: what follows from what the person and the contact say of an offer, and its bounds. Does not know:
sessions, or what happens within a room.

An offer of ours and one made to us, each until it is over::

    open ──accepted: there are keys──> accepted ──our welcome is whole──> in
      │                                    │
      └──declined, withdrawn, void, two weeks old, its contact blocked──> over

Who makes the offer lets the newcomer in as soon as the keys come, unless the room must wait to hear others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.kit.table import Table
from p2pchat.core.messaging.outputs import Routed
from p2pchat.core.room.arrival import MemberKeys
from p2pchat.core.room.room import Room
from p2pchat.core.rooms.home_room import HomeRoom
from p2pchat.core.rooms.room_table import RoomTable, find_contact
from p2pchat.core.values.effects import Notify, Persist
from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.core.values.room_events import OfferTurn, RoomOfferTurned
from p2pchat.core.values.room_records import DropRoomOffer, OfferState, PutRoomOffer, RoomOfferRecord
from p2pchat.crypto.exchange import SEED_BYTES, KemKey
from p2pchat.crypto.room_keys import MemberKey
from p2pchat.errors import LimitError, RefusedInput
from p2pchat.ports import Entropy
from p2pchat.types import ContactId, MemberId, RoomOfferId
from p2pchat.wire import codec
from p2pchat.wire.codec import Reader
from p2pchat.wire.pairing import NICK_CHARS
from p2pchat.wire.room_actions import decode_member, encode_member
from p2pchat.wire.room_cells import MEMBERS_MAX
from p2pchat.wire.room_log import encode_entry
from p2pchat.wire.room_offers import (
    PART_BYTES,
    PARTS_MAX,
    OfferEnd,
    RoomAccepted,
    RoomOffer,
    RoomOfferEnded,
    RoomWelcomePart,
    RoomWord,
    split_welcome,
)
from p2pchat.wire.room_welcome import RoomWelcome, decode_welcome, encode_welcome

OFFERS_MAX: Final = 64
"""Offers of ours that are open, and as many that were made to us."""

OFFERS_OF_CONTACT: Final = 4
"""Open offers of one contact."""

LIVES_S: Final = 14 * 86_400.0
"""An offer that is not answered in two weeks is over, as a message that is not acknowledged."""

RETRY_S: Final = 60.0
"""Between two tries to let somebody in, while the room waits to hear others."""

_TURNS: Final = {
    OfferEnd.DECLINED: OfferTurn.DECLINED,
    OfferEnd.WITHDRAWN: OfferTurn.WITHDRAWN,
    OfferEnd.VOID: OfferTurn.VOID,
    OfferEnd.FULL: OfferTurn.FULL,
    OfferEnd.FAILED: OfferTurn.FAILED,
    OfferEnd.ALREADY_IN: OfferTurn.ALREADY_IN,
}

Told = Callable[[ContactId, Iterable[RoomWord], float], list[Routed]]
"""Has a contact told something."""


class RoomOffers:
    """All of this home's. Each method returns what is to be steps."""

    def __init__(
        self,
        offers: Iterable[RoomOfferRecord],
        rooms: RoomTable,
        tell: Told,
        enter: Callable[[Room, RoomOfferRecord, float], list[Routed]],
        entropy: Entropy,
    ) -> None:
        """``tell``: have a contact told; ``enter``: keep a room that we have come into."""
        self._offers = {offer.id: offer for offer in offers}
        self._rooms = rooms
        self._tell = tell
        self._enter = enter
        self._entropy = entropy
        self._admitted = Table[RoomOfferId, tuple[RoomOfferRecord, MemberId]](OFFERS_MAX)
        """Who was let in lately."""
        self._retry_at = 0.0 if any(self._waits(offer) for offer in self._offers.values()) else NEVER

    def list_offers(self) -> tuple[RoomOfferRecord, ...]:
        """All that are not over, the oldest first."""
        return tuple(sorted(self._offers.values(), key=lambda offer: offer.at))

    def expects_keys(self) -> bool:
        """Whether a new tag key may come: there is a room, or a welcome is on its way."""
        accepted = (offer for offer in self._offers.values() if offer.state is OfferState.ACCEPTED)
        return any(True for _ in self._rooms) or any(not offer.outgoing for offer in accepted)

    # --- what the person wants

    def make_offer(self, room: HomeRoom, contact: ContactId, now: float) -> list[Routed]:
        """Invite a contact."""
        refused = self._refuse_offer(room, contact)
        if refused is not None:
            return [Rejected(refused)]
        id = RoomOfferId(self._entropy.draw_bytes(16))
        roster = room.room.changes.roster
        offer = RoomOfferRecord(id, contact, roster.name, len(roster.members), now, room.id)
        told = self._tell(contact, [RoomOffer(id, now, roster.name, len(roster.members))], now)
        return [*self._put(offer, OfferTurn.MADE), *told]

    def _refuse_offer(self, room: HomeRoom, contact: ContactId) -> Reason | None:
        ours = [offer for offer in self._offers.values() if offer.outgoing]
        if not room.room.changes.is_in:
            return Reason.NOT_IN_ROOM
        if find_contact(room, contact) is not None:
            return Reason.IN_ALREADY
        if any(offer.contact == contact and offer.room == room.id for offer in ours):
            return Reason.OFFERED_ALREADY
        if len(room.room.changes.members) >= MEMBERS_MAX:
            return Reason.ROOM_FULL
        if not _may_admit(room):
            return Reason.MAY_NOT
        return Reason.OFFERS_FULL if len(ours) >= OFFERS_MAX else None

    def withdraw_offer(self, id: RoomOfferId, now: float) -> list[Routed]:
        """Take an offer of ours back."""
        offer = self._offers.get(id)
        if offer is None or not offer.outgoing:
            return [Rejected(Reason.NO_SUCH_OFFER)]
        return self._end(offer, OfferEnd.WITHDRAWN, now)

    def answer_offer(self, id: RoomOfferId, accept: bool, name: str, now: float) -> list[Routed]:
        """Accept an offer, or decline it. ``name``: how we are called in the room."""
        offer = self._offers.get(id)
        if offer is None or offer.outgoing:
            return [Rejected(Reason.NO_SUCH_OFFER)]
        if not accept:
            return self._end(offer, OfferEnd.DECLINED, now)
        if offer.state is OfferState.ACCEPTED:
            return []  # once more: it is under way
        if self._rooms.is_full:
            return [Rejected(Reason.ROOMS_FULL)]
        keys = MemberKeys.draw_keys(name, self._entropy)
        accepted = replace(offer, state=OfferState.ACCEPTED, keys=encode_keys(keys))
        told = self._tell(offer.contact, [RoomAccepted(offer.id, keys.public)], now)
        return [*self._put(accepted, OfferTurn.ACCEPTED), *told]

    # --- what contacts say

    def take_word(self, contact: ContactId, word: RoomWord, now: float) -> list[Routed]:
        """A contact says something of an offer."""
        if isinstance(word, RoomOffer):
            return self._take_offer(contact, word, now)
        offer = self._offers.get(word.offer)
        if offer is None or offer.contact != contact:
            return self._refuse_word(contact, word, now)
        match word:
            case RoomAccepted(member=member) if offer.outgoing:
                accepted = replace(offer, state=OfferState.ACCEPTED, keys=encode_member(member))
                return self._admit(accepted, now)
            case RoomOfferEnded(end=end):
                return self._finish(offer, _TURNS[end])
            case RoomWelcomePart() if not offer.outgoing:
                return self._take_part(offer, word, now)
            case _:
                return []

    def _refuse_word(self, contact: ContactId, word: RoomWord, now: float) -> list[Routed]:
        """Of an offer that is over here: who was let in by it, as a home that was put back to a copy of
        before may want to be once more, is told so. Who hears that nothing is there says nothing more."""
        if isinstance(word, RoomAccepted):
            return self._tell(contact, [RoomOfferEnded(word.offer, OfferEnd.VOID)], now)
        if isinstance(word, RoomWelcomePart) and word.index == word.count - 1:
            return self._tell(contact, [RoomOfferEnded(word.offer, OfferEnd.FAILED)], now)
        if isinstance(word, RoomOfferEnded) and word.offer in self._admitted:
            return self._take_back(contact, word, now)
        return []

    def _take_back(self, contact: ContactId, word: RoomOfferEnded, now: float) -> list[Routed]:
        """Who was let in has not come in: the member goes."""
        offer, member = self._admitted[word.offer]
        room = self._rooms.find_room(offer.room)
        if offer.contact != contact or room is None or word.end is OfferEnd.VOID:
            return []
        del self._admitted[word.offer]
        known = {who: one for who, one in room.record.known.items() if who != member}
        removed = room.change_roster(lambda: room.room.remove_member(member, now), now)
        kept = [one for one in removed if not isinstance(one, Rejected)]
        told = Notify(RoomOfferTurned(offer, _TURNS[word.end]))
        return [*room.change_record(replace(room.record, known=known)), *kept, told]

    def _take_offer(self, contact: ContactId, word: RoomOffer, now: float) -> list[Routed]:
        if word.id in self._offers:
            return []
        theirs = [offer for offer in self._offers.values() if not offer.outgoing]
        of_contact = sum(offer.contact == contact for offer in theirs)
        if len(theirs) >= OFFERS_MAX or of_contact >= OFFERS_OF_CONTACT:
            return self._tell(contact, [RoomOfferEnded(word.id, OfferEnd.FULL)], now)
        return self._put(RoomOfferRecord(word.id, contact, word.name, word.size, now), OfferTurn.MADE)

    def _admit(self, offer: RoomOfferRecord, now: float) -> list[Routed]:
        """Let somebody in who has accepted, and give the welcome."""
        room = self._rooms.find_room(offer.room)
        if room is None or not room.room.changes.is_in:
            return self._end(offer, OfferEnd.VOID, now)
        if room.refuse_writing() is not None:
            self._retry_at = min(self._retry_at, now + RETRY_S)
            return self._put(offer, OfferTurn.ACCEPTED)
        full = len(room.room.changes.members) >= MEMBERS_MAX
        if full or _size_of_log(room) > (PARTS_MAX - 1) * PART_BYTES:
            return self._end(offer, OfferEnd.FULL, now)
        try:
            welcome, outputs = room.room.admit_member(decode_member(offer.keys), now)
            parts = split_welcome(offer.id, encode_welcome(welcome))
        except (LimitError, RefusedInput):
            return self._end(offer, OfferEnd.VOID, now)
        self._admitted.put(offer.id, (offer, welcome.member))
        known = {**room.record.known, welcome.member: offer.contact}
        return [
            *room.change_record(replace(room.record, known=known)),
            *room.run_outputs(outputs, now),
            *self._finish(offer, OfferTurn.ENTERED),
            *self._tell(offer.contact, parts, now),
        ]

    def _take_part(self, offer: RoomOfferRecord, word: RoomWelcomePart, now: float) -> list[Routed]:
        if offer.state is not OfferState.ACCEPTED or word.index not in (0, len(offer.parts)):
            return []
        parts = (*offer.parts[: word.index], word.part)
        if word.index + 1 < word.count:
            grown = replace(offer, parts=parts)
            self._offers[offer.id] = grown
            return [Persist(PutRoomOffer(grown))]
        try:
            welcome = decode_welcome(b"".join(parts))
            keys = decode_keys(offer.keys)
            room = Room.enter_room(welcome, keys, self._entropy.make_child(offer.id.hex()), now)
        except RefusedInput:
            return self._end(offer, OfferEnd.FAILED, now)
        return self._come_in(offer, room, welcome, now)

    def _come_in(self, offer: RoomOfferRecord, room: Room, welcome: RoomWelcome, now: float) -> list[Routed]:
        known = next((one for one in self._rooms if one.room.changes.log.room == room.changes.log.room), None)
        if known is not None and known.room.changes.is_in:
            return self._end(offer, OfferEnd.ALREADY_IN, now)
        if self._rooms.is_full:
            return self._end(offer, OfferEnd.FULL, now)
        return [*self._finish(offer, OfferTurn.ENTERED), *self._enter(room, offer, now)]

    # --- what happens

    def forget_contact(self, contact: ContactId, now: float) -> list[Routed]:
        """A contact was blocked or removed: nothing comes of its offers, or of ours to it."""
        of_contact = [offer for offer in self._offers.values() if offer.contact == contact]
        return [
            routed
            for offer in of_contact
            for routed in self._finish(offer, OfferTurn.WITHDRAWN if offer.outgoing else OfferTurn.DECLINED)
        ]

    def forget_room(self, room: HomeRoom, now: float) -> list[Routed]:
        """We are out of a room: our offers of it are void."""
        ours = [offer for offer in self._offers.values() if offer.room == room.id]
        return [routed for offer in ours for routed in self._end(offer, OfferEnd.VOID, now)]

    def next_wakeup(self) -> float:
        """When ``tick`` is next due."""
        oldest = min((offer.at + LIVES_S for offer in self._offers.values()), default=NEVER)
        return min(oldest, self._retry_at)

    def tick(self, now: float) -> list[Routed]:
        """Forget what is too old, and let in who has waited."""
        steps: list[Routed] = []
        for offer in [one for one in self._offers.values() if one.at + LIVES_S <= now]:
            steps += self._finish(offer, OfferTurn.EXPIRED)
            if offer.state is OfferState.OPEN:
                end = OfferEnd.WITHDRAWN if offer.outgoing else OfferEnd.DECLINED
                steps += self._tell(offer.contact, [RoomOfferEnded(offer.id, end)], now)
        if now >= self._retry_at:
            self._retry_at = NEVER
            for offer in [one for one in self._offers.values() if self._waits(one)]:
                steps += self._admit(offer, now)
        return steps

    # --- within

    @staticmethod
    def _waits(offer: RoomOfferRecord) -> bool:
        """Whether somebody waits to be let in by us."""
        return offer.outgoing and offer.state is OfferState.ACCEPTED

    def _put(self, offer: RoomOfferRecord, turn: OfferTurn) -> list[Routed]:
        known = self._offers.get(offer.id)
        self._offers[offer.id] = offer
        told = [Notify(RoomOfferTurned(offer, turn))] if known != offer else []
        return [Persist(PutRoomOffer(offer)), *told]

    def _finish(self, offer: RoomOfferRecord, turn: OfferTurn) -> list[Routed]:
        self._offers.pop(offer.id, None)
        return [Persist(DropRoomOffer(offer.id)), Notify(RoomOfferTurned(offer, turn))]

    def _end(self, offer: RoomOfferRecord, end: OfferEnd, now: float) -> list[Routed]:
        """It is over, and the contact is told."""
        told = self._tell(offer.contact, [RoomOfferEnded(offer.id, end)], now)
        return [*self._finish(offer, _TURNS[end]), *told]


def encode_keys(keys: MemberKeys) -> bytes:
    """What we keep of the keys with which we want to come in."""
    return codec.pack(
        {
            "name": keys.name,
            "key": keys.key.scalar,
            "recovery": keys.recovery.scalar,
            "kem": keys.kem.seed,
        }
    )


def decode_keys(data: bytes) -> MemberKeys:
    """Undo ``encode_keys``. Raises Malformed."""
    reader = Reader(codec.unpack(data, 1024))
    return MemberKeys(
        reader.get_text("name", 4 * NICK_CHARS),
        MemberKey(reader.get_bytes("key", 32)),
        MemberKey(reader.get_bytes("recovery", 32)),
        KemKey.from_seed(reader.get_bytes("kem", SEED_BYTES)),
    )


def _may_admit(room: HomeRoom) -> bool:
    changes = room.room.changes
    roster = changes.roster
    return changes.own == roster.owner or changes.own in roster.admins


def _size_of_log(room: HomeRoom) -> int:
    """About how many bytes of a welcome the log takes."""
    return sum(2 + len(encode_entry(entry)) for entry in room.room.changes.log.list_entries())
