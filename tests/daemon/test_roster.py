"""Changes of a room become inputs of the core; members are named as they are shown."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from typing import Any, cast

import pytest

from p2pchat.control import parameters
from p2pchat.core.values import room_inputs
from p2pchat.core.values.inputs import Input
from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.core.values.room_records import Loudness, RoomOfferRecord, RoomRole
from p2pchat.daemon.roster import RosterMethods, next_name
from p2pchat.errors import Ended, UsageError
from p2pchat.types import RoomId, RoomOfferId, conversation_in
from tests.support.room_views import AT, MESH, ROOM, FakeCore, a_caller, contact, member, room

BOB = contact("bob")
ANA = member(b"\x01", "ana", RoomRole.OWNER, own=True)
ROBERT = member(b"\x02", "robert", contact=BOB.id)
DAVE = member(b"\x06", "dave", contact=contact("dave").id)
FRIENDS = room("friends", ANA, ROBERT, DAVE)
NEW = replace(
    room("friends-2", ANA),
    record=replace(FRIENDS.record, id=conversation_in(RoomId(b"n" * 32)), name="friends-2"),
)


def methods(core: FakeCore) -> RosterMethods:
    return RosterMethods(cast(Any, core))


async def test_an_office_is_given_to_the_member_that_is_named() -> None:
    core = FakeCore(FRIENDS)
    params = parameters.RoleParams(room="friends", member="bob", role="admin")
    shown = await methods(core).set_role(params, a_caller())
    assert core.taken == [room_inputs.RoleGiven(ROOM, ROBERT.id, RoomRole.ADMIN)]
    assert shown.name == "bob"


async def test_a_member_is_removed_but_not_oneself() -> None:
    core = FakeCore(FRIENDS)
    await methods(core).remove_member(parameters.MemberParams(room="#friends", member="dave"), a_caller())
    assert core.taken == [room_inputs.MemberRemoved(ROOM, DAVE.id)]
    with pytest.raises(UsageError, match="room leave"):
        await methods(core).remove_member(parameters.MemberParams(room="#friends", member="ana"), a_caller())


async def test_a_room_is_renamed_muted_and_made_to_forget() -> None:
    core, desk = FakeCore(FRIENDS), methods(FakeCore(FRIENDS))
    desk = methods(core)
    await desk.rename_room(parameters.RenameRoomParams(room="friends", name="club"), a_caller())
    await desk.mute_room(parameters.MuteRoomParams(room="friends"), a_caller())
    await desk.mute_room(parameters.MuteRoomParams(room="friends", notify="mentions"), a_caller())
    await desk.disappear_in_room(parameters.DisappearInRoomParams(room="friends", seconds=60.0), a_caller())
    await desk.disappear_in_room(parameters.DisappearInRoomParams(room="friends"), a_caller())
    assert core.taken == [
        room_inputs.RoomRenamed(ROOM, "club"),
        room_inputs.RoomLoudness(ROOM, Loudness.NONE),
        room_inputs.RoomLoudness(ROOM, Loudness.MENTIONS),
        room_inputs.RoomRetention(ROOM, 60),
        room_inputs.RoomRetention(ROOM, 0),
    ]


async def test_who_leaves_names_heirs_but_not_oneself() -> None:
    core = FakeCore(FRIENDS)
    params = parameters.LeaveRoomParams(room="friends", heirs=("dave", "bob"))
    await methods(core).leave_room(params, a_caller())
    assert core.taken == [room_inputs.RoomLeft(ROOM, (DAVE.id, ROBERT.id))]
    with pytest.raises(UsageError, match="your own heir"):
        await methods(core).leave_room(parameters.LeaveRoomParams(room="friends", heirs=("ana",)), a_caller())


async def test_who_has_left_leaves_no_second_time() -> None:
    core = FakeCore(replace(FRIENDS, role=None))
    assert (
        await methods(core).leave_room(parameters.LeaveRoomParams(room="friends"), a_caller())
    ).state == "out"
    assert core.taken == []


async def test_a_room_that_was_left_is_forgotten() -> None:
    core = FakeCore(replace(FRIENDS, role=None))
    gone = await methods(core).forget_room(parameters.RoomParams(room="friends"), a_caller())
    assert gone.name == "#friends" and core.taken == [room_inputs.RoomForgotten(ROOM)]


REFUSED = [
    (Reason.MAY_NOT, UsageError, "does not permit"),
    (Reason.NOT_IN_ROOM, UsageError, "not in this room"),
    (Reason.NO_SUCH_ROOM, Ended, "no such room"),
]


@pytest.mark.parametrize(("reason", "kind", "words"), REFUSED)
async def test_what_the_core_refuses_is_told_in_words(
    reason: Reason, kind: type[Exception], words: str
) -> None:
    core = FakeCore(FRIENDS)
    core.take = lambda input: Rejected(reason)
    asked: list[Awaitable[object]] = [
        methods(core).set_role(parameters.RoleParams(room="friends", member="bob", role="admin"), a_caller()),
        methods(core).leave_room(parameters.LeaveRoomParams(room="friends"), a_caller()),
        methods(core).rename_room(parameters.RenameRoomParams(room="friends", name="x"), a_caller()),
    ]
    for one in asked:
        with pytest.raises(kind, match=words):
            await one


async def test_another_room_invites_members_that_are_contacts_and_names_the_others() -> None:
    core = FakeCore(FRIENDS)

    def take(input: Input) -> None:
        if isinstance(input, room_inputs.RoomFounded):
            core.rooms.rooms.append(NEW)
        if isinstance(input, room_inputs.RoomOffered):
            id = RoomOfferId(b"o" * 16)
            core.rooms.offers.append(RoomOfferRecord(id, input.contact, "friends-2", 1, AT, room=input.room))

    core.take = take
    made = await methods(core).renew_room(parameters.RoomParams(room="friends"), a_caller())
    assert core.taken == [
        room_inputs.RoomFounded("friends-2", MESH),
        room_inputs.RoomOffered(NEW.record.id, BOB.id),
    ]
    assert (made.name, made.invited, made.not_invited) == ("#friends-2", ["bob"], ["dave"])


async def test_a_member_that_cannot_be_invited_is_named_and_holds_up_no_other() -> None:
    core = FakeCore(FRIENDS)

    def take(input: Input) -> Rejected | None:
        if isinstance(input, room_inputs.RoomFounded):
            core.rooms.rooms.append(NEW)
            return None
        return Rejected(Reason.CONTACT_BLOCKED)

    core.take = take
    made = await methods(core).renew_room(parameters.RoomParams(room="friends"), a_caller())
    assert (made.invited, made.not_invited) == ([], ["bob", "dave"])


def test_the_next_name_is_free_and_not_longer_than_a_name_may_be() -> None:
    assert next_name("club", ["club"]) == "club-2"
    assert next_name("club-2", ["club", "club-2", "Club-3"]) == "club-4"
    assert next_name("x" * 64, []) == "x" * 62 + "-2"
