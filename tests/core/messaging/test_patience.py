"""Messages wait for two weeks of a clock that no wrong one moves by more than an epoch."""

from __future__ import annotations

from p2pchat.core.messaging.patience import SEVERAL, Patience
from p2pchat.core.values import records
from p2pchat.crypto.envelope import EPOCH_SECONDS

NOW, DAY = 1_800_000_000.0, 86_400.0


def started(kept: records.PatienceState | None, now: float) -> Patience:
    patience = Patience(kept)
    patience.start(now)
    return patience


def test_it_goes_as_the_machine_s_clock_does_while_the_node_runs() -> None:
    patience = started(None, NOW)
    assert patience.count_waited(NOW + 5.0) == NOW + 5.0
    assert patience.time_of(NOW + 5.0) == NOW + 5.0
    assert not patience.confirm_clock(SEVERAL)


def test_over_a_short_stop_it_goes_on_as_time_does() -> None:
    kept = started(None, NOW).save_state(NOW + 100.0).patience
    assert started(kept, NOW + 1000.0).count_waited(NOW + 1000.0) == NOW + 1000.0


def test_a_leap_is_not_believed_until_several_others_show_it() -> None:
    kept = started(None, NOW).save_state(NOW).patience
    patience = started(kept, NOW + 15 * DAY)
    assert patience.count_waited(NOW + 15 * DAY) == NOW + EPOCH_SECONDS
    assert patience.time_of(patience.count_waited(NOW + 15 * DAY) + 7.0) == NOW + 15 * DAY + 7.0
    assert not patience.confirm_clock(SEVERAL - 1)
    assert patience.count_waited(NOW + 15 * DAY + 60.0) == NOW + EPOCH_SECONDS + 60.0
    assert patience.confirm_clock(SEVERAL)
    assert patience.count_waited(NOW + 15 * DAY + 60.0) == NOW + 15 * DAY + 60.0


def test_a_clock_that_goes_back_takes_nothing_away() -> None:
    kept = started(None, NOW).save_state(NOW).patience
    back = started(kept, NOW - 54 * 365 * DAY)
    assert back.count_waited(NOW - 54 * 365 * DAY) == NOW
    kept = back.save_state(NOW - 54 * 365 * DAY + 60.0).patience
    again = started(kept, NOW + 60.0)
    assert again.count_waited(NOW + 60.0) == NOW + 60.0 + EPOCH_SECONDS, "an epoch at most for every start"
