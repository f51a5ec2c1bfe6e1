"""Recovery keys lead each end to the other, and neither end to a third."""

from __future__ import annotations

from dataclasses import replace

import pytest

from p2pchat.crypto.recovery import RecoveryKey, derive_roots, open_under, proved, seal_under, secret_for
from p2pchat.errors import Unreadable
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import Epoch
from p2pchat.wire.cell import decode_cell
from p2pchat.wire.geometry import GEOMETRY

EPOCH, SLOT, INDEX = Epoch(80_000), 3, 1
ALICE, BOB, EVE = (RecoveryKey.generate(SeededEntropy(name)) for name in ("alice", "bob", "eve"))
PLAIN = b"p" * GEOMETRY.plain


def test_a_cell_on_the_path_opens_at_the_other_end_alone() -> None:
    to_bob, from_bob = ALICE.derive_paths(BOB.public)
    to_alice, from_alice = BOB.derive_paths(ALICE.public)
    cell = decode_cell(to_bob.seal_cell(PLAIN, EPOCH, SLOT, INDEX))
    assert cell.tag == from_alice.derive_tag(EPOCH, SLOT, INDEX)
    assert from_alice.open_cell(cell, SLOT, INDEX) == PLAIN
    for path in (to_alice, from_bob, *EVE.derive_paths(ALICE.public), *EVE.derive_paths(BOB.public)):
        with pytest.raises(Unreadable):
            path.open_cell(cell, SLOT, INDEX)


@pytest.mark.parametrize(
    ("slot", "index", "later"), [(SLOT + 1, INDEX, 0), (SLOT, INDEX + 1, 0), (SLOT, INDEX, 1)]
)
def test_a_cell_is_bound_to_its_place(slot: int, index: int, later: int) -> None:
    to_bob, _ = ALICE.derive_paths(BOB.public)
    _, from_alice = BOB.derive_paths(ALICE.public)
    cell = decode_cell(to_bob.seal_cell(PLAIN, EPOCH, SLOT, INDEX))
    with pytest.raises(Unreadable):
        from_alice.open_cell(replace(cell, epoch=Epoch(EPOCH + later)), slot, index)


def test_a_point_that_is_none_makes_no_path() -> None:
    with pytest.raises(Unreadable):
        ALICE.derive_paths(replace(BOB.public, x25519=bytes(32)))


def test_a_secret_is_for_the_owner_of_the_key() -> None:
    secret, ciphertext = secret_for(BOB.public)
    assert BOB.decapsulate(ciphertext) == secret
    assert EVE.decapsulate(ciphertext) != secret


def test_what_is_sealed_under_a_secret_opens_under_its_label_alone() -> None:
    box = seal_under(b"s" * 32, "ask", b"keys")
    assert open_under(b"s" * 32, "ask", box) == b"keys"
    for secret, label, data in ((b"t" * 32, "ask", box), (b"s" * 32, "answer", box), (b"s" * 32, "ask", b"")):
        with pytest.raises(Unreadable):
            open_under(secret, label, data)


def test_the_roots_follow_from_all_that_was_exchanged() -> None:
    roots = derive_roots(b"k" * 32, b"h" * 32, b"ask", b"answer")
    assert roots == derive_roots(b"k" * 32, b"h" * 32, b"ask", b"answer")
    others = (
        derive_roots(b"l" * 32, b"h" * 32, b"ask", b"answer"),
        derive_roots(b"k" * 32, b"i" * 32, b"ask", b"answer"),
        derive_roots(b"k" * 32, b"h" * 32, b"aska", b"nswer"),
    )
    for other in others:
        assert {roots.initiator, roots.responder}.isdisjoint({other.initiator, other.responder})
    assert proved(b"k" * 32, b"c") != proved(b"k" * 32, b"d")
