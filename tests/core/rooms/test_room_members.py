"""Members of rooms, as people who may become contacts."""

from __future__ import annotations

from p2pchat.core.values.introductions import MemberOf
from p2pchat.core.values.room_inputs import RoomLeft
from p2pchat.types import ConversationId, MemberId
from p2pchat.wire.introductions import IntroductionAgreed
from tests.support.homes_in_rooms import RoomsWorld


def with_three() -> RoomsWorld:
    world = RoomsWorld("alice", "bob", "carol")
    world.found("alice")
    for name in ("bob", "carol"):
        world.let_in("alice", name)
    world.run_until(lambda: len(world.room("bob").members) == len(world.room("carol").members) == 3)
    return world


def test_a_member_is_described_by_its_name_and_who_let_it_in() -> None:
    world = with_three()
    members = world.machines["bob"].running.rooms.members
    carol = members.describe_member(MemberOf(world.id("bob"), world.own("carol")))
    assert carol is not None and (carol.name, carol.by, carol.room_name) == ("carol", "alice", "walkers")
    assert carol.contact is None and carol.own == world.own("bob")
    alice = members.describe_member(MemberOf(world.id("bob"), world.own("alice")))
    assert alice is not None and (alice.by, alice.contact) == ("", world.contact("bob", "alice"))
    of_alice = world.machines["alice"].running.rooms.members
    let_in = of_alice.describe_member(MemberOf(world.id("alice"), world.own("bob")))
    assert let_in is not None and let_in.by == ""  # by us


def test_there_is_nothing_to_say_of_who_is_not_in_with_us() -> None:
    world = with_three()
    members, room = world.machines["bob"].running.rooms.members, world.id("bob")
    strangers = [
        MemberOf(room, MemberId(bytes(32))),
        MemberOf(room, world.own("bob")),
        MemberOf(ConversationId("#" + "0" * 64), world.own("carol")),
    ]
    word = IntroductionAgreed(b"i" * 16)  # type: ignore[arg-type]
    for source in strangers:
        assert members.describe_member(source) is None
    assert members.tell_member(strangers[2], word, world.now) == []
    assert members.note_contact(strangers[2], world.contact("bob", "alice")) == []
    world.change("bob", RoomLeft(room))
    assert members.describe_member(MemberOf(room, world.own("carol"))) is None
