"""What keeps a node from everybody is said where it is certain, the nearest first."""

from __future__ import annotations

from typing import Any

import pytest

from p2pchat.wording.hindrances import hindrance
from tests.support.fake_node import status

DOWN = {"url": "ws://a:1", "up": False, "reason": "nothing listens there"}
ASKED = {"url": "ws://b:1", "up": False, "reason": ""}
CLOCK = {
    "ahead_s": 7200,
    "of": "ws://a:1",
    "doubt": "this machine's clock is 2 hours ahead of that of ws://a:1",
}


@pytest.mark.parametrize(
    ("so", "said"),
    [
        ({"no_way": "no way: x", "rendezvous": [DOWN], "clock": CLOCK}, "no way: x"),
        (
            {"rendezvous": [DOWN], "clock": CLOCK},
            "no rendezvous could be reached, ws://a:1: nothing listens there",
        ),
        ({"rendezvous": [DOWN, ASKED], "clock": CLOCK}, CLOCK["doubt"]),
        ({"rendezvous": [DOWN, ASKED]}, ""),
        ({"rendezvous": []}, ""),
        ({"links_up": 1, "rendezvous": [DOWN], "clock": CLOCK}, ""),
    ],
)
def test_the_nearest_that_is_certain_is_said(so: dict[str, Any], said: str) -> None:
    assert hindrance(status(**{"links_up": 0, **so})) == said
