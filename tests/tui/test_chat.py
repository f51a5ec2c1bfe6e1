"""The chat on the whole screen shows everything once, claims only what it knows, and loses nothing typed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from textual.worker import WorkerFailed

from p2pchat.client import NodeBack
from p2pchat.control.events import LinkEvent, ReceiptEvent
from p2pchat.errors import ControlError
from tests.support.fake_node import AT, FakeNode, message, told
from tests.tui.conftest import Open

# --- reading


async def test_what_comes_is_shown_and_heard_and_elsewhere_counted(desk: Open) -> None:
    async with desk() as it:
        await it.chat.model.take_event(message("m1", "for you"))
        await it.chat.model.take_event(message("m2", "from carol", sender="carol"))
        await it.settle()
        assert any(line.endswith("for you") for line in it.lines)
        assert it.node.was_heard == ["m1"]
        assert "1 unread" in it.screen
        await it.press("ctrl+g")
        assert it.chat.model.current == "carol"
        assert it.node.was_heard == ["m1", "m2"]


async def test_messages_stay_unheard_while_the_chat_is_out_of_sight(desk: Open) -> None:
    async with desk() as it:
        it.chat.on_app_blur()
        await it.chat.model.take_event(message("m1", "hello?"))
        assert it.node.was_heard == []
        it.chat.on_app_focus()
        await it.settle()
        assert it.node.was_heard == ["m1"]


# --- writing


async def test_what_is_written_is_sent_and_marked(desk: Open) -> None:
    async with desk() as it:
        await it.type("hello there")
        await it.press("enter")
        await it.until(lambda: bool(it.node.sent))
        assert it.node.sent == [("bob", "hello there")]
        await it.settle()
        assert any(line.endswith("me hello there · queued") for line in it.lines)
        id = it.node.keys[0]
        await it.chat.model.take_event(told(ReceiptEvent, id=id, state="delivered", at=AT))
        await it.settle()
        assert any(line.endswith("me hello there ✓✓") for line in it.lines)
        await it.chat.model.take_event(told(ReceiptEvent, id=id, state="relayed", at=AT))
        assert any(line.endswith("me hello there ✓✓") for line in it.lines)


async def test_lines_written_before_come_back_and_a_message_may_have_several(desk: Open) -> None:
    async with desk() as it:
        await it.type("one")
        await it.press("ctrl+j")
        await it.type("two")
        await it.press("enter")
        await it.until(lambda: it.node.sent == [("bob", "one\ntwo")])
        await it.type("draft")
        await it.press("up")
        assert it.writing.text == "one\ntwo"
        await it.press("down")
        assert it.writing.text == "draft"
        await it.press("ctrl+c")
        assert it.writing.text == ""
        await it.press("up")
        assert it.writing.text == "draft", "what was cleared is not lost"


async def test_what_is_said_from_elsewhere_shows_in_the_talk_and_in_the_list(desk: Open) -> None:
    async with desk(size=(100, 24)) as it:
        it.node.happens(message("e1", "by a script", outgoing=True, state="queued"))
        it.node.happens(message("e2", "to carol", sender="carol", outgoing=True, state="queued"))
        await it.until(lambda: "you: to carol" in it.screen)
        assert any(line.endswith("me by a script · queued") for line in it.lines)
        assert "you: by a script" in it.screen
        it.node.happens(told(ReceiptEvent, id="e1", to="bob", state="delivered", at=AT))
        await it.until(lambda: any(line.endswith("me by a script ✓✓") for line in it.lines))
        assert it.chat.model.known.count_unread() == 0


async def test_a_line_that_was_rewritten_does_not_claim_to_be_delivered(desk: Open) -> None:
    node = FakeNode("bob")
    node.said = [message("1", "never said", outgoing=True, state="delivered", rewritten=True)]
    async with desk(node) as it:
        assert it.lines[1].endswith("me never said ✎ rewritten here")


async def test_without_a_link_no_contact_counts_as_here(desk: Open) -> None:
    async with desk() as it:
        assert "bob  here" in it.screen
        await it.chat.model.take_event(told(LinkEvent, links=0, change="down"))
        await it.settle()
        assert "here" not in it.screen.replace("here or away is not known", "")
        assert "● bob" not in it.screen
        assert "? bob" in it.screen
        await it.chat.model.take_event(told(LinkEvent, links=1, change="up"))
        await it.settle()
        assert "bob  here" in it.screen


def hear(node: FakeNode, at: datetime) -> None:
    """Bob was heard then."""
    node.people["bob"] = node.people["bob"].with_changes(heard_at=at.isoformat())


async def test_a_silent_contact_does_not_count_as_here(desk: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("p2pchat.tui.app.LOOK_S", 0.01)
    node = FakeNode("bob")
    hear(node, datetime.now(UTC))
    async with desk(node) as it:
        assert "bob  here" in it.screen
        hear(node, datetime.now(UTC) - timedelta(seconds=250))
        await it.until(lambda: "bob  heard 4 min ago" in it.screen)
        assert "? bob" in it.screen
        hear(node, datetime.now(UTC))
        await it.until(lambda: "bob  here" in it.screen)


async def test_what_was_said_while_the_node_was_gone_goes_out_when_it_is_back(
    desk: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("p2pchat.chat.sent.RETRY_S", 0.01)
    node = FakeNode("bob")
    node.refuse = [ControlError("no node"), ControlError("no node")]
    async with desk(node) as it:
        await it.type("patience")
        await it.press("enter")
        await it.until(lambda: bool(node.sent))
        assert node.sent == [("bob", "patience")]
        assert len(set(node.keys)) == 1
        node.on_change("the node has stopped; looking for another")
        await it.settle()
        assert "! the node has stopped" in it.screen
        node.on_change(NodeBack("the node is back"))
        await it.settle()
        assert "! the node" not in it.screen


# --- the end


async def _fail(desk: Open) -> None:
    async with desk() as it:
        it.chat._handle_exception(WorkerFailed(ZeroDivisionError("secret")))
        assert isinstance(it.chat.find_failure(), ZeroDivisionError)
        assert it.chat._exit_renderables == []


async def test_a_failure_is_handed_on_and_no_traceback_shows_what_was_in_memory(
    desk: Open, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(WorkerFailed):
        await _fail(desk)
    assert "Traceback" not in "".join(capsys.readouterr())


async def test_what_was_begun_before_the_last_end_is_there_again(desk: Open) -> None:
    node = FakeNode("bob", "carol")
    node.begun = {"bob": "half a line", "carol": "and you?"}
    async with desk(node) as it:
        assert it.writing.text == "half a line"
        await it.type(" more")
        await it.press("ctrl+n")
        assert it.writing.text == "and you?"
        await it.press("enter", "ctrl+q")
    assert node.begun == {"bob": "half a line more"}
