"""What is due happens in the order of its times, and of its entry where these are equal."""

from __future__ import annotations

from typing import Any

from p2pchat.sim.agenda import Agenda


def test_actions_run_by_time_then_by_entry_up_to_the_end() -> None:
    agenda, ran = Agenda(10.0), list[tuple[float, Any]]()
    for when, name in ((12.0, "b"), (11.0, "a"), (12.0, "c"), (20.0, "late"), (5.0, "passed")):
        agenda.call_at(when, lambda first, _: ran.append((agenda.now, first)), name)
    agenda.run(15.0)
    assert ran == [(10.0, "passed"), (11.0, "a"), (12.0, "b"), (12.0, "c")]
    assert agenda.now == 15.0


def test_one_action_runs_at_a_time_if_it_is_due() -> None:
    agenda, ran = Agenda(0.0), list[Any]()
    agenda.call_at(1.0, lambda first, second: ran.append((first, second)), "a", "b")
    assert not agenda.run_next(0.5)
    assert agenda.run_next(1.0) and ran == [("a", "b")]
    assert not agenda.run_next(9.0)
