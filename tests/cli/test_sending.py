"""Whatever is sent, all commands wait for it and tell of it alike."""

from __future__ import annotations

import json

import pytest

from p2pchat.cli.sending import record_state, say_state
from p2pchat.control.answers import DeliveryInfo
from tests.cli.conftest import Run
from tests.support.fake_node import AT, FakeNode, answer

ID = "9f86d081884c7d659a2feaa0c55ad015"


@pytest.mark.parametrize(
    "command", [("send", "bob", "hi"), ("react", ID, "+1"), ("correct", ID, "ho"), ("withdraw", ID, "--yes")]
)
def test_each_command_prints_how_far_it_has_come(
    command: tuple[str, ...], p2pchat: Run, node: FakeNode
) -> None:
    ran = p2pchat(*command, "--wait", "queued", "--timeout", "5", "--json")
    assert ran.code == 0, ran.err
    receipt = json.loads(ran.lines[-1])
    assert list(receipt) == ["type", "id", "state", "at"]
    assert receipt["type"] == "receipt"


@pytest.mark.parametrize(
    "goal", ["delivered:0", "delivered:50", "delivered:x", "delivered:", "read", "queued:1"]
)
def test_what_cannot_be_waited_for_is_exit_code_2(goal: str, p2pchat: Run, node: FakeNode) -> None:
    ran = p2pchat("send", "#friends", "hi", "--wait", goal)
    assert ran.code == 2
    assert "queued, relayed, delivered, or delivered:K" in ran.err
    assert node.sent == []


def test_a_room_is_waited_for_with_a_number_of_members(p2pchat: Run, node: FakeNode) -> None:
    assert p2pchat("send", "#friends", "hi", "--wait", "delivered:12").code == 0
    assert p2pchat("send", "#friends", "ho").code == 0
    assert node.members == [12, None]


def test_in_a_room_it_is_said_how_many_have_it(node: FakeNode, capsys: pytest.CaptureFixture[str]) -> None:
    reached = answer(DeliveryInfo, id=ID, state="relayed", at=AT, reached=2, of=5)
    say_state(reached)
    say_state(answer(DeliveryInfo, id=ID, state="relayed", at=AT, reached=0, of=5))
    assert capsys.readouterr().err == "delivered to 2 of 5\nrelayed\n"
    record_state(reached)
    assert json.loads(capsys.readouterr().out) == {
        "type": "receipt",
        "id": ID,
        "state": "relayed",
        "at": AT,
        "reached": 2,
        "of": 5,
    }
