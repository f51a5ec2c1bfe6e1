"""Either side could have made the whole transcript: the host alone makes the guest's words up, and one judge
accepts both."""

from __future__ import annotations

from dataclasses import replace

import pytest

from p2pchat.core.deniability import (
    GUEST,
    HOST,
    Disclosure,
    Said,
    Transcript,
    altered,
    forged,
    honest,
    host,
    verify,
)
from p2pchat.crypto.olm import create_account
from p2pchat.errors import RefusedInput
from p2pchat.sim.entropy import SeededEntropy

NOW = 1_800_000_000.0
SAID: list[Said] = [
    (GUEST, "Meet me at nine."),
    (HOST, "Where?"),
    (HOST, "And who else?"),
    (GUEST, "At the bridge. " * 200),
    (GUEST, "Nobody else."),
    (HOST, "Fine."),
    (GUEST, "Good."),
]
WORDS = [(writer, text) for writer, text in SAID if writer == GUEST]
ENTROPY = SeededEntropy("deniability")
WHO = host(ENTROPY)
SOMEBODY = create_account(bytes(32))

Case = tuple[Transcript, Disclosure]


def true() -> Case:
    return honest(WHO, SOMEBODY, SAID, ENTROPY, NOW)


def made_up(said: list[Said] = SAID) -> Case:
    """Without ``SOMEBODY``: of them only the public key is used."""
    return forged(WHO, SOMEBODY.identity_key, said, ENTROPY, NOW)


def test_a_judge_accepts_what_really_was_said() -> None:
    assert verify(*true()) == WORDS


def test_and_accepts_what_the_host_made_up_alone() -> None:
    assert verify(*made_up()) == WORDS


def test_the_forger_may_put_any_words_into_the_guests_mouth() -> None:
    said = [(GUEST, "I owe you a million."), (HOST, "Thank you.")]
    assert verify(*made_up(said)) == said[:1]


@pytest.mark.parametrize("case", [true(), made_up()], ids=["true", "made up"])
def test_but_not_what_somebody_without_the_keys_has_altered(case: Case) -> None:
    transcript, disclosed = case
    with pytest.raises(RefusedInput):
        verify(altered(transcript), disclosed)


def test_nor_what_is_said_to_be_by_another_guest() -> None:
    transcript, disclosed = made_up()
    other = create_account(bytes(32)).identity_key
    with pytest.raises(RefusedInput):
        verify(replace(transcript, guest=other), disclosed)


def test_nor_what_was_said_to_another_host() -> None:
    transcript, disclosed = made_up()
    with pytest.raises(RefusedInput):
        verify(transcript, replace(disclosed, host=host(SeededEntropy("another"))))


def test_nor_words_of_another_session_of_the_two() -> None:
    (transcript, _), (_, disclosed) = made_up(), made_up()
    with pytest.raises(RefusedInput):
        verify(transcript, disclosed)


def test_the_two_are_alike_in_every_size() -> None:
    def sizes(case: Case) -> list[object]:
        transcript, disclosed = case
        lines = [(writer, [len(cell) for cell in cells]) for writer, cells in transcript.lines]
        return [len(transcript.opening), len(transcript.ciphertext), len(disclosed.turns), *lines]

    assert sizes(made_up()) == sizes(true())
