"""What leaves, and what a receipt may count."""

from __future__ import annotations

import pytest

from p2pchat.core.effects import Persist
from p2pchat.core.inputs import Haste
from p2pchat.core.messaging.delivery import Delivery, patient
from p2pchat.core.messaging.outputs import SendCell
from p2pchat.core.records import PutOutbox
from p2pchat.wire import payload as wire
from tests.support.world import World

MESH = wire.MeshRenewed(1, bytes(32))


@pytest.fixture
def delivery() -> Delivery:
    """Alice's, whose contact is away."""
    world = World()
    for name in ("alice", "bob"):
        world.add(name)
        world.start(name)
    world.pair("alice", "bob")
    world.run(30.0)
    world.kill("bob")
    return world.machines["alice"].running._conversations._by_id[world.conversation("alice", "bob")].delivery


def test_nothing_leaves_without_a_link_and_all_of_it_is_kept(delivery: Delivery) -> None:
    delivery.connected = False
    (kept,) = delivery.queue.enqueue_payload(MESH)
    assert isinstance(kept, Persist) and isinstance(kept.change, PutOutbox)
    assert delivery.flush_outbox(0.0) == []


def test_a_receipt_that_counts_what_was_never_sent_is_anothers(delivery: Delivery) -> None:
    assert delivery.on_receipt(wire.DeliveryReceipt(delivery.session.payloads.next_number + 1, b"")) is None
    told = delivery.on_receipt(wire.DeliveryReceipt(0, b""))
    assert told is not None and not told.unknown


def test_cells_that_are_not_urgent_may_wait_for_cover() -> None:
    assert patient(SendCell(b"cell")) == SendCell(b"cell", Haste.PATIENT)
