"""A chat shows everything once, claims only what it knows, and outlives its node."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from p2pchat.cli.slash import Slash
from p2pchat.cli.talk import ENTRY_LINES, ENTRY_LINES_MAX, REMEMBERED, Line, Talk
from p2pchat.control.events import ContactChanged, InviteReady, Link, Presence, Receipt, Unknown
from p2pchat.errors import ControlError, LimitError, P2PChatError, UsageError
from p2pchat.wording.signs import ASCII
from tests.support.fake_node import AT, FakeNode, added, contact, message, told


class Screen:
    """What a person would read."""

    def __init__(self) -> None:
        self.node = FakeNode("bob", "carol")
        self.talk = Talk(self.node, self._show, lambda: None)
        self.left = 0
        self.slash = Slash(self.talk, self._leave)
        self.lines: list[str] = []

    def _leave(self) -> None:
        self.left += 1

    def _show(self, line: Line) -> None:
        self.lines.append("".join(text for _, text in line))

    def said(self) -> list[str]:
        """The lines of the conversation without their times."""
        return [line[6:] for line in self.lines if line[2:3] == ":"]

    def noticed(self) -> list[str]:
        """The lines about the chat."""
        return [line.strip() for line in self.lines if line.startswith("      ")]

    @property
    def status(self) -> str:
        return "".join(text for _, text in self.talk.status_line())


@pytest.fixture
def screen() -> Screen:
    return Screen()


# --- opening


async def test_the_last_lines_are_shown_under_their_days(screen: Screen) -> None:
    screen.node.said = [
        message("1", "old", at="2025-12-30T12:00:00Z"),
        message("2", "new", outgoing=True, at="2026-01-02T12:00:00Z"),
        message("3", "newer", at="2026-01-02T12:01:00Z"),
    ]
    await screen.talk.open("bob")
    assert screen.lines[0] == "── Tuesday 30 December 2025 ──"
    assert screen.lines[2] == "── Friday 2 January 2026 ──"
    assert screen.said() == ["bob: old", "me: new  ✓✓", "bob: newer"]


async def test_an_unknown_name_opens_nothing(screen: Screen) -> None:
    with pytest.raises(UsageError):
        await screen.talk.open("nobody")


async def test_all_that_is_unread_is_shown_in_order(screen: Screen) -> None:
    screen.node.said = [message(str(number), str(number)) for number in range(ENTRY_LINES + 30)]
    await screen.talk.open("bob")
    for line in screen.node.said:
        await screen.talk.take(line)
    assert screen.said() == [f"bob: {number}" for number in range(ENTRY_LINES + 30)]
    assert len(screen.node.was_heard) == ENTRY_LINES + 30


async def test_a_flood_is_counted_not_shown(screen: Screen) -> None:
    screen.node.said = [message(str(number), str(number)) for number in range(ENTRY_LINES_MAX + 1)]
    await screen.talk.open("bob")
    assert len(screen.said()) == ENTRY_LINES_MAX
    assert (
        screen.noticed()[0] == f"{ENTRY_LINES_MAX + 1} unread; /history {ENTRY_LINES_MAX + 1} shows them all"
    )


# --- receiving


async def test_a_message_is_shown_once_and_heard(screen: Screen) -> None:
    hello = message("1", "hello")
    screen.node.said = [hello]
    await screen.talk.open("bob")
    await screen.talk.take(hello)
    await screen.talk.take(message("2", "again"))
    assert screen.said() == ["bob: hello", "bob: again"]
    assert screen.node.was_heard == ["1", "2"]


async def test_later_lines_of_a_message_cannot_pose_as_others(screen: Screen) -> None:
    await screen.talk.open("bob")
    await screen.talk.take(message("1", "hi\n12:00 carol: pay\x1b[2J him"))
    assert screen.lines[-1].endswith("bob: hi\n      12:00 carol: pay␛[2J him")


async def test_others_are_announced_and_wait_unheard_until_their_conversation_is_opened(
    screen: Screen,
) -> None:
    await screen.talk.open("bob")
    note = message("7", "psst", sender="carol")
    screen.node.said = [note]
    await screen.talk.take(note)
    assert screen.said() == []
    assert "carol wrote (1 unread); /switch carol" in screen.noticed()
    assert "1 unread" in screen.status
    assert screen.node.was_heard == []
    await screen.talk.open("carol")
    assert screen.said() == ["carol: psst"]
    assert screen.node.was_heard == ["7"]
    assert "unread" not in screen.status


async def test_who_is_here_is_in_view(screen: Screen) -> None:
    await screen.talk.open("bob")
    assert screen.status.startswith(" ● bob here")
    await screen.talk.take(told(Presence, name="bob", here=False))
    assert screen.status.startswith(" ○ bob away")
    assert screen.noticed()[-1] == "bob is away"


async def test_who_falls_silent_is_not_said_to_be_here(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("p2pchat.cli.talk.LOOK_S", 0.001)
    await screen.talk.open("bob")
    looking = asyncio.ensure_future(screen.talk.look_round())
    at = (datetime.now(UTC) - timedelta(seconds=250)).isoformat()
    screen.node.people["bob"] = contact("bob", heard_at=at)
    while not screen.status.startswith(" ? bob 4 min ago"):
        await asyncio.sleep(0.001)
    looking.cancel()


async def test_links_are_in_view(screen: Screen) -> None:
    await screen.talk.open("bob")
    await screen.talk.take(told(Link, links=5, change="up"))
    assert "| 5 links" in screen.status


async def test_a_contact_renamed_elsewhere_keeps_the_conversation(screen: Screen) -> None:
    await screen.talk.open("bob")
    screen.node.people["bobby"] = contact("bob").with_changes(name="bobby")
    del screen.node.people["bob"]
    await screen.talk.take(told(ContactChanged, name="bobby", change="renamed"))
    await screen.talk.take(message("1", "still me", sender="bobby"))
    assert screen.said() == ["bobby: still me"]


async def test_events_of_later_versions_are_ignored(screen: Screen) -> None:
    await screen.talk.open("bob")
    await screen.talk.take(Unknown(type="weather"))


# --- sending


async def test_a_line_is_shown_when_it_is_safe_and_its_mark_follows_what_is_known(screen: Screen) -> None:
    screen.node.states = ("queued",)
    await screen.talk.open("bob")
    await screen.talk.say("hello")
    (id,) = screen.talk.sent
    assert screen.said() == ["me: hello"]
    for state, mark in [("queued", "·"), ("relayed", "✓"), ("delivered", "✓✓")]:
        await screen.talk.take(told(Receipt, id=id, state=state, at=AT))
        assert f"| {mark} hello" in screen.status


async def test_a_state_never_goes_back(screen: Screen) -> None:
    await screen.talk.open("bob")
    await screen.talk.say("hello")
    (id,) = screen.talk.sent
    await screen.talk.take(told(Receipt, id=id, state="delivered", at=AT))
    await screen.talk.take(told(Receipt, id=id, state="relayed", at=AT))
    assert screen.talk.undelivered() == 0


async def test_a_late_receipt_is_told_in_a_line_of_its_own(screen: Screen) -> None:
    await screen.talk.open("bob")
    await screen.talk.say("first")
    first = next(iter(screen.talk.sent))
    for number in range(3):
        await screen.talk.say(f"more {number}")
    await screen.talk.take(told(Receipt, id=first, state="delivered", at=AT))
    assert screen.noticed()[-1] == "✓✓ delivered: first"


@pytest.mark.parametrize("state", ["expired", "cancelled"])
async def test_giving_up_is_always_told(state: str, screen: Screen) -> None:
    await screen.talk.open("bob")
    await screen.talk.say("hello")
    (id,) = screen.talk.sent
    await screen.talk.take(told(Receipt, id=id, state=state, at=AT))
    assert screen.noticed()[-1] == f"✗ {state}: hello"
    assert screen.talk.undelivered() == 0


async def test_what_cannot_be_sent_is_not_remembered_as_sent(screen: Screen) -> None:
    await screen.talk.open("bob")
    screen.node.refuse = [LimitError("too many wait")]
    with pytest.raises(LimitError):
        await screen.talk.say("hello")
    assert screen.talk.sent == {}
    assert screen.said() == []


async def test_memory_of_marks_has_its_cap(screen: Screen) -> None:
    await screen.talk.open("bob")
    for number in range(REMEMBERED + 5):
        await screen.talk.say(str(number))
    assert len(screen.talk.sent) == REMEMBERED


# --- a node that comes and goes


async def test_a_message_waits_for_a_node_and_is_sent_once(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("p2pchat.cli.talk.RETRY_S", 0)
    await screen.talk.open("bob")
    screen.node.refuse = [ControlError("the node has stopped"), ControlError("the node has stopped")]
    await screen.talk.say("hello")
    assert screen.node.sent == [("bob", "hello")]
    assert screen.said() == ["me: hello"]
    assert screen.noticed()[-1] == "the node has stopped; not sent yet: hello"


async def test_listening_goes_on_with_the_next_node_and_catches_up(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("p2pchat.cli.talk.RETRY_S", 0)
    await screen.talk.open("bob")
    await screen.talk.say("hello")
    (id,) = screen.talk.sent
    screen.node.said = [message(id, "hello", outgoing=True, state="delivered")]
    screen.node.events = [
        message("1", "a"),
        ControlError("the node has stopped"),
        message("1", "a"),
        message("2", "b"),
    ]
    following = asyncio.ensure_future(screen.talk.follow())
    while "2" not in screen.node.was_heard:
        await asyncio.sleep(0)
    following.cancel()
    assert screen.said() == ["me: hello", "bob: a", "bob: b"]
    assert screen.talk.undelivered() == 0


async def test_lasting_trouble_is_told_once(screen: Screen) -> None:
    for _ in range(3):
        screen.talk.trouble("the node has stopped")
        screen.talk.trouble("it cannot be started; trying again")
    assert screen.noticed() == ["the node has stopped", "it cannot be started; trying again"]
    screen.talk.notice("something else")
    screen.talk.trouble("the node has stopped")
    assert screen.noticed()[-1] == "the node has stopped"


# --- slash commands


async def test_help_names_every_command(screen: Screen) -> None:
    await screen.slash.run("/help")
    shown = "\n".join(screen.noticed())
    assert all(name in shown for name in screen.slash.names())
    assert max(len(line) for each in screen.lines for line in each.split("\n")) < 80


async def test_an_unknown_command_points_to_help(screen: Screen) -> None:
    with pytest.raises(UsageError, match="/help"):
        await screen.slash.run("/nope")


async def test_who(screen: Screen) -> None:
    await screen.talk.open("bob")
    await screen.slash.run("/who")
    assert screen.noticed()[-2:] == ["here        unverified  bob", "here        unverified  carol"]


async def test_search_shows_what_is_found_even_if_it_was_shown_before(screen: Screen) -> None:
    screen.node.said = [message("1", "at eight"), message("2", "at nine")]
    await screen.talk.open("bob")
    await screen.slash.run("/search eight")
    assert screen.said() == ["bob: at eight", "bob: at nine", "bob: at eight"]
    assert screen.noticed()[-1] == "1 found"


@pytest.mark.parametrize(
    "line", ["/search", "/switch", "/join", "/history x", "/history 0", "/switch nobody"]
)
async def test_a_command_without_what_it_needs_says_so(line: str, screen: Screen) -> None:
    await screen.talk.open("bob")
    with pytest.raises(P2PChatError):
        await screen.slash.run(line)


async def test_verify_takes_a_second_word(screen: Screen) -> None:
    await screen.talk.open("bob")
    await screen.slash.run("/verify")
    assert screen.node.people["bob"].safety_number in screen.noticed()
    assert not screen.node.people["bob"].verified
    await screen.slash.run("/verify yes")
    assert screen.node.people["bob"].verified


async def test_an_invite_waits_beside_the_chat(screen: Screen) -> None:
    await screen.talk.open("bob")
    screen.node.invitation = [told(InviteReady, code="1-a-b-c"), added("dora")]
    await screen.slash.run("/invite")
    while not any("dora" in line for line in screen.noticed()):
        await asyncio.sleep(0)
    assert "tell your friend to type:  p2pchat join 1-a-b-c --rendezvous ws://127.0.0.1:1" in screen.noticed()
    assert screen.noticed()[-1] == "you and dora are contacts now; /switch dora"
    await screen.slash.close()


async def test_a_failed_invite_is_told_and_another_may_follow(screen: Screen) -> None:
    await screen.talk.open("bob")
    screen.node.invitation = [UsageError("no rendezvous is known")]
    await screen.slash.run("/invite link")
    while screen.noticed()[-1] != "no rendezvous is known":
        await asyncio.sleep(0)
    await screen.slash.run("/join 1-a-b-c")
    while screen.noticed()[-1] != "you and ana are contacts now; /switch ana":
        await asyncio.sleep(0)


async def test_quit(screen: Screen) -> None:
    await screen.slash.run("/quit")
    assert screen.left == 1


async def test_what_this_home_sends_elsewhere_is_shown_once(screen: Screen) -> None:
    await screen.talk.open("bob")
    elsewhere = message("e1", "from a script", outgoing=True, state="queued")
    for event in (elsewhere, elsewhere, message("e2", "to another", sender="carol", outgoing=True)):
        await screen.talk.take(event)
    await screen.talk.say("by hand")
    mine = next(reversed(screen.talk.sent))
    await screen.talk.take(message(mine, "by hand", outgoing=True, state="queued"))
    assert screen.said() == ["me: from a script  ·", "me: by hand"]


async def test_the_chat_asks_to_be_told_of_what_this_home_sends(screen: Screen) -> None:
    following = asyncio.ensure_future(screen.talk.follow())
    while not screen.node.listened:
        await asyncio.sleep(0)
    following.cancel()
    assert screen.node.listened == [True]


async def test_signs_are_those_that_the_terminal_shows() -> None:
    shown: list[str] = []
    node = FakeNode("bob")

    def told(line: Line) -> None:
        shown.append("".join(text for _, text in line))

    talk = Talk(node, told, lambda: None, ASCII)
    await talk.open("bob")
    await talk.take(message("e1", "hi", outgoing=True, state="queued"))
    assert shown[-1].endswith("me: hi  .")
    assert all(line.isascii() for line in shown)
    assert "".join(text for _, text in talk.status_line()).isascii()
