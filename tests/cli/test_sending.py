"""Whatever is sent, all commands wait for it and tell of it alike."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Run
from tests.support.fake_node import FakeNode

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
