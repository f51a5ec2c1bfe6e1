"""A line of a chat never claims less than was known before."""

from __future__ import annotations

from p2pchat.chat.lines import FINAL, STAGES, is_further, line_of, lines_of
from tests.support.fake_node import message


def test_a_stage_is_never_left_for_an_earlier_one() -> None:
    assert [is_further(stage, "relayed") for stage in STAGES] == [False] * 3 + [True] * 3
    assert not any(is_further(stage, stage) for stage in STAGES)
    assert all(is_further(stage, "queued") for stage in FINAL)


def test_a_message_becomes_a_line_with_all_that_is_known_of_it() -> None:
    line = line_of(message("1", "hi", outgoing=True, state="relayed", rewritten=True))
    assert (line.sender, line.contact, line.stage, line.rewritten) == ("me", "bob", "relayed", True)
    assert [each.id for each in lines_of([message("1", "a"), message("2", "b")])] == ["1", "2"]
