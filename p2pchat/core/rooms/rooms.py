"""All rooms of this home, and the offers of rooms.

Knows: which room an input concerns, when each has its turn. Does not know: what happens within a room. Parent
of ``room_table``, ``home_room``, ``offers`` and ``wishes``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.messaging.conversations import Conversations
from p2pchat.core.messaging.outbox import CAP as OUTBOX_CAP
from p2pchat.core.messaging.outputs import RoomWordReported, Routed
from p2pchat.core.messaging.requests import content_of, refuse_content
from p2pchat.core.room.arrival import MemberKeys
from p2pchat.core.room.room import Room
from p2pchat.core.rooms.home_room import HomeRoom, RoomSurroundings
from p2pchat.core.rooms.offers import RoomOffers
from p2pchat.core.rooms.room_factory import RoomFactory
from p2pchat.core.rooms.room_members import RoomMembers
from p2pchat.core.rooms.room_status import describe_room
from p2pchat.core.rooms.room_table import RoomTable
from p2pchat.core.rooms.wishes import change_room
from p2pchat.core.values import room_inputs as wishes
from p2pchat.core.values import user_inputs
from p2pchat.core.values.effects import Notify, Persist
from p2pchat.core.values.records import Memory
from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.core.values.room_events import RoomTurn, RoomTurned
from p2pchat.core.values.room_records import (
    DropRoom,
    RoomOfferRecord,
)
from p2pchat.core.values.settings import Settings
from p2pchat.core.values.status import RoomStatus
from p2pchat.errors import RefusedInput
from p2pchat.ports import Entropy, exponential
from p2pchat.types import ContactId, ConversationId, MeshId, Tag, person_of
from p2pchat.wire.cell import Cell
from p2pchat.wire.room_offers import RoomWord

TURN_GAP_S: Final = 3.0
"""The mean of the exponential gaps between the first turns of rooms, when links come back."""


class Rooms:
    """Each method returns what is to be steps, in order."""

    def __init__(
        self,
        memory: Memory,
        conversations: Conversations,
        settings: Settings,
        entropy: Entropy,
        counters: Counter[str],
    ) -> None:
        self.find_line: Callable[[MeshId], Sequence[MeshId]] = lambda mesh: (mesh,)
        """The meshes that have followed one another there, as far as we are in them, the last first."""
        self.find_name: Callable[[], str] = lambda: memory.identity.name
        """How the person here is called."""
        self._conversations = conversations
        self._entropy = entropy.make_child("rooms")
        self._counters = counters
        self._set_back = bool(memory.set_back)
        self._alone_since = memory.patience.now if memory.patience is not None else 0.0
        self._links: dict[MeshId, int] = {}
        self._table = RoomTable()
        self.count_tag_keys = self._table.count_tag_keys
        self.find_key_state = self._table.find_key_state
        self._around = RoomSurroundings(
            conversations.purge, settings.keep_versions, counters, self._table.free_name, self._choose_meshes
        )
        self._factory = RoomFactory(self._table, self._around, self._count_links, self._entropy)
        self._offers = RoomOffers(memory.room_offers, self._table, self._tell, self._enter, self._entropy)
        self.members = RoomMembers(
            self._table, conversations.find_contact, lambda mesh: next(iter(self.find_line(mesh)), None)
        )
        """Members, as people who may become contacts."""
        self.expects_keys = self._offers.expects_keys
        self._stored = memory.rooms
        self._due: float | None = None
        """When ``tick`` is next due, unless something has happened since."""
        conversations.intake.rooms = self

    # --- what may be asked

    def list_rooms(self) -> tuple[RoomStatus, ...]:
        """All rooms in which this home is or was, in the order in which it came in."""
        return tuple(describe_room(room.record, room.room, room.waiting) for room in self._table)

    def list_offers(self) -> tuple[RoomOfferRecord, ...]:
        """All offers of rooms that are not over, ours and those made to us, the oldest first."""
        return self._offers.list_offers()

    def count_waiting(self) -> int:
        """Messages accepted and not yet on their way."""
        return sum(room.waiting for room in self._table)

    def is_in_mesh(self, mesh: MeshId) -> bool:
        """Whether any room that we are in is in a mesh, or in one that followed it."""
        rooms = (room for room in self._table if room.room.changes.is_in)
        return any(mesh in (room.record.mesh, *self.find_line(room.record.mesh)) for room in rooms)

    def next_wakeup(self) -> float:
        """When ``tick`` is next due."""
        if self._due is None or self.members.moved:
            self.members.moved = False
            due = min((room.next_wakeup() for room in self._table), default=NEVER)
            self._due = min(due, self._offers.next_wakeup())
        return self._due

    # --- time and links

    def restore_rooms(self, now: float) -> list[Routed]:
        """Go on with the rooms that were kept."""
        steps: list[Routed] = []
        for state in self._stored:
            room = self._factory.restore_room(state, self._alone_since or now, now)
            if room is not None and self._set_back:
                steps += room.on_restored(now)
        self._stored, self._due = (), None
        return steps

    def tick(self, now: float) -> list[Routed]:
        """Do what is due."""
        if now < self.next_wakeup():
            return []
        self._due = None
        steps = self._offers.tick(now)
        for room in self._table:
            steps += room.tick(now)
        return steps

    def note_links(self, mesh: MeshId, links: int, now: float) -> None:
        """So many links into a mesh are up. Rooms of a home that comes back have their turns one after the
        other."""
        self._links[mesh] = links
        self._due, at = None, now
        for room in self._table:
            at += exponential(self._entropy, TURN_GAP_S)
            room.on_links(self._count_links(room.record.mesh), at, now)

    def follow_cell(self, tag: Tag, fate: user_inputs.CellFate, now: float) -> list[Routed]:
        """Something became of the cell of ours that bears this tag."""
        self._due = None
        return [step for room in self._table for step in room.follow_cell(tag, fate, now)]

    # --- cells, as one of the owners that the intake asks

    def find_owner(self, cell: Cell, now: float) -> ConversationId | None:
        """Find whose a cell is: one hash for each room."""
        return next((room.id for room in self._table if room.room.owns_cell(cell, now)), None)

    def open_cells(self, owner: ConversationId, cells: Iterable[Cell], now: float) -> list[Routed]:
        """Open cells of one room, in the order in which they came."""
        room = self._table.find_room(owner)
        self._due = None
        return room.open_cells(cells, now) if room is not None else []

    # --- what the person wants

    def take_request(
        self, input: user_inputs.ContentInput | user_inputs.KeysInput, now: float
    ) -> list[Routed]:
        """Have said what the person says in a room; all else concerns conversations of two."""
        if isinstance(input, user_inputs.RecoveryKeysDrawn | user_inputs.RecoveryKeysTold):
            return self._conversations.take_request(input, now)
        room = self._table.find_room(input.conversation)
        if room is None:
            return self._conversations.take_request(input, now)
        self._due = None
        reason = refuse_content(input)
        if reason is None and not room.room.changes.is_in:
            reason = Reason.NOT_IN_ROOM
        if reason is None and self.count_waiting() + self._conversations.count_waiting() >= OUTBOX_CAP:
            reason = Reason.OUTBOX_FULL
        if reason is not None:
            return [Rejected(reason)]
        content = content_of(input, person_of(room.room.own), now)
        return room.accept_content(content, input.wants, now)

    def take_input(self, input: wishes.ForRooms, now: float) -> list[Routed]:
        """Do what the person wants of a room, or take what came from the disk."""
        self._due = None
        match input:
            case wishes.RoomFounded():
                return self._found(input, now)
            case wishes.RoomOfferWithdrawn(offer):
                return self._offers.withdraw_offer(offer, now)
            case wishes.RoomOfferAnswered(offer, accept):
                return self._offers.answer_offer(offer, accept, self.find_name(), now)
        room = self._table.find_room(input.room)
        if room is None:
            return [] if isinstance(input, wishes.RoomRecordsFetched) else [Rejected(Reason.NO_SUCH_ROOM)]
        match input:
            case wishes.RoomRecordsFetched():
                return room.take_fetched(input, now)
            case wishes.RoomOffered(contact=contact):
                return self._offer(room, contact, now)
            case wishes.RoomForgotten():
                if room.room.changes.is_in:
                    return [Rejected(Reason.STILL_IN_ROOM)]
                return self._forget(room)
            case _:
                return self._follow(room, change_room(room, input, now), now)

    def _found(self, wish: wishes.RoomFounded, now: float) -> list[Routed]:
        contacts = self._conversations.list_contacts()
        mesh = wish.mesh if wish.mesh is not None else next((one.mesh for one in contacts), None)
        line = self.find_line(mesh) if mesh is not None else ()
        if not line:
            return [Rejected(Reason.NO_MESH)]
        if self._table.is_full:
            return [Rejected(Reason.ROOMS_FULL)]
        taken = self._table.find_taken(wish.name)
        if taken is not None:
            return [Rejected(Reason.ROOM_NAME_TAKEN, taken)]
        try:
            keys = MemberKeys.draw_keys(self.find_name(), self._entropy)
            room = Room.found_room(wish.name, keys, self._factory.draw_entropy(), now)
        except RefusedInput:
            return [Rejected(Reason.NAME_MALFORMED)]
        return self._factory.keep_room(room, line[0], None, RoomTurn.CREATED, now)[1]

    def _offer(self, room: HomeRoom, contact: ContactId, now: float) -> list[Routed]:
        known = self._conversations.find_contact(contact)
        if known is None:
            return [Rejected(Reason.NO_SUCH_CONTACT)]
        if known.blocked:
            return [Rejected(Reason.CONTACT_BLOCKED)]
        here, there = (list(self.find_line(mesh))[:1] for mesh in (room.record.mesh, known.mesh))
        if not here or here != there:
            return [Rejected(Reason.IN_OTHER_MESH)]
        return self._offers.make_offer(room, contact, now)

    # --- what happens to contacts and meshes

    def take_word(self, reported: RoomWordReported, now: float) -> list[Routed]:
        """A contact says something about letting somebody into a room."""
        self._due = None
        return self._offers.take_word(reported.contact, reported.word, now)

    def forget_contact(self, contact: ContactId, now: float) -> list[Routed]:
        """A contact was blocked or removed."""
        self._due = None
        return self._offers.forget_contact(contact, now)

    def follow_meshes(self, now: float) -> list[Routed]:
        """A mesh was left, or another has followed it: rooms are in the last of its line, or nowhere."""
        self._due = None
        steps: list[Routed] = []
        for room in self._table:
            last = next(iter(self.find_line(room.record.mesh)), None)
            if last is None:
                steps += self._forget(room)
            elif last != room.record.mesh:
                steps += room.change_record(replace(room.record, mesh=last))
                room.on_links(self._count_links(last), now, now)
        return steps

    # --- within

    def _enter(self, room: Room, offer: RoomOfferRecord, now: float) -> list[Routed]:
        """Keep a room that we have come into, or come back to, and greet its members."""
        contact = self._conversations.find_contact(offer.contact)
        mesh = next(iter(self.find_line(contact.mesh)), contact.mesh) if contact is not None else MeshId(b"")
        entered, steps = self._factory.keep_room(room, mesh, offer, RoomTurn.ENTERED, now)
        return [*steps, *entered.run_outputs(room.greet_members(now), now)]

    def _tell(self, contact: ContactId, words: Iterable[RoomWord], now: float) -> list[Routed]:
        """Have a contact told, unless it is blocked."""
        known = self._conversations.find_contact(contact)
        if known is None or known.blocked:
            return []
        return self._conversations.tell_payloads(contact, words, now)

    def _follow(self, room: HomeRoom, steps: list[Routed], now: float) -> list[Routed]:
        """Where we have gone, our offers are void."""
        return steps if room.room.changes.is_in else [*steps, *self._offers.forget_room(room, now)]

    def _forget(self, room: HomeRoom) -> list[Routed]:
        self._table.drop_room(room.id)
        return [Persist(DropRoom(room.id)), Notify(RoomTurned(room.id, RoomTurn.FORGOTTEN))]

    def _count_links(self, mesh: MeshId) -> int:
        return sum(self._links.get(one, 0) for one in self.find_line(mesh))

    def _choose_meshes(self, mesh: MeshId) -> list[MeshId]:
        """Where cells of a room in a mesh go: into all that follow one another, for members move one by
        one."""
        return [one for one in self.find_line(mesh) if self._links.get(one, 0)]
