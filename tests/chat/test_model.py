"""A chat knows each message once, claims only what it knows, and outlives its node."""

from __future__ import annotations

import asyncio

import pytest

from p2pchat.chat.happenings import Moved, NodeFound, NodeLost, Preferred, Refused, Reminded, Said
from p2pchat.chat.model import FOLLOWED
from p2pchat.client import NodeBack
from p2pchat.control import events
from p2pchat.control.events import Receipt, State, Unknown
from p2pchat.errors import ControlError, LimitError, UsageError
from tests.chat.conftest import Told
from tests.support import fake_node
from tests.support.fake_node import AT, message


async def handed_over(chat: Told) -> None:
    """Run until the node has all that was said."""
    sending = asyncio.ensure_future(chat.model.send_texts())
    await chat.model.all_handed_over()
    sending.cancel()


async def test_what_comes_is_heard_where_somebody_looks_and_waits_elsewhere(told: Told) -> None:
    await told.model.take_event(message("1", "hi"))
    await told.model.take_event(message("2", "psst", sender="carol"))
    assert told.node.was_heard == ["1"]
    assert told.model.count_unread() == 1
    told.model.open_conversation("carol")
    await told.model.mark_shown()
    assert told.node.was_heard == ["1", "2"]
    assert [person.name for person in told.model.in_order()] == ["carol", "bob"]


async def test_an_unknown_name_opens_nothing(told: Told) -> None:
    with pytest.raises(UsageError):
        told.model.open_conversation("nobody")
    assert told.model.current == "bob"


async def test_a_state_never_goes_back_and_ends_once(told: Told) -> None:
    told.node.states = ("queued",)
    line = told.model.say_text("hello")
    assert told.model.count_undelivered() == 1
    await handed_over(told)
    states: tuple[State, ...] = ("delivered", "relayed")
    for state in states:
        await told.model.take_event(fake_node.told(Receipt, id=line.id, state=state, at=AT))
    assert told.of(Moved) == [Moved(line.id, "queued"), Moved(line.id, "delivered")]
    assert told.model.count_undelivered() == 0


async def test_what_cannot_be_sent_is_given_back(told: Told) -> None:
    told.node.refuse = [LimitError("too many wait")]
    line = told.model.say_text("hello")
    await handed_over(told)
    assert told.of(Refused) == [Refused(line.id, "bob", "hello", "too many wait")]
    assert told.model.count_undelivered() == 0


async def test_a_message_waits_for_a_node_and_is_sent_once(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("p2pchat.chat.model.RETRY_S", 0)
    told.node.refuse = [ControlError("the node has stopped"), ControlError("the node has stopped")]
    told.model.say_text("hello")
    await handed_over(told)
    assert told.node.sent == [("bob", "hello")]
    assert told.of(NodeLost) == [NodeLost("the node has stopped; not sent yet: hello")] * 2


async def test_listening_goes_on_with_the_next_node(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("p2pchat.chat.model.RETRY_S", 0)
    told.node.events = [message("1", "a"), ControlError("the node has stopped"), message("2", "b")]
    following = asyncio.ensure_future(told.model.follow_events())
    while "2" not in told.node.was_heard:
        await asyncio.sleep(0)
    following.cancel()
    assert told.node.listened == [True, True], "also to what this home says elsewhere"
    assert [said.message.text for said in told.of(Said) if isinstance(said, Said)] == ["a", "b"]


async def test_a_node_that_is_back_is_known_by_its_kind(told: Told) -> None:
    told.node.on_change("whatever is back")
    told.node.on_change(NodeBack("here again"))
    assert told.happened[-2:] == [NodeLost("whatever is back"), NodeFound("here again")]


async def test_what_this_home_says_elsewhere_is_told_and_what_it_says_here_is_not_told_twice(
    told: Told,
) -> None:
    await told.model.take_event(message("e1", "by a script", outgoing=True))
    line = told.model.say_text("by hand")
    await told.model.take_event(message(line.id, "by hand", outgoing=True))
    assert [said.message.id for said in told.of(Said) if isinstance(said, Said)] == ["e1"]


async def test_events_of_later_versions_are_passed_over_and_settings_are_not(told: Told) -> None:
    await told.model.take_event(Unknown(type="weather"))
    await told.model.take_event(fake_node.told(events.SettingChanged, key="theme"))
    assert told.of(Preferred) == [Preferred()]


async def test_what_is_followed_has_its_cap(told: Told) -> None:
    for number in range(FOLLOWED + 5):
        told.model.say_text(str(number))
    assert told.model.count_undelivered() == FOLLOWED


@pytest.mark.parametrize(
    ("rest", "kept", "reminded"),
    [
        ({"backed_up_at": ""}, {}, True),
        ({"backed_up_at": AT}, {}, True),
        ({"backed_up_at": "2999-01-01T00:00:00.000Z"}, {}, False),
        ({"backed_up_at": ""}, {"backup-reminder": "off"}, False),
        ({}, {}, False),
    ],
)
async def test_a_backup_that_is_due_is_spoken_of_once(
    rest: dict[str, str], kept: dict[str, str], reminded: bool
) -> None:
    chat = Told()
    chat.node.now, chat.node.kept = fake_node.status(**rest), kept
    for _ in range(2):
        await chat.model.load_people()
    assert len(chat.of(Reminded)) == int(reminded)


async def test_who_knows_nobody_yet_is_reminded_of_no_backup() -> None:
    chat = Told()
    chat.node.now, chat.node.people = fake_node.status(backed_up_at=""), {}
    await chat.model.load_people()
    assert chat.of(Reminded) == []


async def test_what_is_begun_is_kept_a_moment_later_and_there_again(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("p2pchat.chat.model.DRAFT_S", 0)
    keeping = asyncio.ensure_future(told.model.keep_drafts())
    for name, text in (("bob", "half"), ("carol", "/remove"), ("bob", "half a line"), ("nobody", "x")):
        told.model.note_draft(name, text)
    while told.node.begun != {"bob": "half a line"}:
        await asyncio.sleep(0)
    again = Told()
    again.node = told.node
    model = type(told.model)(told.node, again.happened.append)
    await model.load_people()
    assert model.drafts == {"bob": "half a line"}
    told.model.note_draft("bob", "")
    while told.node.begun:
        await asyncio.sleep(0)
    keeping.cancel()


async def test_what_is_begun_is_kept_by_who_leaves_at_once(told: Told) -> None:
    told.model.note_draft("bob", "half a line")
    await told.model.leave_chat()
    assert told.node.begun == {"bob": "half a line"}


async def test_a_draft_follows_a_contact_to_another_name(told: Told) -> None:
    told.model.note_draft("bob", "half a line")
    told.node.people["robert"] = told.node.people.pop("bob").with_changes(name="robert")
    await told.model.take_event(fake_node.told(events.ContactChanged, name="robert", change="renamed"))
    assert told.model.drafts == {"robert": "half a line"}
