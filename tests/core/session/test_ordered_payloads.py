"""Payloads come in the order of their numbers, and a receipt names each by what became of it."""

from __future__ import annotations

import pytest

from p2pchat.core.session.ordered_payloads import LINK_BYTES, SALT_BYTES, OrderedPayloads, opened_name
from p2pchat.crypto.olm import create_account
from p2pchat.errors import Unreadable
from p2pchat.wire.codec import Reader
from p2pchat.wire.payload import names

KEY = b"k" * 32
SALT = b"s" * SALT_BYTES


@pytest.fixture
def ends() -> tuple[OrderedPayloads, OrderedPayloads]:
    """Two ends that can read each other."""
    ours, theirs = create_account(KEY), create_account(KEY)
    sending = ours.begin_session(theirs.identity_key, theirs.one_time_key())
    receiving, _ = theirs.accept_session(ours.identity_key, sending.encrypt(b"hello"))
    return OrderedPayloads(sending), OrderedPayloads(receiving)


def test_payloads_are_numbered_and_open_in_their_order(ends: tuple[OrderedPayloads, OrderedPayloads]) -> None:
    ours, theirs = ends
    for number, text in enumerate((b"one", b"two")):
        given, ciphertext = ours.encrypt_next(text, SALT)
        assert given == theirs.expected == number
        assert theirs.follows_last(ciphertext)
        assert theirs.decrypt_next(ciphertext) == text
        theirs.count_taken(ciphertext, kept=True)
    assert ours.next_number == theirs.expected == 2


def test_a_receipt_says_what_was_kept_and_what_was_refused(
    ends: tuple[OrderedPayloads, OrderedPayloads],
) -> None:
    ours, theirs = ends
    made = []
    for kept in (True, False):
        number, ciphertext = ours.encrypt_next(b"text", SALT)
        theirs.decrypt_next(ciphertext)
        theirs.count_taken(ciphertext, kept)
        made.append(opened_name(number, ciphertext, kept))
    receipt = theirs.make_receipt(b"\x01")
    assert (receipt.next, receipt.partial) == (2, b"\x01")
    assert names(receipt.opened) == made


def test_what_another_copy_sends_under_the_same_number_does_not_follow(
    ends: tuple[OrderedPayloads, OrderedPayloads],
) -> None:
    ours, theirs = ends
    _, first = ours.encrypt_next(b"one", SALT)
    theirs.decrypt_next(first)
    theirs.count_taken(first, kept=True)
    _, second = ours.encrypt_next(b"two", SALT)
    assert not theirs.follows_last(bytes(LINK_BYTES) + second[LINK_BYTES:])
    theirs.skip_to(5)
    assert theirs.follows_last(second), "what lay between is not known"


def test_a_payload_without_its_salt_is_unreadable(ends: tuple[OrderedPayloads, OrderedPayloads]) -> None:
    ours, theirs = ends
    _, ciphertext = ours.encrypt_next(b"", b"")
    with pytest.raises(Unreadable):
        theirs.decrypt_next(ciphertext)


def test_numbers_only_go_forwards(ends: tuple[OrderedPayloads, OrderedPayloads]) -> None:
    _, theirs = ends
    theirs.skip_to(3)
    theirs.skip_to(1)
    assert theirs.expected == 3


def test_what_is_kept_is_read_back(ends: tuple[OrderedPayloads, OrderedPayloads]) -> None:
    ours, theirs = ends
    _, ciphertext = ours.encrypt_next(b"one", SALT)
    theirs.decrypt_next(ciphertext)
    theirs.count_taken(ciphertext, kept=True)
    theirs.told = 7
    kept = OrderedPayloads.read_kept(theirs.ratchet, Reader(theirs.as_values()))
    assert kept.as_values() == theirs.as_values()
    assert kept.make_receipt(b"") == theirs.make_receipt(b"")
