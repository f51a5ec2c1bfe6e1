"""A chat knows each message once, claims only what it knows, and outlives its node."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from p2pchat.chat.happenings import Hindered, LineAdded, NodeFound, NodeLost, Preferred, Reminded
from p2pchat.client import NodeBack
from p2pchat.control import events
from p2pchat.control.events import UnknownEvent
from p2pchat.errors import ControlError, UsageError
from tests.chat.conftest import Told
from tests.support import fake_node
from tests.support.fake_node import AT, contact, message, status


async def test_messages_are_heard_in_the_open_conversation_and_wait_in_others(told: Told) -> None:
    await told.model.take_event(message("1", "hi"))
    await told.model.take_event(message("2", "psst", sender="carol"))
    assert told.node.was_heard == ["1"]
    assert told.model.known.count_unread() == 1
    told.model.open_conversation("carol")
    await told.model.mark_shown()
    assert told.node.was_heard == ["1", "2"]
    assert [person.name for person in told.model.in_order()] == ["carol", "bob"]


async def test_an_unknown_name_opens_nothing(told: Told) -> None:
    with pytest.raises(UsageError):
        told.model.open_conversation("nobody")
    assert told.model.current == "bob"


async def test_what_is_in_the_way_belongs_to_the_conversation_though_there_are_links_to_others(
    told: Told,
) -> None:
    told.node.people["carol"] = contact("carol", hindrance="no way")
    await told.model.look_round()
    assert told.model.hindrance == ""
    told.model.open_conversation("carol")
    assert told.model.hindrance == "no way"
    told.model.open_conversation("bob")
    assert told.of(Hindered) == [Hindered("no way"), Hindered("")]


async def test_the_links_that_are_shown_are_those_of_the_node_that_runs(told: Told) -> None:
    told.model.links = 3
    await told.model.look_round()
    assert told.model.links == told.node.now.links_up == 1
    told.node.on_change("the node has stopped; looking for another")
    assert told.model.links == 0


async def test_what_was_in_the_way_is_asked_again_as_soon_as_a_link_comes_up(told: Told) -> None:
    told.node.people["bob"] = contact("bob", hindrance="no way")
    await told.model.look_round()
    told.node.people["bob"] = contact("bob", hindrance="")
    await told.model.take_event(fake_node.told(events.LinkEvent, links=1, change="up"))
    assert told.of(Hindered) == [Hindered("no way"), Hindered("")]


async def test_where_no_conversation_is_open_what_keeps_from_all_is_told(told: Told) -> None:
    told.model.current = ""
    told.node.now = status(hindrance="no rendezvous could be reached")
    await told.model.look_round()
    assert told.of(Hindered) == [Hindered("no rendezvous could be reached")]


async def test_listening_goes_on_with_the_next_node(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("p2pchat.chat.sent.RETRY_S", 0)
    told.node.events = [message("1", "a"), ControlError("the node has stopped"), message("2", "b")]
    following = asyncio.ensure_future(told.model.follow_events())
    while "2" not in told.node.was_heard:
        await asyncio.sleep(0)
    following.cancel()
    assert told.node.listened == [True, True], "also to what this home says elsewhere"
    assert [said.message.text for said in told.of(LineAdded) if isinstance(said, LineAdded)] == ["a", "b"]


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
    assert [said.message.id for said in told.of(LineAdded) if isinstance(said, LineAdded)] == ["e1"]


async def test_events_of_later_versions_are_passed_over_and_settings_are_not(told: Told) -> None:
    await told.model.take_event(UnknownEvent(type="weather"))
    await told.model.take_event(fake_node.told(events.SettingEvent, key="theme"))
    assert told.of(Preferred) == [Preferred()]


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


@pytest.mark.parametrize(("days", "reminded"), [(0.1, False), (2.0, True)])
async def test_a_new_home_is_not_reminded_of_a_backup_in_its_first_chat(days: float, reminded: bool) -> None:
    chat = Told()
    chat.node.now = fake_node.status(backed_up_at="")
    added_at = (datetime.now(UTC) - timedelta(days=days)).isoformat()
    chat.node.people = {"bob": fake_node.contact("bob", added_at=added_at)}
    await chat.model.load_people()
    assert len(chat.of(Reminded)) == int(reminded)


async def test_a_home_without_contacts_gets_no_backup_reminder() -> None:
    chat = Told()
    chat.node.now, chat.node.people = fake_node.status(backed_up_at=""), {}
    await chat.model.load_people()
    assert chat.of(Reminded) == []


async def test_a_draft_is_kept_when_the_chat_is_left_at_once(told: Told) -> None:
    told.model.note_draft("half a line")
    await told.model.leave_chat()
    assert told.node.begun == {"bob": "half a line"}


async def test_a_draft_follows_a_contact_to_another_name(told: Told) -> None:
    told.model.note_draft("half a line")
    told.node.people["robert"] = told.node.people.pop("bob").with_changes(name="robert")
    await told.model.take_event(fake_node.told(events.ContactEvent, name="robert", change="renamed"))
    assert told.model.drafts.text_for("robert") == "half a line"
