"""What a person asks for and a rule forbids is refused, and changes nothing."""

from __future__ import annotations

import pytest

from p2pchat.core.messaging import conversations
from p2pchat.core.values import user_inputs
from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.types import MessageId
from p2pchat.wire.content import TEXT_LIMIT
from p2pchat.wire.payload import RETENTION_MAX_S, RETENTION_MIN_S
from tests.support.world import World


@pytest.fixture(scope="module")
def paired() -> World:
    world = World()
    for name in ("ana", "bob"):
        world.add(name)
        world.start(name)
    world.pair("ana", "bob")
    return world


def submitted(world: World, text: str) -> user_inputs.MessageSubmitted:
    return user_inputs.MessageSubmitted(MessageId("a" * 32), world.conversation("ana", "bob"), text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Reason.TEXT_EMPTY),
        ("half of a \ud83d", Reason.TEXT_NOT_UNICODE),
        ("é" * (TEXT_LIMIT // 2) + "x", Reason.TEXT_TOO_LONG),
    ],
)
def test_a_text_that_cannot_be_sent_is_refused(paired: World, text: str, reason: Reason) -> None:
    ana = paired.machines["ana"]
    assert ana.running.handle(submitted(paired, text), paired.now) == [Rejected(reason)]
    assert ana.running.count_waiting() == 0


def test_a_message_too_many_is_refused_and_those_that_wait_are_kept(
    paired: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversations, "OUTBOX_CAP", 2)
    paired.kill("bob")
    for number in range(2):
        paired.send("ana", "bob", str(number))
    node = paired.machines["ana"].running
    assert node.handle(submitted(paired, "2"), paired.now) == [Rejected(Reason.OUTBOX_FULL)]
    assert node.count_waiting() == 2
    paired.start("bob")
    paired.run(60.0)
    assert paired.machines["bob"].store.received() == ["0", "1"]


def test_nothing_is_sent_to_a_blocked_contact(paired: World) -> None:
    bob, node = paired.contact("ana", "bob"), paired.machines["ana"].running
    paired.tell("ana", user_inputs.ContactBlocked(bob, True))
    assert node.handle(submitted(paired, "no"), paired.now) == [Rejected(Reason.CONTACT_BLOCKED)]
    paired.tell("ana", user_inputs.ContactBlocked(bob, False))


@pytest.mark.parametrize("seconds", [RETENTION_MIN_S - 1.0, RETENTION_MAX_S + 1.0, -1.0])
def test_what_would_be_gone_before_it_is_read_or_lasts_for_ever_is_refused(
    paired: World, seconds: float
) -> None:
    bob, node = paired.contact("ana", "bob"), paired.machines["ana"].running
    wish = user_inputs.ContactRetentionChosen(bob, seconds)
    assert node.handle(wish, paired.now) == [Rejected(Reason.RETENTION_IMPOSSIBLE)]


def test_an_impossible_name_is_not_taken(paired: World) -> None:
    node = paired.machines["ana"].running
    assert node.handle(user_inputs.NameChosen("-a"), paired.now) == [Rejected(Reason.NAME_MALFORMED)]
    assert node.identity.name == "ana"
