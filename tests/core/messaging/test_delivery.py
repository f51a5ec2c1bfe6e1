"""What waits, what it counts as, and that little of it waits twice."""

from __future__ import annotations

import pytest

from p2pchat.core.effects import Persist
from p2pchat.core.inputs import Haste
from p2pchat.core.messaging.delivery import Delivery, kind_of, patient
from p2pchat.core.messaging.outputs import SendCell
from p2pchat.core.records import OutboxKind, PutOutbox
from p2pchat.types import MessageId
from p2pchat.wire import content
from p2pchat.wire import payload as wire
from tests.support.world import World

MESHES = [wire.MeshRenewed(generation, bytes([generation]) * 32) for generation in (1, 2)]


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


def test_each_payload_of_the_nodes_own_making_has_a_kind_that_is_not_a_persons() -> None:
    own: list[wire.Payload] = [
        wire.RekeyAnswer(1, b""),
        wire.RecoveryOffer(b"", b""),
        wire.Retention(0.0, 1),
        MESHES[0],
    ]
    assert [kind_of(payload) for payload in own] == [
        OutboxKind.REKEY,
        OutboxKind.RECOVERY,
        OutboxKind.RETENTION,
        OutboxKind.MESH,
    ]
    assert kind_of(content.Text(MessageId("0" * 32), 1.0, "hi")) is OutboxKind.TEXT


def test_of_payloads_that_replace_each_other_the_last_waits(delivery: Delivery) -> None:
    delivery.replace_payload(MESHES[0], 0.0)
    delivery.replace_payload(wire.Retention(60.0, 1), 0.0)
    delivery.replace_payload(MESHES[1], 0.0)
    waiting = [wire.decode_payload(item.entry.payload) for item in delivery.outbox]
    assert waiting == [wire.Retention(60.0, 1), MESHES[1]]
    assert delivery.waiting == 0  # no person waits for them


def test_nothing_leaves_without_a_link_and_all_of_it_is_kept(delivery: Delivery) -> None:
    delivery.connected = False
    (kept,) = delivery.enqueue_payload(MESHES[0])
    assert isinstance(kept, Persist) and isinstance(kept.change, PutOutbox)
    assert delivery.flush_outbox(0.0) == []


def test_a_receipt_that_counts_what_was_never_sent_is_anothers(delivery: Delivery) -> None:
    assert delivery.on_receipt(wire.DeliveryReceipt(delivery.session.payloads.next_number + 1, b"")) is None
    told = delivery.on_receipt(wire.DeliveryReceipt(0, b""))
    assert told is not None and not told.unknown


def test_what_nobody_waits_for_may_wait_for_cover() -> None:
    assert patient(SendCell(b"cell")) == SendCell(b"cell", Haste.PATIENT)
