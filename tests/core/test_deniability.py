"""Either side could have made the whole transcript: the host alone makes the guest's words up, and one judge
accepts both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from unittest.mock import patch

import pytest

from p2pchat.core.deniability import (
    GUEST,
    HOST,
    Disclosure,
    SealedTranscript,
    Utterance,
    altered,
    forged,
    honest,
    host,
    verify,
)
from p2pchat.core.values.references import ReferenceKind
from p2pchat.crypto.identity import fingerprint, received_id
from p2pchat.crypto.olm import create_account
from p2pchat.errors import RefusedInput, Unreadable
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import MessageId
from p2pchat.wire.content import Correction, Reaction, Text, UnknownContent, Withdrawal
from p2pchat.wire.geometry import GEOMETRY

REACTION, CORRECTION, WITHDRAWAL = ReferenceKind

NOW = 1_800_000_000.0
SAID: list[Utterance] = [
    Utterance(GUEST, "Meet me at nine."),
    Utterance(HOST, "Where?"),
    Utterance(HOST, "And who else?"),
    Utterance(GUEST, "At the bridge. " * 200),
    Utterance(GUEST, "We two alone."),
    Utterance(HOST, "Fine."),
    Utterance(GUEST, "Good."),
]
WORDS = [said.text for said in SAID if said.writer == GUEST]
REFERRING: list[Utterance] = [
    *SAID[:2],
    Utterance(GUEST, "🎉", REACTION, about=1),
    Utterance(HOST, "👍", REACTION, about=0),
    Utterance(GUEST, "", REACTION, about=1),
    Utterance(GUEST, "Meet me at ten.", CORRECTION, about=0),
    Utterance(GUEST, "At the old bridge."),
    Utterance(GUEST, "", WITHDRAWAL, about=6),
    Utterance(HOST, "", WITHDRAWAL, about=1),
]
ENTROPY = SeededEntropy("deniability")
WHO = host(ENTROPY)
SOMEBODY = create_account(bytes(32))
GUESTS = fingerprint(SOMEBODY.identity_key)

Case = tuple[SealedTranscript, Disclosure]


def words(transcript: SealedTranscript, disclosed: Disclosure) -> list[str]:
    """The texts that a judge finds, of the guest."""
    return [content.text for content in verify(transcript, disclosed) if isinstance(content, Text)]


def true(said: list[Utterance] = SAID) -> Case:
    return honest(WHO, SOMEBODY, said, ENTROPY, NOW)


def made_up(said: list[Utterance] = SAID) -> Case:
    """Without ``SOMEBODY``: of them only the public key is used."""
    return forged(WHO, SOMEBODY.identity_key, said, ENTROPY, NOW)


def test_a_judge_accepts_what_really_was_said() -> None:
    assert words(*true()) == WORDS


def test_and_accepts_what_the_host_made_up_alone() -> None:
    assert words(*made_up()) == WORDS


@pytest.mark.parametrize("case", [true(), made_up()], ids=["true", "made up"])
def test_that_the_guest_answers_a_message_is_made_up_as_easily(case: Case) -> None:
    texts = [content for content in verify(*case) if isinstance(content, Text)]
    assert [text.answers is not None for text in texts] == [False, True, True, True]
    assert str(texts[2].answers) == received_id(GUESTS, texts[1].id)


@pytest.mark.parametrize("case", [true(REFERRING), made_up(REFERRING)], ids=["true", "made up"])
def test_and_that_the_guest_reacts_corrects_or_withdraws(case: Case) -> None:
    first, reaction, taken_back, correction, second, withdrawal = verify(*case)
    assert isinstance(reaction, Reaction) and isinstance(taken_back, Reaction)
    assert (reaction.sign, taken_back.sign) == ("🎉", "")
    assert reaction.to == taken_back.to and reaction.turn < taken_back.turn
    assert isinstance(second, Text) and second.answers == reaction.to
    assert isinstance(correction, Correction) and correction.text == "Meet me at ten."
    assert isinstance(withdrawal, Withdrawal)
    assert (correction.of, withdrawal.of) == (first.id, second.id)


def test_what_a_person_does_not_say_is_no_line() -> None:
    unknown = UnknownContent(63, MessageId("0" * 32), NOW)
    with patch("p2pchat.core.deniability._Contents.write_content", lambda *_: unknown):
        transcript, disclosed = honest(WHO, SOMEBODY, SAID[:1], ENTROPY, NOW)
    with pytest.raises(Unreadable):
        verify(transcript, disclosed)


def test_the_forger_may_put_any_words_into_the_guests_mouth() -> None:
    said = [
        Utterance(GUEST, "I owe you a million."),
        Utterance(HOST, "Thank you."),
        Utterance(GUEST, "👍", REACTION, 1),
    ]
    text, reaction = verify(*made_up(said))
    assert isinstance(text, Text) and isinstance(reaction, Reaction)
    assert (text.text, reaction.sign) == ("I owe you a million.", "👍")


@pytest.mark.parametrize("case", [true(), made_up()], ids=["true", "made up"])
def test_but_not_what_somebody_without_the_keys_has_altered(case: Case) -> None:
    transcript, disclosed = case
    with pytest.raises(RefusedInput):
        verify(altered(transcript), disclosed)


def test_nor_anything_with_one_bit_changed_wherever_it_is() -> None:
    transcript, disclosed = made_up([Utterance(GUEST, "I owe you a million."), Utterance(HOST, "Thank you.")])
    accepted = [where for where, other in _with_one_bit_changed(transcript) if _accepts(other, disclosed)]
    assert accepted == []


@pytest.mark.parametrize("place", range(len(SAID) - 1))
def test_nor_a_transcript_from_which_a_line_was_taken(place: int) -> None:
    transcript, disclosed = made_up()
    rest = transcript.lines[:place] + transcript.lines[place + 1 :]
    assert not _accepts(replace(transcript, lines=rest), disclosed)


def test_nor_one_with_a_line_emptied_shortened_or_repeated() -> None:
    transcript, disclosed = made_up()
    for place, (writer, cells) in enumerate(transcript.lines):
        for other in ([(writer, ())], [(writer, cells[:-1])], [(writer, cells)] * 2):
            lines = (*transcript.lines[:place], *other, *transcript.lines[place + 1 :])
            assert not _accepts(replace(transcript, lines=lines), disclosed)


def test_nor_one_for_which_the_host_keeps_secrets_back() -> None:
    transcript, disclosed = made_up()
    assert not _accepts(transcript, replace(disclosed, turns=disclosed.turns[:1]))


def test_the_end_of_a_conversation_cannot_be_shown() -> None:
    transcript, disclosed = made_up()
    assert words(replace(transcript, lines=transcript.lines[:4]), disclosed) == WORDS[:2]


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


def _accepts(transcript: SealedTranscript, disclosed: Disclosure) -> bool:
    try:
        verify(transcript, disclosed)
    except RefusedInput:
        return False
    return True


def _flipped(data: bytes, whole: int = 0) -> Iterator[tuple[int, bytes]]:
    """With one bit flipped: in each of the first ``whole`` bytes and in some of the others (the judge takes
    ten milliseconds for each). The highest bit, too, which X25519 ignores in a point."""
    for place in [*range(whole), *range(whole, len(data), 1 + len(data) // 20), len(data) - 1]:
        bit = 0x80 if place % 2 else 0x01
        yield place, data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :]


def _with_one_bit_changed(true: SealedTranscript) -> Iterator[tuple[str, SealedTranscript]]:
    """Everywhere: keys, ciphertext, first message, cells, of these the whole header."""
    for place, data in _flipped(true.guest):
        yield f"guest {place}", replace(true, guest=data)
    for place, data in _flipped(true.ciphertext):
        yield f"ciphertext {place}", replace(true, ciphertext=data)
    for place, data in _flipped(true.opening):
        yield f"opening {place}", replace(true, opening=data)
    for number, (writer, cells) in enumerate(true.lines):
        for place, data in _flipped(cells[0], GEOMETRY.cell - GEOMETRY.box):
            lines = (*true.lines[:number], (writer, (data, *cells[1:])), *true.lines[number + 1 :])
            yield f"line {number}, {place}", replace(true, lines=lines)
