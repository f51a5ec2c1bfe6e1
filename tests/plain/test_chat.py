"""A chat in lines shows everything once, claims only what it knows, and gives back what cannot be sent."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from p2pchat.chat.verbs import HISTORY_LINES
from p2pchat.control.events import (
    ContactEvent,
    LinkEvent,
    PresenceEvent,
    ReactionEvent,
    ReceiptEvent,
    State,
    WithdrawnEvent,
)
from p2pchat.control.values import extended
from p2pchat.errors import ControlError, LimitError, UsageError
from p2pchat.plain.chat import ENTRY_LINES_MAX
from tests.plain.conftest import Reader
from tests.support.fake_node import AT, contact, message, told

# --- opening


async def test_the_last_lines_are_shown_under_their_days(reader: Reader) -> None:
    reader.node.said = [
        message("1", "old", at="2025-12-30T12:00:00Z"),
        message("2", "new", outgoing=True, at="2026-01-02T12:00:00Z"),
        message("3", "newer", at="2026-01-02T12:01:00Z"),
    ]
    await reader.open()
    assert reader.lines[0] == "── Tuesday 30 December 2025 ──"
    assert reader.lines[2] == "── Friday 2 January 2026 ──"
    assert reader.said() == ["bob: old", "me: new  ✓✓", "bob: newer"]
    assert reader.noticed() == ["talking with bob (here); /help shows what helps"]


async def test_an_unknown_name_opens_nothing(reader: Reader) -> None:
    with pytest.raises(UsageError):
        await reader.open("nobody")


async def test_all_that_is_unread_is_shown_in_order(reader: Reader) -> None:
    reader.node.said = [message(str(number), str(number)) for number in range(HISTORY_LINES + 30)]
    await reader.open()
    await reader.take(*reader.node.said)
    assert reader.said() == [f"bob: {number}" for number in range(HISTORY_LINES + 30)]
    assert len(reader.node.was_heard) == HISTORY_LINES + 30


async def test_a_flood_is_counted_not_shown(reader: Reader) -> None:
    reader.node.said = [message(str(number), str(number)) for number in range(ENTRY_LINES_MAX + 1)]
    await reader.open()
    assert len(reader.said()) == ENTRY_LINES_MAX
    many = ENTRY_LINES_MAX + 1
    assert reader.noticed()[0] == f"{many} unread; /history {many} shows them all"


# --- receiving


async def test_a_message_is_shown_once_and_heard(reader: Reader) -> None:
    hello = message("1", "hello")
    reader.node.said = [hello]
    await reader.open()
    await reader.take(hello, message("2", "again"))
    assert reader.said() == ["bob: hello", "bob: again"]
    assert reader.node.was_heard == ["1", "2"]


async def test_others_are_announced_once_and_wait_unheard_until_their_conversation_is_opened(
    reader: Reader,
) -> None:
    await reader.open()
    note = message("7", "psst", sender="carol")
    reader.node.said = [note]
    await reader.take(note, note)
    assert reader.said() == []
    assert reader.noticed().count("carol wrote (1 unread); /switch carol") == 1
    assert "1 unread" in reader.status
    assert reader.node.was_heard == []
    await reader.open("carol")
    assert reader.said() == ["carol: psst"]
    assert reader.node.was_heard == ["7"]
    assert "unread" not in reader.status


async def test_the_presence_of_contacts_is_in_view(reader: Reader) -> None:
    await reader.open()
    assert reader.status.startswith(" ● bob here")
    await reader.take(told(PresenceEvent, name="bob", here=False))
    assert reader.status.startswith(" ○ bob away")
    assert reader.noticed()[-1] == "bob is away"


async def test_a_silent_contact_does_not_count_as_here(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("p2pchat.plain.chat.LOOK_S", 0.001)
    await reader.open()
    looking = asyncio.ensure_future(reader.chat._look_round())
    at = (datetime.now(UTC) - timedelta(seconds=250)).isoformat()
    reader.node.people["bob"] = contact("bob", heard_at=at)
    while not reader.status.startswith(" ? bob 4 min ago"):
        await asyncio.sleep(0.001)
    looking.cancel()


async def test_what_is_in_the_way_of_the_conversation_is_told_once_while_it_lasts(reader: Reader) -> None:
    await reader.open()
    for why in (
        "no way between your two networks: …",
        "no way between your two networks: …",
        "",
        "no way: …",
    ):
        reader.node.people["bob"] = contact("bob", hindrance=why)
        await reader.model.look_round()
    over = "nothing is in the way any more"
    assert reader.noticed()[1:] == ["no way between your two networks: …", over, "no way: …"]


async def test_what_waited_is_told_to_go_when_the_network_is_back(reader: Reader) -> None:
    reader.node.states = ("queued",)
    await reader.open()
    for why, text in (("this machine has no network", "one"), ("", "")):
        reader.node.people["bob"] = contact("bob", hindrance=why)
        await reader.model.look_round()
        if text:
            await reader.type(text)
    assert reader.noticed()[-1] == "nothing is in the way any more; your message goes out now"


async def test_a_mark_that_stands_in_a_line_is_taken_back(reader: Reader) -> None:
    await reader.open()
    await reader.take(message("e1", "from a script", outgoing=True, state="queued"))
    assert reader.said() == ["me: from a script  ·"]
    for state in ("queued", "relayed", "delivered"):
        await reader.take(told(ReceiptEvent, id="e1", state=state, at=AT))
    assert reader.noticed()[1:] == ["✓ relayed: from a script"]


async def test_links_are_in_view(reader: Reader) -> None:
    await reader.open()
    await reader.take(told(LinkEvent, links=5, change="up"))
    assert "| 5 links" in reader.status


async def test_a_contact_renamed_elsewhere_keeps_the_conversation(reader: Reader) -> None:
    await reader.open()
    reader.node.people["bobby"] = contact("bob").with_changes(name="bobby")
    del reader.node.people["bob"]
    await reader.take(told(ContactEvent, name="bobby", change="renamed"))
    await reader.take(message("1", "still me", sender="bobby"))
    assert reader.said() == ["bobby: still me"]
    assert "bobby: renamed" in reader.noticed()


# --- sending


async def test_a_line_is_shown_when_it_is_safe_and_its_mark_follows_what_is_known(reader: Reader) -> None:
    reader.node.states = ("queued",)
    await reader.open()
    await reader.type("hello")
    assert reader.said() == ["me: hello"]
    steps: list[tuple[State, str]] = [("queued", "·"), ("relayed", "✓"), ("delivered", "✓✓")]
    for state, mark in steps:
        await reader.take(told(ReceiptEvent, id=reader.node.keys[0], state=state, at=AT))
        assert f"| {mark} hello" in reader.status
    assert reader.said() == ["me: hello"]


async def test_a_late_receipt_is_told_in_a_line_of_its_own(reader: Reader) -> None:
    await reader.open()
    for text in ("first", "more 0", "more 1", "more 2"):
        await reader.type(text)
    await reader.take(told(ReceiptEvent, id=reader.node.keys[0], state="delivered", at=AT))
    assert reader.noticed()[-1] == "✓✓ delivered: first"


@pytest.mark.parametrize("state", ["expired", "cancelled"])
async def test_giving_up_is_always_told(state: State, reader: Reader) -> None:
    await reader.open()
    await reader.type("hello")
    await reader.take(told(ReceiptEvent, id=reader.node.keys[0], state=state, at=AT))
    assert reader.noticed()[-1] == f"✗ {state}: hello"


async def test_what_cannot_be_sent_is_given_back(reader: Reader) -> None:
    await reader.open()
    reader.node.refuse = [LimitError("too many wait")]
    await reader.type("hello")
    assert (reader.back, reader.said(), reader.noticed()[-1]) == (["hello"], [], "too many wait")


async def test_a_message_waits_for_a_node_and_its_trouble_is_told_once(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("p2pchat.chat.sent.RETRY_S", 0)
    await reader.open()
    reader.node.refuse = [ControlError("the node has stopped")] * 3
    await reader.type("hello")
    assert reader.said() == ["me: hello"]
    assert reader.noticed().count("the node has stopped; not sent yet: hello") == 1


async def test_what_this_home_sends_elsewhere_is_shown_once(reader: Reader) -> None:
    await reader.open()
    elsewhere = message("e1", "from a script", outgoing=True, state="queued")
    await reader.take(elsewhere, elsewhere, message("e2", "to another", sender="carol", outgoing=True))
    await reader.type("by hand")
    mine = reader.node.keys[0]
    assert mine is not None
    await reader.take(message(mine, "by hand", outgoing=True, state="queued"))
    assert reader.said() == ["me: from a script  ·", "me: by hand"]


async def test_what_was_begun_before_is_there_to_go_on_with(reader: Reader) -> None:
    reader.node.begun = {"bob": "half a line"}
    await reader.open()
    assert reader.back == ["half a line"]
    reader.chat.note_begun("half a line more")
    await reader.model.leave_chat()
    assert reader.node.begun == {"bob": "half a line more"}


# --- what refers to a message


async def test_what_was_said_of_a_line_above_is_a_line_of_its_own(reader: Reader) -> None:
    answered = {"id": "1", "from": "bob", "text": "at eight"}
    reader.node.said = [
        message("1", "at eight", corrected="delivered"),
        message("2", "fine", outgoing=True, reply_to=answered),
        message("3", "", withdrawn="delivered"),
    ]
    await reader.open()
    assert reader.said() == [
        "bob: at eight  [corrected]",
        "me: [re bob: at eight] fine  ✓✓",
        "bob:   [withdrawn]",
    ]
    await reader.take(extended(reader.node.said[1], ReactionEvent, by="bob", sign="👍"))
    assert reader.noticed()[-1] == "bob reacted 👍 to: fine"


async def test_what_was_withdrawn_is_not_in_the_status_line_either(reader: Reader) -> None:
    await reader.open()
    await reader.type("a secret")
    assert "a secret" in reader.status
    (line,) = reader.chat.model.sent.lines_sent("bob")
    withdrawn = message(line.id, "", outgoing=True, withdrawn="queued")
    await reader.take(extended(withdrawn, WithdrawnEvent, by="me"))
    assert "secret" not in reader.status


async def test_one_replies_and_reacts_by_command(reader: Reader) -> None:
    reader.node.said = [message("1", "at eight?")]
    await reader.open()
    await reader.type("/reply fine")
    await reader.type("/react 👍")
    assert (reader.node.replies, reader.node.referred) == (["1"], [("react", "1", "👍")])
