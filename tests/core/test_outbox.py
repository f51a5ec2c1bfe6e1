"""What waits for one contact, in order, and what comes next."""

from __future__ import annotations

from dataclasses import replace

from p2pchat.core.outbox import Outbox
from p2pchat.core.records import OutboxEntry
from p2pchat.types import ContactId, MessageId
from p2pchat.wire.geometry import GEOMETRY


def entry(number: int, expires: float = 100.0, renewal: bool = False) -> OutboxEntry:
    return OutboxEntry(MessageId(str(number)), ContactId("c"), b"p", number, expires, renewal=renewal)


def sealed(number: int, size: int = 10, expires: float = 100.0) -> OutboxEntry:
    return replace(entry(number, expires), number=number, ciphertext=bytes(size))


def test_messages_are_sealed_and_acknowledged_in_order() -> None:
    outbox = Outbox(iter([entry(0), entry(1), entry(2)]))
    for number in range(3):
        waiting = outbox.unsealed()
        assert waiting is not None
        assert waiting.entry.id == str(number)
        outbox.put(sealed(number))
    assert outbox.unsealed() is None
    assert outbox.floor(3) == 0
    assert [item.entry.id for item in outbox.acknowledged(2, b"")] == ["0", "1"]
    assert (len(outbox), outbox.floor(3)) == (1, 2)
    outbox.acknowledged(3, b"")
    assert outbox.floor(3) == 3


def test_only_what_is_missing_or_long_gone_is_due() -> None:
    outbox = Outbox(iter([sealed(0, 3 * GEOMETRY.data), entry(1)]))
    assert [index for _, index in outbox.due(float("-inf"))] == [0, 1, 2]
    (item, _), *_ = outbox.due(float("-inf"))
    item.sent = {0: 1.0, 1: 5.0, 2: 5.0}
    assert [index for _, index in outbox.due(2.0)] == [0]
    outbox.acknowledged(0, bytes([0b001]))
    assert [index for _, index in outbox.due(9.0)] == [1, 2]
    probe = outbox.probe()
    assert probe is not None
    assert probe[1] == 1


def test_a_lost_session_makes_a_message_wait_again() -> None:
    outbox = Outbox(iter([sealed(0)]))
    outbox.put(entry(0))
    assert outbox.probe() is None
    assert outbox.unsealed() is not None
    assert len(outbox) == 1


def test_messages_expire_and_renewals_do_not() -> None:
    outbox = Outbox(
        iter([sealed(0, expires=10.0), entry(1, 20.0), entry(2, 2.0**53, renewal=True), entry(3, 30.0)])
    )
    assert outbox.next_expiry() == 10.0
    assert [item.entry.id for item in outbox.expired(25.0)] == ["0", "1"]
    assert outbox.next_expiry() == 30.0
    assert [item.entry.id for item in outbox.expired(1e9)] == ["3"]
    assert outbox.next_expiry() is None
    assert [item.entry.id for item in outbox] == ["2"]
