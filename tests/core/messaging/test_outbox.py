"""What waits for one contact, in order, and what comes next."""

from __future__ import annotations

from dataclasses import replace

from p2pchat.core.messaging.outbox import Outbox
from p2pchat.core.session.ordered_payloads import opened_name
from p2pchat.core.values.records import OutboxEntry, OutboxKind
from p2pchat.types import ConversationId, MessageId
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.payload import DeliveryReceipt


def entry(number: int, expires: float = 100.0, kind: OutboxKind = OutboxKind.TEXT) -> OutboxEntry:
    return OutboxEntry(MessageId(str(number)), ConversationId("c"), b"p", number, expires, kind=kind)


def sealed(number: int, size: int = 10, expires: float = 100.0) -> OutboxEntry:
    return replace(entry(number, expires), number=number, ciphertext=bytes(size))


def receipt(next_number: int, held: bytes = b"", size: int = 10) -> DeliveryReceipt:
    """Its maker has opened all below ``next_number``."""
    names = (opened_name(number, bytes(size), kept=True) for number in range(next_number))
    return DeliveryReceipt(next_number, held, b"".join(names))


def test_messages_are_sealed_and_acknowledged_in_order() -> None:
    outbox = Outbox([entry(0), entry(1), entry(2)])
    for number in range(3):
        waiting = outbox.find_unsealed()
        assert waiting is not None
        assert waiting.entry.id == str(number)
        outbox.put(sealed(number))
    assert outbox.find_unsealed() is None
    assert outbox.find_floor(3) == 0
    assert [item.entry.id for item in outbox.apply_receipt(receipt(2)).kept] == ["0", "1"]
    assert (len(outbox), outbox.find_floor(3)) == (1, 2)
    outbox.apply_receipt(receipt(3))
    assert outbox.find_floor(3) == 3


def test_what_a_receipt_does_not_name_is_not_delivered() -> None:
    outbox = Outbox([sealed(0), sealed(1, 11), sealed(2), sealed(3)])
    refused = opened_name(2, bytes(10), kept=False)
    told = outbox.apply_receipt(DeliveryReceipt(3, b"", opened_name(0, bytes(10), kept=True) + refused))
    assert [item.entry.id for item in told.kept] == ["0"]
    assert [item.entry.id for item in told.refused] == ["2"]
    assert [item.entry.id for item in told.unknown] == ["1"]
    assert [item.entry.id for item in outbox] == ["1", "3"]


def test_only_what_is_missing_or_long_gone_is_due() -> None:
    outbox = Outbox([sealed(0, 3 * GEOMETRY.data), entry(1)])
    assert [index for _, index in outbox.find_due_fragments(float("-inf"))] == [0, 1, 2]
    (item, _), *_ = outbox.find_due_fragments(float("-inf"))
    item.sent = {0: 1.0, 1: 5.0, 2: 5.0}
    assert [index for _, index in outbox.find_due_fragments(2.0)] == [0]
    outbox.apply_receipt(receipt(0, bytes([0b001])))
    assert [index for _, index in outbox.find_due_fragments(9.0)] == [1, 2]
    probe = outbox.find_probe()
    assert probe is not None
    assert probe[1] == 1


def test_a_lost_session_makes_a_message_wait_again() -> None:
    outbox = Outbox([sealed(0)])
    outbox.put(entry(0))
    assert outbox.find_probe() is None
    assert outbox.find_unsealed() is not None
    assert len(outbox) == 1


def test_messages_expire_and_renewals_do_not() -> None:
    outbox = Outbox(
        [
            sealed(0, expires=10.0),
            entry(1, 20.0),
            entry(2, 2.0**53, kind=OutboxKind.REKEY),
            entry(3, 30.0),
        ]
    )
    assert outbox.next_expiry() == 10.0
    assert [item.entry.id for item in outbox.pop_expired(25.0)] == ["0", "1"]
    assert outbox.next_expiry() == 30.0
    assert [item.entry.id for item in outbox.pop_expired(1e9)] == ["3"]
    assert outbox.next_expiry() is None
    assert [item.entry.id for item in outbox] == ["2"]
