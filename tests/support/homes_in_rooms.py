"""Homes that are in rooms together, in the simulator's world.

Knows: what people do in rooms. Does not know: how a node does it.
"""

from __future__ import annotations

from p2pchat.core.values.room_events import OfferTurn, RoomOfferTurned, RoomTurn, RoomTurned
from p2pchat.core.values.room_inputs import ForRooms, RoomFounded, RoomOfferAnswered, RoomOffered
from p2pchat.core.values.room_records import RoomOfferRecord
from p2pchat.core.values.status import RoomStatus
from p2pchat.core.values.user_inputs import MessageSubmitted
from p2pchat.types import ConversationId, MemberId, MessageId
from tests.support.world import World


class RoomsWorld(World):
    """``found`` a room, ``let_in`` others, ``say`` something."""

    def __init__(self, *names: str, seed: object = 1) -> None:
        """The first is a contact of all others."""
        super().__init__(seed)
        for name in names:
            self.add(name)
            self.start(name)
        for name in names[1:]:
            self.pair(names[0], name)

    def rooms(self, name: str) -> tuple[RoomStatus, ...]:
        return self.machines[name].running.rooms.list_rooms()

    def room(self, name: str) -> RoomStatus:
        (room,) = self.rooms(name)
        return room

    def id(self, name: str) -> ConversationId:
        return self.room(name).record.id

    def own(self, name: str) -> MemberId:
        return self.room(name).own

    def names(self, of: str) -> list[str]:
        """Who is in, as a home sees it."""
        return sorted(member.name for member in self.room(of).members)

    def offers(self, name: str) -> tuple[RoomOfferRecord, ...]:
        return self.machines[name].running.rooms.list_offers()

    def found(self, name: str, room: str = "walkers") -> None:
        self.tell(name, RoomFounded(room))

    def offer(self, host: str, guest: str) -> None:
        """An offer comes."""
        before = len(self.offers(guest))
        self.tell(host, RoomOffered(self.rooms(host)[-1].record.id, self.contact(host, guest)))
        self.run_until(lambda: len(self.offers(guest)) > before)

    def answer(self, guest: str, accept: bool = True) -> None:
        self.tell(guest, RoomOfferAnswered(self.offers(guest)[-1].id, accept))

    def let_in(self, host: str, guest: str) -> None:
        """A whole offer, from making to coming in."""
        self.offer(host, guest)
        self.answer(guest)
        self.run_until(lambda: bool(self.rooms(guest)) and self.room(guest).role is not None)

    def change(self, name: str, wish: ForRooms) -> None:
        self.tell(name, wish)

    def say(self, name: str, text: str, wants: bool = False) -> MessageId:
        self._messages += 1
        id = MessageId(f"{self._messages:032x}")
        self.tell(name, MessageSubmitted(id, self.id(name), text, wants=wants))
        return id

    def turns(self, name: str) -> list[RoomTurn]:
        """What a person was told of the room."""
        return [event.turn for event in self.machines[name].events(RoomTurned)]

    def offer_turns(self, name: str) -> list[OfferTurn]:
        """What a person was told of offers."""
        return [event.turn for event in self.machines[name].events(RoomOfferTurned)]

    def restart(self, name: str) -> None:
        """Gone without a word, and here again."""
        self.kill(name)
        self.start(name)
