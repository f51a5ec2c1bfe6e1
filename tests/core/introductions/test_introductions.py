"""Two become contacts without a code: through a room, or by a friend."""

from __future__ import annotations

import pytest

from p2pchat.core.values.introductions import (
    ContactRequested,
    ContactsIntroduced,
    IntroductionAnswered,
    IntroductionRecord,
    IntroductionTurn,
    Stage,
)
from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.core.values.room_inputs import MemberRemoved
from p2pchat.core.values.user_inputs import ContactBlocked, ContactRemoved
from p2pchat.types import ContactId, IntroductionId, MemberId
from tests.support.homes_introduced import IntroductionsWorld

REQUESTED, MADE, AGREED, COMPLETED = (
    IntroductionTurn.REQUESTED,
    IntroductionTurn.MADE,
    IntroductionTurn.AGREED,
    IntroductionTurn.COMPLETED,
)


def in_a_room() -> IntroductionsWorld:
    world = IntroductionsWorld("alice", "bob", "carol")
    world.with_room("bob", "carol")
    return world


def friends() -> IntroductionsWorld:
    return IntroductionsWorld("alice", "bob", "carol")


def test_two_members_of_a_room_become_contacts_in_one_step_each() -> None:
    world = in_a_room()
    world.ask("bob", "carol")
    world.run_until(lambda: world.is_asked("carol"))
    world.reply("carol")
    world.run_until(lambda: world.know_each_other("bob", "carol"))
    assert world.told("bob") == [MADE, COMPLETED] and world.told("carol") == [REQUESTED, AGREED, COMPLETED]
    assert world.introductions("bob") == world.introductions("carol") == ()
    for name, other in (("bob", "carol"), ("carol", "bob")):
        contact = world.as_known(name, other)
        assert (contact.how, contact.through_room, contact.introduced_by) == ("room", "walkers", "alice")
        assert not contact.trust.verified and contact.name == other
    world.send("bob", "carol", "a word with you")
    world.send("carol", "bob", "and with you")
    world.run_until(lambda: world.texts("carol") == ["a word with you"])
    world.run_until(lambda: world.texts("bob") == ["and with you"])
    members = {member.name: member.contact for member in world.room("bob").members}
    assert members["carol"] == world.contact("bob", "carol")


def test_a_friend_introduces_two_and_both_must_agree() -> None:
    world = friends()
    world.introduce("alice", "bob", "carol")
    world.run_until(lambda: world.is_asked("bob") and world.is_asked("carol"))
    world.reply("carol")
    world.run(60)
    assert not world.knows("bob", "carol") and not world.knows("carol", "bob")
    world.reply("bob")
    world.run_until(lambda: world.know_each_other("bob", "carol"))
    world.run_until(lambda: not world.introductions("alice"))
    assert world.told("alice") == [MADE, AGREED, AGREED, COMPLETED]
    assert world.told("bob") == world.told("carol") == [REQUESTED, AGREED, COMPLETED]
    assert (
        world.as_known("bob", "carol").introduced_by == "alice"
        and world.as_known("bob", "carol").how == "friend"
    )
    world.send("bob", "carol", "alice says you sail")
    world.run_until(lambda: world.texts("carol") == ["alice says you sail"])
    assert world.number("bob", "carol") == world.number("carol", "bob")


@pytest.mark.parametrize("by_lower", [True, False])
def test_if_both_ask_at_once_both_have_agreed(by_lower: bool) -> None:
    world = in_a_room()
    first, second = sorted(("bob", "carol"), key=world.own, reverse=not by_lower)
    world.ask(first, second)
    world.ask(second, first)
    world.run_until(lambda: world.know_each_other("bob", "carol"))
    assert REQUESTED not in world.told("bob") + world.told("carol")
    world.run(300)
    assert len(world.machines["bob"].store.contacts) == len(world.machines["carol"].store.contacts) == 2


def test_who_asks_where_the_other_has_asked_agrees() -> None:
    world = in_a_room()
    world.ask("bob", "carol")
    world.run_until(lambda: world.is_asked("carol"))
    world.ask("carol", "bob")
    world.run_until(lambda: world.know_each_other("bob", "carol"))


def test_a_declined_member_is_told_and_not_heard_again_for_two_weeks() -> None:
    world = in_a_room()
    world.ask("bob", "carol")
    world.run_until(lambda: world.is_asked("carol"))
    world.reply("carol", accept=False)
    world.run_until(lambda: IntroductionTurn.DECLINED in world.told("bob"))
    for _ in range(3):
        world.run(60)
        world.ask("bob", "carol")
        world.run_until(lambda: world.introductions("bob") == ())
    assert world.told("carol").count(REQUESTED) == 1 and world.introductions("carol") == ()
    world.ask("carol", "bob")  # who has declined may still ask
    world.run_until(lambda: world.is_asked("bob"))
    world.reply("bob")
    world.run_until(lambda: world.know_each_other("bob", "carol"))


def test_one_of_two_friends_declines_and_all_are_told() -> None:
    world = friends()
    world.introduce("alice", "bob", "carol")
    world.run_until(lambda: world.is_asked("bob") and world.is_asked("carol"))
    world.reply("bob")
    world.reply("carol", accept=False)
    world.run_until(lambda: IntroductionTurn.DECLINED in world.told("bob"))
    assert world.told("alice")[-1] is IntroductionTurn.DECLINED
    assert not any(world.introductions(name) for name in ("alice", "bob", "carol"))
    assert not world.knows("bob", "carol") and not world.knows("carol", "bob")


def test_who_asked_or_introduced_takes_it_back() -> None:
    world = in_a_room()
    world.ask("bob", "carol")
    world.run_until(lambda: world.is_asked("carol"))
    world.withdraw("bob")
    world.run_until(lambda: world.introductions("carol") == ())
    assert world.told("carol")[-1] is IntroductionTurn.WITHDRAWN
    world.introduce("alice", "bob", "carol")
    world.run_until(lambda: world.introductions("bob") != () and world.introductions("carol") != ())
    world.withdraw("alice")
    world.run_until(lambda: world.introductions("bob") == world.introductions("carol") == ())


def test_what_was_lost_on_the_way_is_said_again() -> None:
    world = in_a_room()

    def lose_all() -> None:
        """All are away for longer than the mesh holds a cell."""
        for name in ("alice", "bob", "carol"):
            world.kill(name)
        world.now += 3 * 86_400
        for name in ("alice", "bob", "carol"):
            world.start(name)

    world.kill("carol")
    world.ask("bob", "carol")
    world.run(30)
    lose_all()
    world.run_until(lambda: world.is_asked("carol"), within=600)
    world.kill("bob")
    world.reply("carol")
    world.run(30)
    lose_all()
    world.run_until(lambda: world.know_each_other("bob", "carol"), within=600)


@pytest.mark.parametrize("who", ["bob", "carol"])
@pytest.mark.parametrize("way", ["room", "friend"])
def test_a_home_may_be_killed_at_any_step(who: str, way: str) -> None:
    """Each time that it has kept something else of an introduction."""
    world = in_a_room()
    stages: set[tuple[bytes, ...]] = set()
    machine = world.machines[who]
    if way == "room":
        world.ask("bob", "carol")
    else:
        world.introduce("alice", "bob", "carol")
    deadline = world.now + 600
    while not world.know_each_other("bob", "carol"):
        assert world.sim.agenda.run_next(deadline)
        kept = tuple(sorted(machine.store.introductions.values()))
        if kept not in stages:
            stages.add(kept)
            world.restart(who)
        for name in ("bob", "carol"):
            for one in world.introductions(name):
                if isinstance(one, IntroductionRecord) and one.stage is Stage.OPEN:
                    world.tell(name, IntroductionAnswered(one.id, accept=True))
    world.restart(who)
    world.run(120)
    assert len(stages) >= 3 and world.introductions("bob") == world.introductions("carol") == ()
    world.send("bob", "carol", "still here")
    world.send("carol", "bob", "I, too")
    world.run_until(lambda: "still here" in world.texts("carol") and "I, too" in world.texts("bob"))
    assert world.know_each_other("bob", "carol") and len(machine.store.contacts) == 2


def test_nothing_comes_of_it_where_one_is_put_out_of_the_room() -> None:
    world = in_a_room()
    world.ask("bob", "carol")
    world.run_until(lambda: world.is_asked("carol"))
    world.change("alice", MemberRemoved(world.id("alice"), world.member("alice", "bob")))
    world.run_until(lambda: world.introductions("carol") == () and world.introductions("bob") == ())
    assert world.told("carol")[-1] is world.told("bob")[-1] is IntroductionTurn.VOID


@pytest.mark.parametrize("wish", [lambda of: ContactBlocked(of, True), ContactRemoved])
def test_nothing_comes_of_it_where_the_friend_is_none_any_more(wish: object) -> None:
    world = friends()
    world.introduce("alice", "bob", "carol")
    world.run_until(lambda: world.is_asked("bob") and world.is_asked("carol"))
    world.tell("alice", wish(world.contact("alice", "bob")))  # type: ignore[operator]
    world.run_until(lambda: world.introductions("carol") == ())
    assert world.introductions("alice") == () and world.told("alice")[-1] is IntroductionTurn.VOID


def test_who_blocks_the_friend_hears_of_nothing() -> None:
    world = friends()
    world.introduce("alice", "bob", "carol")
    world.run_until(lambda: world.is_asked("bob"))
    world.tell("bob", ContactBlocked(world.contact("bob", "alice"), True))
    assert world.introductions("bob") == () and world.told("bob")[-1] is IntroductionTurn.VOID


def test_two_who_know_each_other_stay_one_contact_each() -> None:
    world = friends()
    world.pair("bob", "carol")
    before = world.as_known("bob", "carol")
    world.introduce("alice", "bob", "carol")
    world.run_until(lambda: world.is_asked("bob") and world.is_asked("carol"))
    world.send("bob", "carol", "said before")
    world.reply("bob")
    world.reply("carol")
    world.run_until(lambda: COMPLETED in world.told("bob") and COMPLETED in world.told("carol"))
    world.send("carol", "bob", "said after")
    world.run_until(lambda: "said before" in world.texts("carol") and "said after" in world.texts("bob"))
    after = world.as_known("bob", "carol")
    assert (after.how, after.introduced_by) == (before.how, "") and len(
        world.machines["bob"].store.contacts
    ) == 2


def test_a_contact_that_one_has_blocked_does_not_come_back_by_a_friend() -> None:
    world = friends()
    world.pair("bob", "carol")
    world.tell("bob", ContactBlocked(world.contact("bob", "carol"), True))
    world.introduce("alice", "carol", "bob")
    world.run_until(lambda: world.is_asked("bob") and world.is_asked("carol"))
    world.reply("bob")
    world.reply("carol")
    world.run_until(lambda: not any(world.introductions(name) for name in ("alice", "bob", "carol")))
    assert world.as_known("bob", "carol").blocked and COMPLETED not in world.told("bob") + world.told("carol")


def test_a_home_that_was_put_back_forgets_what_was_under_way() -> None:
    world = in_a_room()
    world.ask("bob", "carol")
    world.run_until(lambda: world.is_asked("carol"))
    world.kill("carol")
    world.machines["carol"].store.set_back = "a copy"
    world.start("carol")
    world.run(1)
    assert world.machines["carol"].store.introductions == {}


def test_what_cannot_be_is_refused() -> None:
    world = in_a_room()
    node = world.machines["alice"].running
    room, now = world.id("alice"), world.now
    bob, carol = world.contact("alice", "bob"), world.contact("alice", "carol")
    none = IntroductionId(bytes(16))
    for wish, reason in (
        (ContactRequested(room, MemberId(bytes(32))), Reason.NO_SUCH_MEMBER),
        (ContactRequested(room, world.own("alice")), Reason.NO_SUCH_MEMBER),
        (ContactsIntroduced(bob, bob), Reason.SAME_PERSON),
        (ContactsIntroduced(bob, ContactId("0" * 64)), Reason.NO_SUCH_CONTACT),
        (IntroductionAnswered(none, accept=True), Reason.NO_SUCH_INTRODUCTION),
    ):
        assert node.handle(wish, now) == [Rejected(reason)]
    assert node.handle(ContactRequested(room, world.own("bob")), now) == [
        Rejected(Reason.CONTACT_ALREADY, "bob")
    ]
    world.introduce("alice", "bob", "carol")
    assert node.handle(ContactsIntroduced(carol, bob), now) == [Rejected(Reason.REQUESTED_ALREADY)]
    world.ask("bob", "carol")
    again = world.machines["bob"].running.handle(ContactRequested(world.id("bob"), world.own("carol")), now)
    assert again == [Rejected(Reason.REQUESTED_ALREADY)]
