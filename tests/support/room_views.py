"""Rooms as the core shows them, for tests of what is made of that.

Knows: the declared values. Does not know: how a room comes to be so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from p2pchat.core.values.inputs import Input
from p2pchat.core.values.records import Contact
from p2pchat.core.values.refusals import Rejected
from p2pchat.core.values.room_records import RoomOfferRecord, RoomRecord, RoomRole
from p2pchat.core.values.status import MemberStatus, RoomStatus
from p2pchat.daemon.events import Events
from p2pchat.daemon.names import Names
from p2pchat.types import ContactId, ConversationId, MemberId, MeshId, RoomId, conversation_in

if TYPE_CHECKING:
    from p2pchat.daemon.control import Caller

AT = 1_800_000_000.0
ROOM: ConversationId = conversation_in(RoomId(b"r" * 32))
MESH = MeshId(b"m" * 16)


def contact(name: str) -> Contact:
    """A contact of ours."""
    key = (name.encode() * 32)[:32]
    return Contact(ContactId(key.hex()), name, key, MESH, "words", AT)


def member(
    id: bytes,
    name: str,
    role: RoomRole = RoomRole.MEMBER,
    *,
    own: bool = False,
    contact: ContactId | None = None,
    brought_by: bytes | None = None,
    spoke_at: float | None = None,
) -> MemberStatus:
    """A member, its id made of one byte."""
    by = MemberId(brought_by * 32) if brought_by is not None else None
    return MemberStatus(
        MemberId(id * 32), name, role, own, contact, by, spoke=spoke_at is not None, spoke_at=spoke_at
    )


def room(name: str, *members: MemberStatus, role: RoomRole | None = RoomRole.OWNER) -> RoomStatus:
    """A room of that name; we are the member that is our own."""
    own = next((one.id for one in members if one.own), MemberId(bytes(32)))
    record = RoomRecord(ROOM, name, MESH, own, AT)
    return RoomStatus(record, "ana", members, own, role, 0, waits=False, waiting=0, words=("acorn",) * 12)


def brought_by(status: RoomStatus, contact: ContactId) -> RoomStatus:
    """The same room, into which a contact has brought us."""
    return replace(status, record=replace(status.record, brought_by=contact))


class FakeRoomList:
    """A home's rooms, and offers of rooms."""

    def __init__(self, rooms: Iterable[RoomStatus] = (), offers: Iterable[RoomOfferRecord] = ()) -> None:
        self.rooms, self.offers = list(rooms), list(offers)

    def list_rooms(self) -> tuple[RoomStatus, ...]:
        return tuple(self.rooms)

    def list_offers(self) -> tuple[RoomOfferRecord, ...]:
        return tuple(self.offers)


class FakeCore:
    """What methods about rooms need of a node: it takes inputs as the test says."""

    def __init__(self, *rooms: RoomStatus, offers: Iterable[RoomOfferRecord] = ()) -> None:
        self.rooms = FakeRoomList(rooms, offers)
        self.people = [contact("bob"), contact("carol")]
        self.taken: list[Input] = []
        self.take: Callable[[Input], Rejected | None] = lambda input: None
        """What is done with an input."""
        self.events = Events()
        self.node = self.driver = self.clock = self

    def list_contacts(self) -> tuple[Contact, ...]:
        return tuple(self.people)

    def now(self) -> float:
        return AT

    async def submit_and_persist(self, input: Input) -> Rejected | None:
        self.taken.append(input)
        return self.take(input)

    @property
    def names(self) -> Names:
        return Names("ana", self.people, self.rooms)


def a_caller() -> Caller:
    """A caller; none of these methods tells it anything before the answer."""
    return cast("Caller", None)
