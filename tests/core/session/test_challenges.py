"""A knock is challenged under a key that is good, and not more often than a few cells are worth."""

from __future__ import annotations

from collections import Counter

import pytest

from p2pchat.core.session.challenges import KNOCKS_MAX, REPEAT_S, Challenges
from p2pchat.core.session.halves import OwnKeys, TheirKeys
from p2pchat.core.session.handshake import name_of
from p2pchat.crypto.recovery import open_under, proved, secret_for
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.wire.geometry import CIPHERTEXT_BYTES
from p2pchat.wire.recovery import KEY_NAME_BYTES, Knock

OURS, THEIRS = (OwnKeys.draw_first(SeededEntropy(name)) for name in ("ours", "theirs"))


@pytest.fixture
def challenges() -> Challenges:
    return Challenges(Counter())


def knock() -> tuple[bytes, Knock]:
    """The contact knocks; the secret in it."""
    secret, ciphertext = secret_for(OURS.newest.public)
    return secret, Knock(ciphertext, OURS.newest.public.name, THEIRS.list_names())


def theirs() -> TheirKeys:
    return TheirKeys(THEIRS.newest.public)


def test_only_the_contact_s_key_meets_the_challenge(challenges: Challenges) -> None:
    secret, word = knock()
    known = challenges.take_knock(name_of(word), word, OURS, theirs(), 0.0)
    assert known is not None and challenges.find_knock(name_of(word)) is known
    opened = open_under(secret, "challenge", known.challenge.box)
    assert len(opened) == KEY_NAME_BYTES + CIPHERTEXT_BYTES
    key = THEIRS.find_key(opened[:KEY_NAME_BYTES])
    assert key is not None
    assert proved(secret, key.decapsulate(opened[KEY_NAME_BYTES:])) == known.proved


@pytest.mark.parametrize("ours", [True, False])
def test_a_knock_under_a_key_that_is_not_good_is_counted_and_not_challenged(ours: bool) -> None:
    counters = Counter[str]()
    _, word = knock()
    nobody = bytes(KEY_NAME_BYTES)
    bad = Knock(word.ciphertext, nobody, word.own) if ours else Knock(word.ciphertext, word.key, nobody)
    assert Challenges(counters).take_knock(b"name", bad, OURS, theirs(), 0.0) is None
    assert counters["knocks under a key that is not good"] == 1


def test_another_knock_has_to_wait(challenges: Challenges) -> None:
    _, word = knock()
    assert challenges.take_knock(b"first", word, OURS, theirs(), 0.0) is not None
    assert challenges.take_knock(b"second", word, OURS, theirs(), REPEAT_S - 1.0) is None
    assert challenges.passed_at == REPEAT_S - 1.0
    assert challenges.take_knock(b"second", word, OURS, theirs(), REPEAT_S) is not None


def test_few_knocks_are_remembered(challenges: Challenges) -> None:
    for number in range(KNOCKS_MAX + 1):
        _, word = knock()
        challenges.take_knock(b"%d" % number, word, OURS, theirs(), number * REPEAT_S)
    assert challenges.find_knock(b"0") is None and challenges.find_knock(b"1") is not None
    challenges.forget_knock(b"1")
    assert challenges.find_knock(b"1") is None
    challenges.forget_all()
    assert challenges.find_knock(b"2") is None
