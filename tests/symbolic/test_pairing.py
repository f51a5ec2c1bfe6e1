"""A symbolic attacker explores pairing: it finds what was wrong with the old one, and nothing in this one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from tests.symbolic.pairing import (
    HERS,
    KNOWN_KEYS,
    MISBOUND,
    NEW,
    OLD,
    OTHERS,
    OURS,
    TESTABLE,
    Attack,
    Rules,
    Run,
    identity,
    scenes,
)
from tests.symbolic.terms import Knowledge, Value, atom, fn, message, power, public, sealed, wrapped

IN_THE_MIDDLE = (Run("guest", "alice", HERS), Run("host", "bob", OTHERS))
"""Mallory has invited alice, and was invited by bob."""


def explored(runs: Iterable[tuple[Run, ...]], steps: int = 99) -> int:
    states = 0
    for chosen in runs:
        attack = Attack(chosen, NEW, steps)
        assert attack.search() is None, chosen
        states += attack.states
    return states


def test_any_two_honest_runs_are_safe_from_the_network() -> None:
    assert explored(scenes(2)) > 2000


@pytest.mark.slow
def test_three_honest_runs_are_safe_for_five_deliveries() -> None:
    assert explored(scenes(3), steps=5) > 20_000


def test_honest_people_pair_and_mallory_pairs_as_herself() -> None:
    """Nothing is found because nothing is wrong, not because nothing happens."""
    alice, bob = Run("host", "alice", OURS), Run("guest", "bob", OURS)
    attack = Attack((alice, bob), NEW)
    assert attack.search() is None
    assert attack.paired == {(alice, identity("bob")), (bob, identity("alice"))}
    attack = Attack(IN_THE_MIDDLE, NEW)
    assert attack.search() is None
    assert attack.paired == {(run, identity("mallory")) for run in IN_THE_MIDDLE}


def test_the_unknown_key_share_of_the_old_protocol_is_found() -> None:
    found = Attack(IN_THE_MIDDLE, OLD, looking_for=MISBOUND).search()
    assert found is not None
    received = {type(each).__name__: each for _, each in found.steps}
    assert received["HostBundle"].identity is identity("bob")
    assert received["GuestBundle"].identity is identity("alice")
    assert "mallory" in (received["HostBundle"].nick, received["GuestBundle"].nick)


@pytest.mark.parametrize("what", [TESTABLE, KNOWN_KEYS])
def test_what_else_was_wrong_with_the_old_protocol_is_found(what: str) -> None:
    """A host's first answer tested a guess; and in the middle of two, mallory could have the envelope's keys,
    by a key of her own for ML-KEM in an honest bundle."""
    assert Attack(IN_THE_MIDDLE, OLD, looking_for=what).search() is not None


class Forgetful(Rules):
    """Binds less than all that was said."""

    def hello(self, said: Any, isk: Value, answer: Any) -> Value:
        return self.bind(isk, said, answer)

    def bind(self, isk: Value, said: Any, answer: Any) -> Value:
        raise NotImplementedError


class OnlyKeys(Forgetful):
    def bind(self, isk: Value, said: Any, answer: Any) -> Value:
        return fn("hello", answer.identity, answer.ciphertext)


class Nothing(Forgetful):
    def bind(self, isk: Value, said: Any, answer: Any) -> Value:
        return "hello"


@pytest.mark.parametrize("rules", [OnlyKeys, Nothing])
def test_a_hello_that_binds_less_is_found_out(rules: type[Forgetful]) -> None:
    assert Attack(IN_THE_MIDDLE, rules(host_confirms_first=False, bound=True)).search() is not None


# --- what the attacker can make


def test_the_attacker_undoes_nothing_without_a_key() -> None:
    key, secret, x, y = (atom(name) for name in ("key", "secret", "x", "y"))
    knows = Knowledge.of(
        [sealed(key, "", secret), fn("hash", secret), wrapped(public(key), x), power("G", y)]
    )
    assert not any(knows.derives(each) for each in (key, secret, x, y, power("G", x, y)))
    knows = knows.hear([message("said", ("key", key))])
    assert all(knows.derives(each) for each in (key, secret, x, fn("hash", secret), power("G", x, y)))
    assert not knows.derives(y)
    assert knows.heard("key") == {key}


def test_exponents_commute_and_terms_are_made_once() -> None:
    x, y = atom("x"), atom("y")
    assert power(power("G", x), y) is power(power("G", y), x)
    assert fn("f", x, y) is not fn("f", y, x)
    assert repr(x) == "x" and "power" in repr(power("G", x))
