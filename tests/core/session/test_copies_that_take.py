"""A thief of a copy of a contact's home gets no message for a verified contact, replaces no recovery key of
the home, and silences no one."""

from __future__ import annotations

import pytest

from p2pchat.core.session.session import Session
from p2pchat.crypto.envelope import _bound, _cipher, epoch_at
from p2pchat.crypto.recovery import RecoveryKey
from p2pchat.wire.cell import Cell, encode_cell
from p2pchat.wire.fragment import Fragment, Lane, encode_fragment
from p2pchat.wire.payload import DeliveryReceipt, RecoveryOffer, encode_notice
from p2pchat.wire.recovery import SessionPosition
from tests.core.messaging.test_messages import friends
from tests.support.copies import (
    another_knock,
    copied,
    inject,
    received,
    said,
    session,
    talk,
    their_key,
    twin,
    verified,
)
from tests.support.memory_store import MemoryStore
from tests.support.world import World


@pytest.mark.parametrize(("renewals", "seed"), [(1, 0), (2, 1)])
def test_what_waits_for_a_verified_contact_goes_to_no_copy_without_a_word(renewals: int, seed: int) -> None:
    world = friends("r1", "r2", "r3", seed=seed)
    verified(world, "r1", "r2")
    said(world, "r2", "r1", 1, "before")
    older = copied(world, "r2")
    for _ in range(renewals):
        said(world, "r2", "r1", 55, "after the copy")
    said(world, "r1", "r2", 2, "since")
    world.run(60.0)
    world.kill("r2")
    world.run(5.0)
    world.send("r1", "r2", "for r2 alone")
    other = twin(world, "r2", older)
    world.run(5.0)
    keys = talk(world, other, "r1")._reunion.keys
    for cell in keys.make_cells(SessionPosition(b"unknown!", 1, 1), world.now):
        inject(world, other, cell)
    world.run(300.0)
    assert "for r2 alone" not in world.machines[other].store.received()


def test_a_copy_cannot_put_another_recovery_key_in_the_place_of_ours() -> None:
    world = friends("r1", "r2", "r3")
    said(world, "r1", "r2", 3, "before")
    world.run(30.0)
    key = their_key(world, "r1", "r2")
    older = copied(world, "r2")
    world.kill("r2")
    world.run(5.0)
    other = twin(world, "r2", older)
    world.run(5.0)
    thief = talk(world, other, "r1")
    another = RecoveryKey.generate(world.sim.entropy.make_child("thief")).public
    thief.delivery.queue.enqueue_payload(RecoveryOffer(another.x25519, another.encapsulation_key))
    world.send(other, "r1", "after it")
    world.run_until(lambda: "after it" in world.machines["r1"].store.received(), 60.0)
    assert their_key(world, "r1", "r2") == key


def test_a_contact_who_pairs_again_may_have_another_recovery_key() -> None:
    world = friends("r1", "r2")
    said(world, "r1", "r2", 1, "before")
    reunion = talk(world, "r1", "r2")._reunion
    another = RecoveryKey.generate(world.sim.entropy.make_child("another")).public
    offer = RecoveryOffer(another.x25519, another.encapsulation_key)
    assert reunion.keys.learn_theirs(offer, world.now) is None
    reunion.on_paired(session(world, "r1", "r2"))
    assert reunion.keys.learn_theirs(offer, world.now)
    assert their_key(world, "r1", "r2") == another


def test_knocks_without_end_cost_few_cells() -> None:
    world = friends("r1", "r2", "r3")
    said(world, "r1", "r2", 2, "before")
    world.run(30.0)
    counters = world.machines["r1"].running._counters
    before = counters["cells originated"]
    reunion = talk(world, "r2", "r1")._reunion
    for _ in range(240):
        for cell in reunion.keys.make_cells(another_knock(reunion), world.now):
            inject(world, "r2", cell)
        world.run(0.5)
    assert counters["cells originated"] - before <= 3 * (120 / 5 + 1) + 24


def test_a_cell_that_claims_to_have_seen_far_ahead_silences_no_contact() -> None:
    world = friends("r1", "r2", "r3")
    said(world, "r1", "r2", 3, "before")
    said(world, "r2", "r1", 1, "before")
    older = copied(world, "r2")
    world.run(60.0)
    inject(
        world, "r3", in_the_name_of_r1(world, older, session(world, "r2", "r1")._chains.sending.index + 3000)
    )
    world.run(5.0)
    said(world, "r2", "r1", 3, "still heard")
    world.run(900.0)
    assert len(received(world, "r1", "still heard")) == 3


def in_the_name_of_r1(world: World, older: MemoryStore, seen: int) -> bytes:
    """A cell by a thief of a copy of r2's home, which claims as r1 to have seen so many cells of r2."""
    (state,) = older.sessions.values()
    copy = Session.restore(state, older.identity.pickle_key)
    copy.follow_epochs(world.now)
    epoch = epoch_at(world.now)
    window = copy._chains._receiving[0]._windows[epoch]
    index = max(window.keys)
    where = (copy._chains.renewal.generation % 256) << 24 | epoch
    notice = encode_notice(DeliveryReceipt(0, b"", b""))
    fragment = Fragment(Lane.NOTICE, 0, 0, 0, 1, where, seen, notice)
    tag = window.tags[index]
    box = _cipher(window.keys[index]).encrypt(encode_fragment(fragment), [_bound(tag, epoch)])
    return encode_cell(Cell(tag, epoch, bytes(8), box))
