"""Rooms are made and entered by inputs of the core, whose refusals are told in words."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, cast

import pytest

from p2pchat.control import parameters
from p2pchat.core.values.inputs import Input
from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.core.values.room_events import OfferTurn, RoomOfferTurned, RoomTurn, RoomTurned
from p2pchat.core.values.room_inputs import RoomFounded, RoomOfferAnswered, RoomOffered, RoomOfferWithdrawn
from p2pchat.core.values.room_records import RoomOfferRecord
from p2pchat.daemon.rooms import RoomMethods
from p2pchat.errors import Ended, NotInTime, UsageError
from p2pchat.types import MeshId, RoomId, RoomOfferId, conversation_in
from tests.support.room_views import AT, MESH, ROOM, FakeCore, a_caller, contact, member, room

BOB, CAROL = contact("bob"), contact("carol")
OFFER = RoomOfferRecord(RoomOfferId(b"o" * 16), BOB.id, "chess", 7, AT)
FRIENDS = room("friends", member(b"\x01", "ana", own=True), member(b"\x02", "x", contact=BOB.id))
CHESS = replace(
    room("chess"), record=replace(FRIENDS.record, id=conversation_in(RoomId(b"c" * 32)), name="chess")
)


def methods(core: FakeCore) -> RoomMethods:
    meshes = {"6d": MESH}
    return RoomMethods(cast(Any, core), lambda name: cast(Any, _Mesh(meshes[name])))


class _Mesh:
    def __init__(self, id: MeshId) -> None:
        self.id = id


async def test_rooms_come_first_and_offers_to_us_after_them() -> None:
    ours = RoomOfferRecord(RoomOfferId(b"p" * 16), CAROL.id, "friends", 2, AT, room=ROOM)
    core = FakeCore(FRIENDS, offers=[OFFER, ours])
    listed = await methods(core).list_rooms(parameters.NoParams(), a_caller())
    assert [(one.name, one.state) for one in listed] == [("#friends", "in"), ("chess", "offered")]
    assert listed[0].invited == ["carol"]


async def test_one_room_its_members_and_its_words() -> None:
    core, params = FakeCore(FRIENDS), parameters.RoomParams(room="friends")
    assert (await methods(core).show_room(params, a_caller())).name == "#friends"
    names = [one.name for one in await methods(core).list_members(params, a_caller())]
    assert names == ["ana", "bob"]
    words = await methods(core).show_words(params, a_caller())
    assert (words.name, words.words, words.members) == ("#friends", " ".join(["acorn"] * 12), 2)


@pytest.mark.parametrize(("typed", "mesh"), [(None, None), ("6d", MESH)])
async def test_a_room_is_founded_and_shown(typed: str | None, mesh: MeshId | None) -> None:
    core = FakeCore(FRIENDS)

    def found(input: Input) -> None:
        core.rooms.rooms.append(CHESS)

    core.take = found
    made = await methods(core).create_room(parameters.CreateRoomParams(name="chess", mesh=typed), a_caller())
    assert made.name == "#chess"
    assert core.taken == [RoomFounded("chess", mesh)]


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (Reason.NO_MESH, "pair with a contact first"),
        (Reason.ROOM_NAME_TAKEN, "another room is called 'chess'"),
        (Reason.NAME_MALFORMED, "a name"),
    ],
)
async def test_a_room_that_cannot_be_is_refused_in_words(reason: Reason, words: str) -> None:
    core = FakeCore()
    core.take = lambda input: Rejected(reason, "chess")
    with pytest.raises(UsageError, match=words):
        await methods(core).create_room(parameters.CreateRoomParams(name=" chess"), a_caller())


async def test_each_contact_is_invited_once_however_often_it_is_named() -> None:
    core = FakeCore(FRIENDS)
    params = parameters.InviteToRoomParams(room="#friends", contacts=("bob", "Carol", "bob"))
    sent = await methods(core).invite_contacts(params, a_caller())
    assert (sent.name, sent.invited) == ("#friends", ["bob", "carol"])
    assert core.taken == [RoomOffered(ROOM, BOB.id), RoomOffered(ROOM, CAROL.id)]


async def test_who_has_an_open_invitation_is_not_invited_again_and_it_can_be_taken_back() -> None:
    ours = RoomOfferRecord(RoomOfferId(b"p" * 16), CAROL.id, "friends", 2, AT, room=ROOM)
    core = FakeCore(FRIENDS, offers=[ours])
    params = parameters.InviteToRoomParams(room="#friends", contacts=("carol",))
    await methods(core).invite_contacts(params, a_caller())
    assert core.taken == []
    undo = parameters.InviteToRoomParams(room="#friends", contacts=("carol",), undo=True)
    await methods(core).invite_contacts(undo, a_caller())
    assert core.taken == [RoomOfferWithdrawn(ours.id)]
    core.rooms.offers = []
    with pytest.raises(UsageError, match="carol has no open invitation"):
        await methods(core).invite_contacts(undo, a_caller())


async def test_one_unknown_name_invites_no_contact() -> None:
    core = FakeCore(FRIENDS)
    for names in (("bob", "dave"), ()):
        params = parameters.InviteToRoomParams(room="#friends", contacts=names)
        with pytest.raises(UsageError):
            await methods(core).invite_contacts(params, a_caller())
    assert core.taken == []


def enters(core: FakeCore, *turns: OfferTurn) -> None:
    """Have the core tell this of the offer, and let us in at the end if it says so."""

    def take(input: Input) -> None:
        for turn in turns:
            if turn is OfferTurn.ENTERED:
                core.rooms.rooms.append(CHESS)
                core.rooms.offers = []
            core.events.publish(RoomOfferTurned(OFFER, turn))
            if turn is OfferTurn.ENTERED:
                core.events.publish(RoomTurned(CHESS.record.id, RoomTurn.ENTERED))

    core.take = take


async def test_who_accepts_waits_until_it_is_in() -> None:
    core = FakeCore(FRIENDS, offers=[OFFER])
    enters(core, OfferTurn.MADE, OfferTurn.ACCEPTED, OfferTurn.ENTERED)
    entered = await methods(core).accept_offer(parameters.AcceptRoomParams(room="chess"), a_caller())
    assert (entered.name, entered.state, entered.already) == ("#chess", "in", False)
    assert core.taken == [RoomOfferAnswered(OFFER.id, accept=True)]


async def test_a_repeated_request_finds_the_room_that_was_entered() -> None:
    core = FakeCore(FRIENDS, CHESS)
    entered = await methods(core).accept_offer(parameters.AcceptRoomParams(room="chess"), a_caller())
    assert (entered.name, entered.already) == ("#chess", True)
    assert core.taken == []


async def test_who_was_put_out_of_a_room_does_not_hear_that_it_is_in() -> None:
    core = FakeCore(FRIENDS, replace(CHESS, role=None))
    with pytest.raises(UsageError, match="no room to which you are invited"):
        await methods(core).accept_offer(parameters.AcceptRoomParams(room="chess"), a_caller())


async def test_who_is_not_let_in_yet_hears_that_it_will_be() -> None:
    core = FakeCore(offers=[OFFER])
    enters(core, OfferTurn.ACCEPTED)
    with pytest.raises(NotInTime, match="accepted, but bob has not let you in within"):
        await methods(core).accept_offer(parameters.AcceptRoomParams(room="chess", timeout=0.01), a_caller())


async def test_an_offer_that_comes_to_nothing_is_told_with_the_reason() -> None:
    core = FakeCore(offers=[OFFER])
    enters(core, OfferTurn.ACCEPTED, OfferTurn.FULL)
    with pytest.raises(Ended, match="came to nothing: there is no place left"):
        await methods(core).accept_offer(parameters.AcceptRoomParams(room="chess"), a_caller())


async def test_what_becomes_of_other_offers_does_not_matter() -> None:
    core = FakeCore(offers=[OFFER])
    accepting = asyncio.ensure_future(
        methods(core).accept_offer(parameters.AcceptRoomParams(room="chess"), a_caller())
    )
    await asyncio.sleep(0)
    core.events.publish(RoomOfferTurned(replace(OFFER, id=RoomOfferId(b"q" * 16)), OfferTurn.VOID))
    core.rooms.rooms.append(CHESS)
    core.events.publish(RoomTurned(ROOM, RoomTurn.ENTERED))
    core.events.publish(RoomOfferTurned(OFFER, OfferTurn.ENTERED))
    core.events.publish(RoomTurned(CHESS.record.id, RoomTurn.ENTERED))
    assert (await accepting).name == "#chess"


async def test_what_was_not_offered_cannot_be_accepted() -> None:
    with pytest.raises(UsageError, match="no room to which you are invited called 'go'"):
        await methods(FakeCore()).accept_offer(parameters.AcceptRoomParams(room="go"), a_caller())


async def test_an_offer_is_declined() -> None:
    core = FakeCore(offers=[OFFER])
    declined = await methods(core).decline_offer(parameters.RoomParams(room="chess"), a_caller())
    assert (declined.name, declined.state) == ("chess", "out")
    assert core.taken == [RoomOfferAnswered(OFFER.id, accept=False)]
