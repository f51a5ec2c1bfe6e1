"""The word list: enough words, and none that could be taken for another."""

import re
from itertools import pairwise

from p2pchat.wire.words import WORDS


def test_ten_bits_a_word() -> None:
    assert len(WORDS) == len(set(WORDS)) == 1024


def test_words_are_short_and_plain() -> None:
    assert all(re.fullmatch("[a-z]{4,7}", word) for word in WORDS)


def test_no_word_begins_another() -> None:
    in_order = sorted(WORDS)
    assert not [pair for pair in pairwise(in_order) if pair[1].startswith(pair[0])]


def test_no_word_becomes_another_by_one_letter_changed_added_or_lost() -> None:
    blurred = [word[:i] + "?" + word[i + 1 :] for word in WORDS for i in range(len(word))]
    assert len(set(blurred)) == len(blurred)
    shortened = {word[:i] + word[i + 1 :] for word in WORDS for i in range(len(word))}
    assert not shortened & set(WORDS)
