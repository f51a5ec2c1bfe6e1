"""What is said on the socket is read as it was declared, and what was not declared is not lost."""

from __future__ import annotations

from typing import Any

import pytest

from p2pchat.control import answers
from p2pchat.control.events import DECLARED, MessageEvent, ReceiptEvent, UnknownEvent, read_event
from p2pchat.control.values import Misfit, extended, given, plain, read_value
from p2pchat.errors import ControlError
from p2pchat.rpc import PendingCall

MESSAGE = {
    "type": "message",
    "id": "1",
    "from": "bob",
    "with": "bob",
    "room": None,
    "at": "2026-01-02T03:04:05.000Z",
    "text": "hi",
    "outgoing": False,
    "state": "delivered",
    "expires_at": None,
    "rewritten": False,
}


def test_an_event_is_of_its_class_and_goes_out_as_it_came() -> None:
    event = read_event(MESSAGE)
    assert isinstance(event, MessageEvent)
    assert (event.sender, event.contact, event.text) == ("bob", "bob", "hi")
    said = list(plain(event).items())
    assert said[: len(MESSAGE)] == list(MESSAGE.items()), "in this order, which scripts may have kept"
    assert not any(value for _, value in said[len(MESSAGE) :]), "what it does not say is empty"


def test_every_event_has_a_type_of_its_own() -> None:
    assert len(DECLARED) == 23
    assert all(kind.__struct_config__.tag_field == "type" for kind in DECLARED.values())


def test_what_a_newer_node_says_besides_is_kept_for_scripts() -> None:
    newer = {**MESSAGE, "mood": {"happy": [1]}}
    event = read_event(newer)
    assert isinstance(event, MessageEvent) and event.as_record() == newer
    assert event.with_changes(text="ho").as_record() == {**newer, "text": "ho"}


@pytest.mark.parametrize(
    "record",
    [{"type": "weather", "rain": True}, {**MESSAGE, "state": "read"}, {"type": "receipt"}],
    ids=["another type", "another word", "less"],
)
def test_an_event_of_a_newer_node_keeps_its_name_and_all_it_says(record: dict[str, object]) -> None:
    event = read_event(record)
    assert isinstance(event, UnknownEvent)
    assert (event.type, event.as_record()) == (record["type"], record)


def test_a_number_is_printed_as_the_node_wrote_it() -> None:
    contact = read_value(answers.ProcessInfo, {"pid": 1, "home": "/", "memory_kb": 2, "cpu_s": 3})
    assert isinstance(contact.cpu_s, float)
    assert contact.as_record()["cpu_s"] == 3 and isinstance(contact.as_record()["cpu_s"], int)


def test_each_of_a_list_is_kept() -> None:
    checks = [{"name": "disk", "ok": True, "found": "room", "more": n} for n in range(2)]
    assert [check.as_record() for check in read_value(list[answers.CheckResult], checks)] == checks


def test_what_was_not_said_is_not_written() -> None:
    receipt = ReceiptEvent(id="1", state="queued", at="")
    assert given(receipt.to) is None and "to" not in plain(receipt)


def test_a_larger_kind_takes_over_what_is_known() -> None:
    check = answers.DeliveryInfo(id="1", state="queued", at="")
    assert extended(check, ReceiptEvent, to="bob") == ReceiptEvent(id="1", state="queued", at="", to="bob")


@pytest.mark.parametrize("answer", [None, [], {"id": "1"}, {"id": 1, "state": "queued", "at": ""}])
async def test_an_answer_that_is_something_else_is_a_failure_and_no_value(answer: Any) -> None:
    with pytest.raises(Misfit):
        read_value(answers.DeliveryInfo, answer)
    asked = PendingCall(answers.DeliveryInfo)
    asked.set_result(answer)
    with pytest.raises(ControlError, match="another version: stop it"):
        await asked.wait_result()


async def test_what_is_no_event_is_passed_over() -> None:
    asked = PendingCall(type(None))
    for record in ({}, {"type": 1}, MESSAGE):
        asked.add_event(record)
    asked.set_result(None)
    assert [type(event) async for event in asked] == [MessageEvent]
