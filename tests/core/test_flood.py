"""A cell goes on once, while it lives."""

from __future__ import annotations

import pytest

from p2pchat.core import flood
from p2pchat.core.flood import Flood
from p2pchat.crypto.envelope import EPOCH_SECONDS, FUTURE_EPOCHS, PAST_EPOCHS

NOW = 100 * EPOCH_SECONDS + 1.0


def test_a_cell_is_new_once() -> None:
    seen = Flood()
    assert seen.first_sight(b"a", 100, NOW)
    assert not seen.first_sight(b"a", 100, NOW)
    assert seen.first_sight(b"b", 100, NOW)


@pytest.mark.parametrize("epoch", range(90, 110))
def test_only_living_epochs_are_relayed(epoch: int) -> None:
    assert Flood().alive(epoch, NOW) == (100 - PAST_EPOCHS <= epoch <= 100 + FUTURE_EPOCHS)


def test_what_has_died_is_forgotten() -> None:
    seen = Flood()
    seen.first_sight(b"a", 100, NOW)
    later = NOW + (PAST_EPOCHS + 1) * EPOCH_SECONDS
    assert seen.first_sight(b"b", 105, later)
    assert seen._seen.keys() == {105}


def test_the_table_has_a_cap_and_forgets_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flood, "SEEN_CAP", 10)
    seen = Flood()
    for number in range(15):
        seen.first_sight(b"%d" % number, 99 + number % 2, NOW)
    assert seen.forgotten == 5
    assert sum(map(len, seen._seen.values())) == 10
    assert not seen.first_sight(b"14", 99, NOW)
