"""A few rounds of the drills; `scripts/drill` runs fifty, `scripts/drill-send` a thousand messages, and
`scripts/drill-room` ten people for ten minutes."""

from __future__ import annotations

import pytest

from tests.support.processes import run_script

pytestmark = pytest.mark.real


@pytest.mark.timeout(300)
@pytest.mark.parametrize("options", [(), ("--kill-receiver", "--kill-relay")])
def test_killed_senders_lose_nothing_and_repeat_nothing(options: tuple[str, ...]) -> None:
    found = run_script("drill", "--rounds", "4", "--seed", "7", *options, within=280)
    assert (found["received"], found["false"], found["lost"], found["doubled"]) == (4, [], [], [])


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_four_scripts_and_a_receiver_that_dies_three_times() -> None:
    found = run_script("drill-send", "--messages", "24", "--kill-sends", "0.2", within=280)
    assert (found["received"], len(found["receiver_killed"]), found["untrue"]) == (24, 3, [])
    assert set(found["exit_codes_of_the_second_runs"]) == {"0"}


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_four_who_come_into_a_room_at_once_and_are_killed_have_all_that_is_theirs() -> None:
    found = run_script("drill-room", "--members", "4", "--minutes", "0.4", "--seed", "3", within=280)
    assert found["did"]["messages accepted"] > 4 and found["did"]["invited"] == 3
    assert [found[what] for what in ("lost", "betrayed", "doubled", "invented", "disordered")] == [[]] * 5
