"""A renewal gives a thief of earlier keys nothing, unless he has both locks and stands in the middle.

``core.session.renewal`` itself runs over terms; its two messages travel inside Olm, which is here one key of
the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, product
from typing import Any
from unittest.mock import patch

import pytest

from p2pchat.core.session import renewal
from p2pchat.wire import payload
from tests.symbolic.pairing import opened, said_as
from tests.symbolic.terms import Knowledge, Term, Value, atom, fn, public, sealed, wrapped

OLM, KEY = atom("Olm"), atom("renewal key")
MINE = atom("mallory's seed"), atom("mallory's KEM secret")
Renewal: Any = renewal.Renewal
wire: Any = payload


@dataclass(frozen=True)
class Pair:
    """A pair of ML-KEM keys."""

    seed: Value

    @property
    def encapsulation_key(self) -> Term:
        return public(self.seed)

    def decapsulate(self, ciphertext: Term) -> Value:
        return opened(ciphertext, self.seed)


@contextmanager
def symbolically() -> Iterator[None]:
    numbers = count()

    class Fresh(Pair):
        @classmethod
        def generate(cls, entropy: object) -> Pair:
            return Pair(atom(f"seed {next(numbers)}"))

        from_seed = Pair

    def encapsulate(ek: Value) -> tuple[Term, Term]:
        secret = atom(f"secret {next(numbers)}")
        return secret, wrapped(ek, secret)

    def roots(secret: Value, *said: Value) -> tuple[Term, Term]:
        return fn("leader's root", secret, *said), fn("follower's root", secret, *said)

    with (
        patch.object(renewal, "derive", lambda key, label, *parts: fn(label, key, *parts)),
        patch.object(renewal, "roots", roots),
        patch.object(renewal, "KemKey", Fresh),
        patch.object(renewal, "encapsulate", encapsulate),
    ):
        yield


def roots_had(stolen: frozenset[Value], meddling: bool, generations: int) -> tuple[bool, bool]:
    """Whether mallory derives a root of either end in some way, and whether both ends always have the same.
    ``meddling``: she passes on what she can make herself instead of what was said."""
    had, same = False, True
    choices = (False, True) if meddling else (False,)
    for chosen in product(choices, repeat=2 * generations):
        with symbolically():
            leader, follower = Renewal(True, KEY, 0.0), Renewal(False, KEY, 0.0)
            knows = Knowledge.of([*stolen, *MINE])
            for number in range(generations):
                offer = leader.make_offer(None, 0)
                knows = knows.hear([sealed(OLM, "", said_as(offer))])
                hers = wire.RekeyOffer(offer.generation, 0, public(MINE[0]))
                offer = _passed(offer, hers, chosen[2 * number], knows)
                answer, theirs = follower.answer_offer(offer, 0.0)
                knows = knows.hear([sealed(OLM, "", said_as(answer))])
                hers = wire.RekeyAnswer(answer.generation, wrapped(public(leader.seed), MINE[1]))
                answer = _passed(answer, hers, chosen[2 * number + 1], knows)
                ours = leader.complete_renewal(answer, 0.0)
                had |= any(knows.derives(root) for root in (*ours, *theirs))
                same &= ours == theirs[::-1]
    return had, same


def _passed(said: Any, hers: Any, meddles: bool, knows: Knowledge) -> Any:
    """What arrives: what was said, or mallory's own where she can seal it."""
    return hers if meddles and knows.derives(sealed(OLM, "", said_as(hers))) else said


@pytest.mark.parametrize("generations", [1, 2])
@pytest.mark.parametrize(
    "stolen", [(), (OLM,), (KEY,), (OLM, KEY)], ids=["nothing", "Olm", "the key", "both"]
)
@pytest.mark.parametrize("meddling", [False, True], ids=["listening", "meddling"])
def test_only_an_attacker_in_the_middle_with_both_keys_has_the_next_roots(
    stolen: tuple[Value, ...], meddling: bool, generations: int
) -> None:
    had, same = roots_had(frozenset(stolen), meddling, generations)
    assert had == (meddling and set(stolen) == {OLM, KEY})
    assert same == (not (meddling and OLM in stolen)), "without Olm's key nothing is altered"
