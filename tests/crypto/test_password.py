"""A wrapped key opens for its passphrase however that is typed, and damage is refused rather than tried."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.crypto.password import (
    Cost,
    list_passphrase_forms,
    prepare_passphrase,
    stretch,
    unwrap,
    wrap,
)
from p2pchat.errors import Unreadable, UsageError

ROOT = Path(__file__).parents[2]
CHEAP = Cost(1, 8192)
SALT, NONCE = b"s" * 16, b"n" * 24


def test_a_key_comes_back_under_its_passphrase_only() -> None:
    key = stretch(b"correct horse", SALT, CHEAP)
    wrapped = wrap(key, b"data key", NONCE, b"here")
    assert unwrap(key, wrapped, NONCE, b"here") == b"data key"
    for other, place in ((stretch(b"wrong", SALT, CHEAP), b"here"), (key, b"there")):
        with pytest.raises(Unreadable):
            unwrap(other, wrapped, NONCE, place)
    with pytest.raises(Unreadable):
        unwrap(key, wrapped[:5], NONCE, b"here")


@pytest.mark.parametrize(
    ("typed", "prepared"),
    [
        ("correct horse", "correct horse"),
        ("cafe\u0301", "caf\u00e9"),
        ("a\u00a0b\u3000c\u2003d", "a b c d"),
        ("\u212b \ufb01", "\u00c5 \ufb01"),  # what only looks alike stays
        ("Ana\tBo \x07", "Ana\tBo \x07"),
    ],
)
def test_a_passphrase_is_prepared_by_the_rules_of_opaque_strings(typed: str, prepared: str) -> None:
    assert prepare_passphrase(typed) == prepared.encode()


TEXTS = st.text(st.sampled_from("ae\u0301\u0323\u00e9\u1ec7\uac00\u1100 \u00a0\u2000z"), max_size=6)


@given(text=TEXTS)
def test_what_was_set_in_any_form_is_tried_in_two_attempts(text: str) -> None:
    composed, decomposed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert prepare_passphrase(composed) == prepare_passphrase(decomposed) == prepare_passphrase(text)
    tried = {typed: list_passphrase_forms(typed) for typed in (text, composed, decomposed)}
    for typed, forms in tried.items():
        assert forms[0] == prepare_passphrase(typed)
        assert typed.encode() in forms
        assert len(forms) == len(set(forms)) <= 2
    if prepare_passphrase(composed) == composed.encode():  # no space was mapped
        assert {composed.encode(), decomposed.encode()} <= set(tried[composed]) & set(tried[decomposed])


def test_a_passphrase_of_one_form_is_tried_once() -> None:
    assert list_passphrase_forms("correct horse") == (b"correct horse",)


@pytest.mark.parametrize("cost", [Cost(0, 8192), Cost(1, 1), Cost(1 << 20, 8192), Cost(1, 1 << 40)])
def test_parameters_out_of_reason_are_damage(cost: Cost) -> None:
    with pytest.raises(Unreadable):
        stretch(b"x", SALT, cost)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to RLIMIT_AS")
def test_too_little_memory_is_said_in_a_line() -> None:
    """In a process of its own, since the limit stays."""
    attempt = (
        "import resource\n"
        "from p2pchat.crypto.password import Cost, stretch\n"
        "from p2pchat.errors import StoreError\n"
        "resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))\n"
        "try:\n"
        "    stretch(b'x', bytes(16), Cost(1, 2 << 30))\n"
        "except StoreError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", attempt], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout == "unlocking needs 2048 MB of free memory; close something and retry\n"


def test_the_default_is_libsodium_s_moderate() -> None:
    assert Cost() == Cost(3, 256 << 20)


def test_half_of_a_surrogate_pair_is_refused_and_not_repeated() -> None:
    for take in (prepare_passphrase, list_passphrase_forms):
        with pytest.raises(UsageError, match="surrogate") as refusal:
            take("secret\udc80")
        assert "secret" not in str(refusal.value)
        assert refusal.value.__suppress_context__, "a traceback would show the passphrase"
