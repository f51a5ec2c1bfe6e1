"""The line about the own network is harmless, even if a text in it is hostile."""

from __future__ import annotations

import pytest

from p2pchat.control.answers import LanInfo
from p2pchat.wording.nearby import nearby


@pytest.mark.parametrize(
    ("addresses", "found", "problem", "line"),
    [
        (["192.168.1.7"], 0, "", "own network: at 192.168.1.7; others found there: none yet"),
        (["10.0.0.1", "192.168.1.7"], 3, "", "own network: at 10.0.0.1, 192.168.1.7; others found there: 3"),
        ([], 0, "cannot listen\x1b[2J", "own network: cannot listen"),
    ],
)
def test_a_line_says_where_and_how_many_or_what_is_wrong(
    addresses: list[str], found: int, problem: str, line: str
) -> None:
    told = nearby(LanInfo(addresses=addresses, found=found, problem=problem))
    assert told.startswith(line) and "\x1b" not in told
