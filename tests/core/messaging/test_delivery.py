"""What leaves, and what a receipt may count."""

from __future__ import annotations

import pytest

from p2pchat.core.messaging.delivery import Delivery, patient
from p2pchat.core.messaging.outputs import SendCell
from p2pchat.core.values.changes import PutOutbox
from p2pchat.core.values.effects import MessageMoved, Notify, Persist
from p2pchat.core.values.records import OutboxEntry
from p2pchat.core.values.user_inputs import Haste
from p2pchat.sim.world import START
from p2pchat.types import MessageId, MessageState, Tag
from p2pchat.wire import payload as wire
from p2pchat.wire.cell import tag_of
from p2pchat.wire.content import Text
from tests.support.world import World

NOW = START + 100.0
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
    found = world.machines["alice"].running._conversations._by_id[world.conversation("alice", "bob")].delivery
    found.connected = True
    return found


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


def sent(delivery: Delivery) -> Tag:
    """A message leaves; the tag of its cell."""
    delivery.queue.enqueue_payload(MESH)
    (cell,) = (each for each in delivery.flush_outbox(NOW) if isinstance(each, SendCell))
    tag = tag_of(cell.cell)
    delivery.on_cell_left(tag, NOW)
    return tag


def test_a_cell_that_is_lost_with_its_link_is_asked_after_at_once(delivery: Delivery) -> None:
    tag = sent(delivery)
    due = delivery.probe_at
    assert due is not None and due > NOW + 1.0
    delivery.on_cell_lost(Tag(bytes(16)), NOW + 1.0)
    assert delivery.probe_at == due, "that cell is of another conversation"
    delivery.on_cell_lost(tag, NOW + 1.0)
    assert delivery.probe_at == NOW + 1.0
    (repeat,) = (each for each in delivery.send_probe(NOW + 1.0) if isinstance(each, SendCell))
    assert repeat.haste is Haste.PATIENT and tag_of(repeat.cell) != tag


def test_a_message_is_relayed_when_all_of_its_cells_came_back_from_the_mesh(delivery: Delivery) -> None:
    conversation = delivery.queue._conversation
    text = wire.encode_payload(Text(MessageId("1" * 32), NOW, bytes(range(33, 126)).decode() * 99))
    entry = OutboxEntry(MessageId("1" * 32), conversation, text, 1, NOW + 1000.0)
    delivery.queue.keep_entry(entry)
    tags = [tag_of(each.cell) for each in delivery.flush_outbox(NOW) if isinstance(each, SendCell)]
    assert len(tags) > 1
    for tag in tags:
        delivery.on_cell_left(tag, NOW)
    told = [delivery.on_cell_returned(tag, NOW + 1.0) for tag in (*tags[1:], tags[1], tags[0], tags[0])]
    moved = Notify(MessageMoved(entry.id, conversation, MessageState.RELAYED, NOW + 1.0))
    assert [moved in each for each in told] == [False] * len(tags) + [True, False]


def test_a_cell_of_a_message_that_was_delivered_is_not_asked_after(delivery: Delivery) -> None:
    tag = sent(delivery)
    for item in delivery.outbox:
        delivery.outbox.remove(item.entry.id)
    due = delivery.probe_at
    delivery.on_cell_lost(tag, NOW + 1.0)
    assert delivery.probe_at == due


def test_what_is_lost_does_not_wait_for_what_leaves_after_it(delivery: Delivery) -> None:
    tag = sent(delivery)
    delivery.queue.enqueue_payload(MESH)
    assert [each for each in delivery.flush_outbox(NOW) if isinstance(each, SendCell)]
    assert delivery.send_probe(NOW) == [], "the later one has yet to leave"
    delivery.on_cell_lost(tag, NOW + 1.0)
    (repeat,) = (each for each in delivery.send_probe(NOW + 1.0) if isinstance(each, SendCell))
    assert repeat.haste is Haste.PATIENT
