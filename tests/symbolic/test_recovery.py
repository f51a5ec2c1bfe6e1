"""A symbolic attacker explores how two make a new session, and gets no part in it, even with their recovery
keys."""

from __future__ import annotations

import pytest

from tests.symbolic.pairing import identity
from tests.symbolic.recovery import BOTH, NOBODY, Line, Recoveries, Run, scenes, search_three

ALICE, BOB = Run("asker", "alice", "bob"), Run("answerer", "bob", "alice")


@pytest.mark.parametrize("stolen", [NOBODY, frozenset({"alice"}), BOTH])
def test_any_two_honest_ends_are_safe_from_the_network(stolen: frozenset[str]) -> None:
    states = 0
    for chosen in scenes(2):
        attack = Recoveries(chosen, Line(stolen))
        assert attack.search() is None, chosen
        states += attack.states
    assert states > 100


@pytest.mark.parametrize("stolen", [NOBODY, frozenset({"alice"}), BOTH])
def test_an_end_that_is_challenged_once_more_is_there_and_no_other_is_taken_for_it(
    stolen: frozenset[str],
) -> None:
    """What an ask counts for when another asks, too: nothing that was said before makes two of one."""
    again = Line(stolen, again=True)
    attack = Recoveries((ALICE, BOB), again)
    assert attack.search() is None
    assert attack.paired == {(ALICE, identity("bob")), (BOB, identity("alice"))}
    for run in (ALICE, BOB):
        assert Recoveries((run,), again).search() is None


@pytest.mark.slow
def test_three_honest_ends_are_safe_from_the_network() -> None:
    """That they are if both were robbed, ``python -m tests.symbolic recovery`` shows in half a minute."""
    assert search_three(NOBODY) is None


def test_honest_ends_find_each_other() -> None:
    attack = Recoveries((ALICE, BOB), Line())
    assert attack.search() is None
    assert attack.paired == {(ALICE, identity("bob")), (BOB, identity("alice"))}


def test_a_thief_of_recovery_keys_would_be_taken_for_their_owner_if_olm_hid_nothing() -> None:
    """The search finds what is there to be found."""
    assert Recoveries((BOB,), Line(BOTH, hides=False)).search() is not None
    assert Recoveries((BOB,), Line(BOTH)).search() is None


def test_a_thief_of_the_asker_s_keys_can_ask_and_a_thief_of_our_own_cannot() -> None:
    """Else a copy of bob's home could have bob believe that alice's was copied."""
    with_hers, with_his = (Recoveries((BOB,), Line(frozenset({who}))) for who in ("alice", "bob"))
    assert with_hers.search() is with_his.search() is None
    assert with_hers.states > with_his.states
