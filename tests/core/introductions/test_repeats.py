"""When a word is said again."""

from __future__ import annotations

from p2pchat.core.introductions.repeats import FIRST_S, HURRY_S, LAST_S, WordRepeats
from p2pchat.core.kit.moments import NEVER
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import IntroductionId

ID = IntroductionId(bytes(16))


def test_each_wait_is_about_twice_the_one_before_and_half_a_day_at_most() -> None:
    repeats = WordRepeats(SeededEntropy(1))
    repeats.note_links(True, 0.0)
    repeats.begin_repeats(ID, 0.0)
    now, expected = 0.0, FIRST_S
    for _ in range(16):
        due = repeats.next_wakeup()
        assert 0.5 * expected <= due - now <= 1.5 * expected
        assert repeats.take_due(due - 0.001) == [] and repeats.take_due(due) == [ID]
        now, expected = due, min(2 * expected, LAST_S)
    assert expected == LAST_S
    repeats.end_repeats(ID)
    assert repeats.next_wakeup() == NEVER


def test_without_a_link_nothing_is_said_and_with_one_it_soon_is() -> None:
    repeats = WordRepeats(SeededEntropy(1))
    repeats.begin_repeats(ID, 0.0)
    assert repeats.next_wakeup() == NEVER and repeats.take_due(1e9) == []
    repeats.note_links(True, 1e6)
    assert HURRY_S[0] <= repeats.next_wakeup() - 1e6 <= HURRY_S[1]
    repeats.note_links(True, 2e6)
    assert repeats.next_wakeup() < 1e6 + HURRY_S[1] + 1
