"""A sealed file opens with its phrase, whole and in order, or not at all."""

from __future__ import annotations

import unicodedata

import pytest
from nacl.bindings import crypto_secretstream as sodium

from p2pchat.crypto.archive import (
    CHUNK_BYTES,
    HEADER_BYTES,
    MAGIC,
    PHRASE_WORDS,
    STREAM_BYTES,
    ArchiveOpening,
    ArchiveSeal,
    draw_phrase,
    settle_phrase,
)
from p2pchat.crypto.kdf import derive
from p2pchat.crypto.password import SALT_BYTES, stretch
from p2pchat.errors import Malformed, OtherVersion, RefusedInput, Unreadable
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.wire.words import WORDS
from tests.support.homes import CHEAP

WHOLE = bytes(CHUNK_BYTES)
PHRASE = "acorn actor admiral airport alarm album alcove alley almond zoom"


def sealed(phrase: str = PHRASE, seed: object = 0) -> tuple[bytes, list[bytes]]:
    """A header, and three chunks."""
    seal = ArchiveSeal(phrase, SeededEntropy(seed), CHEAP)
    return seal.header, [seal.seal_chunk(WHOLE), seal.seal_chunk(WHOLE), seal.seal_chunk(b"the rest", True)]


HEADER, CHUNKS = sealed()


def opened(header: bytes, chunks: list[bytes], phrase: str = PHRASE) -> list[tuple[bytes, bool]]:
    opening = ArchiveOpening(header, phrase)
    return [opening.open_chunk(chunk) for chunk in chunks]


def test_chunks_open_in_their_order() -> None:
    assert opened(HEADER, CHUNKS) == [(WHOLE, False), (WHOLE, False), (b"the rest", True)]


@pytest.mark.parametrize(
    "order", [[1], [2], [0, 0], [0, 2], [0, 1, 1], [0, 1, 0]], ids=lambda order: "".join(map(str, order))
)
def test_no_chunk_is_left_out_repeated_or_moved(order: list[int]) -> None:
    opening = ArchiveOpening(HEADER, PHRASE)
    for place in order[:-1]:
        opening.open_chunk(CHUNKS[place])
    with pytest.raises(Unreadable):
        opening.open_chunk(CHUNKS[order[-1]])


def test_no_chunk_of_another_file_opens() -> None:
    with pytest.raises(Unreadable):
        opened(HEADER, sealed(seed=1)[1][:1])
    with pytest.raises(Unreadable):
        opened(HEADER, CHUNKS[:1], "another phrase")


@pytest.mark.parametrize("bit", [0, 7, 8 * CHUNK_BYTES, 8 * len(CHUNKS[0]) - 1])
def test_no_chunk_opens_with_a_bit_turned(bit: int) -> None:
    turned = bytearray(CHUNKS[0])
    turned[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Unreadable):
        opened(HEADER, [bytes(turned)])


@pytest.mark.parametrize("bit", [0, 8 * len(MAGIC), 8 * 19, 8 * 23 + 4, 8 * 24, 8 * 40, 8 * HEADER_BYTES - 1])
def test_a_header_with_a_bit_turned_opens_nothing(bit: int) -> None:
    turned = bytearray(HEADER)
    turned[bit // 8] ^= 1 << bit % 8
    with pytest.raises(RefusedInput):
        opened(bytes(turned), CHUNKS[:1])


def test_only_the_last_chunk_may_be_short() -> None:
    seal = ArchiveSeal(PHRASE, SeededEntropy(0), CHEAP)
    with pytest.raises(Unreadable):
        opened(seal.header, [seal.seal_chunk(b"short")])


def test_a_header_that_asks_for_much_is_refused_at_once() -> None:
    costs = len(MAGIC) + 1
    for at in (costs, costs + 4):
        asks = bytearray(HEADER)
        asks[at : at + 4] = b"\x7f\xff\xff\xff"
        with pytest.raises(Malformed):
            ArchiveOpening(bytes(asks), PHRASE)
    later = bytearray(HEADER)
    later[len(MAGIC)] = 2
    with pytest.raises(OtherVersion):
        ArchiveOpening(bytes(later), PHRASE)


def test_a_drawn_phrase_has_ten_words_and_is_the_same_however_it_is_written() -> None:
    phrase = draw_phrase(SeededEntropy("phrase"))
    words = phrase.split(" ")
    assert len(words) == PHRASE_WORDS
    assert set(words) <= set(WORDS)
    assert settle_phrase("  " + phrase.upper().replace(" ", " - ") + "\n") == phrase
    assert settle_phrase("Ten Words of our own choice") == "Ten Words of our own choice"
    header, chunks = sealed(phrase)
    assert opened(header, chunks, phrase.title().replace(" ", ", "))[-1] == (b"the rest", True)


OWN = {form: unicodedata.normalize(form, "die Wörter, die ich für mich wählte") for form in ("NFC", "NFD")}


@pytest.mark.parametrize(("made", "typed"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_phrase_opens_however_its_letters_are_composed(made: str, typed: str) -> None:
    header, chunks = sealed(OWN[made])
    assert opened(header, chunks, OWN[typed]) == opened(header, chunks, OWN[made])
    with pytest.raises(Unreadable):
        opened(header, chunks, OWN[typed].upper())


def seal_unprepared(phrase: str) -> tuple[bytes, list[bytes]]:
    """What versions before made: sealed with the bytes of the phrase as they came."""
    header, _ = sealed(phrase)
    salt = header[-STREAM_BYTES - SALT_BYTES : -STREAM_BYTES]
    state = sodium.crypto_secretstream_xchacha20poly1305_state()
    key = derive(stretch(phrase.encode(), salt, CHEAP), "backup")
    sodium.crypto_secretstream_xchacha20poly1305_init_pull(state, header[-STREAM_BYTES:], key)
    tags = (
        sodium.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE,
        sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL,
    )
    return header, [
        sodium.crypto_secretstream_xchacha20poly1305_push(state, plain, header, tag)
        for plain, tag in zip((WHOLE, b"the rest"), tags, strict=True)
    ]


@pytest.mark.parametrize("made", ["NFC", "NFD"])
@pytest.mark.parametrize("typed", ["NFC", "NFD"])
def test_an_earlier_file_opens_too(made: str, typed: str) -> None:
    header, chunks = seal_unprepared(OWN[made])
    assert opened(header, chunks, OWN[typed]) == [(WHOLE, False), (b"the rest", True)]


def test_once_a_chunk_has_opened_no_other_form_is_tried() -> None:
    header, chunks = sealed(OWN["NFC"])
    opening = ArchiveOpening(header, OWN["NFD"])
    opening.open_chunk(chunks[0])
    with pytest.raises(Unreadable):
        opening.open_chunk(chunks[0])
    assert opening.open_chunk(chunks[1]) == (WHOLE, False)
