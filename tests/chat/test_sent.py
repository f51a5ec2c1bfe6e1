"""What is said here is sent once, in its order, and never claims more than is known."""

from __future__ import annotations

import asyncio

import pytest

from p2pchat.chat.happenings import Moved, NodeLost, Refused
from p2pchat.chat.sent import FOLLOWED
from p2pchat.control.events import (
    CorrectedEvent,
    ForgottenEvent,
    ReceiptEvent,
    RewrittenEvent,
    State,
    WithdrawnEvent,
)
from p2pchat.control.values import extended
from p2pchat.errors import ControlError, LimitError
from tests.chat.conftest import Told
from tests.support import fake_node
from tests.support.fake_node import AT, message


async def handed_over(chat: Told) -> None:
    """Run until the node has all that was said."""
    sending = asyncio.ensure_future(chat.model.sent.send_texts())
    await chat.model.sent.all_handed_over()
    sending.cancel()


async def test_a_state_never_goes_back_and_ends_once(told: Told) -> None:
    told.node.states = ("queued",)
    line = told.model.say_text("hello")
    assert told.model.sent.count_undelivered() == 1
    await handed_over(told)
    states: tuple[State, ...] = ("delivered", "relayed")
    for state in states:
        await told.model.take_event(fake_node.told(ReceiptEvent, id=line.id, state=state, at=AT))
    assert told.of(Moved) == [Moved(line.id, "queued"), Moved(line.id, "delivered")]
    assert told.model.sent.count_undelivered() == 0


async def test_what_cannot_be_sent_is_given_back(told: Told) -> None:
    told.node.refuse = [LimitError("too many wait")]
    line = told.model.say_text("hello")
    await handed_over(told)
    assert told.of(Refused) == [Refused(line.id, "bob", "hello", "too many wait")]
    assert told.model.sent.count_undelivered() == 0


async def test_a_message_waits_for_a_node_and_is_sent_once(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("p2pchat.chat.sent.RETRY_S", 0)
    told.node.refuse = [ControlError("the node has stopped"), ControlError("the node has stopped")]
    told.model.say_text("hello")
    await handed_over(told)
    assert told.node.sent == [("bob", "hello")]
    assert told.of(NodeLost) == [NodeLost("the node has stopped; not sent yet: hello")] * 2


async def test_a_line_says_what_it_says_now(told: Told) -> None:
    corrected, withdrawn, rewritten = (told.model.say_text(text) for text in ("one", "two", "three"))
    await handed_over(told)
    for event in (
        extended(message(corrected.id, "one!", outgoing=True), CorrectedEvent, by="me"),
        extended(message(withdrawn.id, "", outgoing=True), WithdrawnEvent, by="me"),
        extended(message(rewritten.id, "never", outgoing=True), RewrittenEvent),
    ):
        await told.model.take_event(event)
    assert [line.text for line in told.model.sent.lines_sent("bob")] == ["one!", "", "never"]
    late = told.model.say_text("late")
    await told.model.take_event(fake_node.told(ForgottenEvent, contact="bob", id=corrected.id))
    assert [line.text for line in told.model.sent.lines_sent("bob")] == ["", "", "never", "late"]
    await told.model.take_event(fake_node.told(ForgottenEvent, contact="bob", id=None))
    assert [line.text for line in told.model.sent.lines_sent("bob")] == ["", "", "", "late"]
    assert told.model.sent.line_sent(late.id) == late


async def test_what_is_followed_has_its_cap(told: Told) -> None:
    for number in range(FOLLOWED + 5):
        told.model.say_text(str(number))
    assert told.model.sent.count_undelivered() == FOLLOWED


async def test_what_was_not_taken_is_named_at_the_end(told: Told) -> None:
    told.node.states = ("queued",)
    told.model.say_text("first")
    await handed_over(told)
    told.model.say_text("lost\nfor ever")
    assert told.model.sent.farewell_text() == (
        "the node did not answer; NOT sent to bob:\n  lost\n  for ever\n"
        "1 message is not delivered yet, and will go out while a node runs here: p2pchat node run"
    )
