"""The messages to one contact that have been accepted and not yet acknowledged.

Knows: their order, what has been sent when, what to send or repeat next. Does not know: keys, cells or links.

A message is sent whole once. While the contact is silent only the first missing fragment of the oldest
message is repeated, with growing gaps, as a probe; when the contact is heard again, all that is missing goes
out at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field

from p2pchat.core.messaging.inbox import missing
from p2pchat.core.session.ordered_payloads import opened_name
from p2pchat.core.values.records import OutboxEntry
from p2pchat.data import dataclass
from p2pchat.types import MessageId
from p2pchat.wire.fragment import split
from p2pchat.wire.payload import DeliveryReceipt, names

PROBE_FIRST_S = 3.0
"""First repeat where cells take no stem (a privacy profile has its own): more than the slowest receipt of a
mesh of ten thousand (docs/figures/mesh.jsonl: p99 0.8 s each way)."""

PROBE_LAST_S = 120.0
"""Gaps double up to this; an absent contact costs the mesh a cell every two minutes."""

CAP = 10_000
"""Messages waiting per home; beyond it new ones are refused rather than old ones lost."""

SEALED_CAP = 128
"""Messages sealed and not yet acknowledged: what the contact's inbox keeps of numbers to come. An Olm session
bears a gap of 2000; a contact that is away for months, while its sealed messages expire, stays below it."""

LEAVING = float("inf")
"""When a fragment leaves that was handed over: it is not due again before it has left."""

LIFETIME_S = 14 * 86_400.0
"""A message not acknowledged in two weeks is given up as expired."""


@dataclass(slots=True)
class Item:
    """One message, and how far its delivery is."""

    entry: OutboxEntry
    held: bytes = b""
    """Bitmap of fragments the contact told us it holds."""
    sent: dict[int, float] = field(default_factory=dict)
    """When each fragment last left; ``LEAVING`` for one that is about to."""
    returned: set[int] = field(default_factory=set)
    """Fragments that came back from the mesh."""

    @property
    def pieces(self) -> list[bytes]:
        """The fragments' data; empty before it was sealed."""
        return split(self.entry.ciphertext) if self.entry.ciphertext is not None else []


@dataclass(frozen=True, slots=True)
class ReceiptOutcome:
    """What a receipt tells about the messages that were sent."""

    kept: list[Item]
    refused: list[Item]
    """Opened, and found to be nonsense."""
    unknown: list[Item]
    """Counted, but it was something else that the contact opened under this number."""


class Outbox:
    """Keeps messages in order, and finds what to send next. Frequent questions cost the few sealed messages,
    not all that wait."""

    def __init__(self, entries: Iterable[OutboxEntry]) -> None:
        self._sealed: dict[MessageId, Item] = {}
        self._waiting: dict[MessageId, Item] = {}
        self._held: dict[MessageId, Item] = {}
        for entry in entries:
            self.put(entry)

    def __len__(self) -> int:
        return len(self._sealed) + len(self._waiting)

    @property
    def held(self) -> list[Item]:
        """The messages that wait for the person's consent."""
        return list(self._held.values())

    def __iter__(self) -> Iterator[Item]:
        return iter([*self._sealed.values(), *self._waiting.values(), *self._held.values()])

    def get(self, message: MessageId) -> Item | None:
        """Return a message that waits, or None."""
        return self._sealed.get(message) or self._waiting.get(message) or self._held.get(message)

    def put(self, entry: OutboxEntry) -> None:
        """Add a message behind all others, or replace its entry after it got, or lost, its number and
        ciphertext."""
        self.remove(entry.id)
        where = self._waiting if entry.number is None else self._sealed
        (self._held if entry.held else where)[entry.id] = Item(entry)

    def remove(self, message: MessageId) -> None:
        """Remove a message that is acknowledged, expired or cancelled."""
        self._sealed.pop(message, None)
        self._waiting.pop(message, None)
        self._held.pop(message, None)

    def find_floor(self, next_number: int) -> int:
        """Return the lowest number that may still be sent."""
        return min((_number(item) for item in self._sealed.values()), default=next_number)

    def find_unsealed(self) -> Item | None:
        """Return the next message without a number, if it may get one."""
        return None if len(self._sealed) >= SEALED_CAP else next(iter(self._waiting.values()), None)

    def apply_receipt(self, receipt: DeliveryReceipt) -> ReceiptOutcome:
        """Remove the messages that the receipt names; return what it tells of all that were sent."""
        named = set(names(receipt.opened))
        told = ReceiptOutcome([], [], [])
        for item in list(self._sealed.values()):
            number, ciphertext = _number(item), item.entry.ciphertext or b""
            if number == receipt.next:
                item.held = receipt.partial
            if number >= receipt.next:
                continue
            if opened_name(number, ciphertext, kept=True) in named:
                told.kept.append(item)
            elif opened_name(number, ciphertext, kept=False) in named:
                told.refused.append(item)
            else:
                told.unknown.append(item)
        for item in (*told.kept, *told.refused):
            self.remove(item.entry.id)
        return told

    def next_expiry(self) -> float | None:
        """Return when the first message expires. All messages live equally long, so the first accepted
        expires first."""
        firsts = (_first_message(items) for items in (self._sealed, self._waiting, self._held))
        return min((item.entry.expires_at for item in firsts if item is not None), default=None)

    def pop_expired(self, now: float) -> list[Item]:
        """Remove and return the messages that have expired."""
        old: list[Item] = []
        while (due := self.next_expiry()) is not None and due <= now:
            old += [item for item in self if item.entry.expires_at == due]
            for item in old:
                self.remove(item.entry.id)
        return old

    def find_due_fragments(self, before: float) -> Iterator[tuple[Item, int]]:
        """Yield the missing fragments of sealed messages that never left, or left before ``before``; oldest
        first."""
        for item in list(self._sealed.values()):
            for index in missing(item.held, len(item.pieces)):
                left = item.sent.get(index)
                if left is None or left < before:
                    yield item, index

    def find_probe(self) -> tuple[Item, int] | None:
        """Return the first missing fragment of the oldest sealed message."""
        return next(self.find_due_fragments(float("inf")), None)


def _number(item: Item) -> int:
    assert item.entry.number is not None, "sealed"
    return item.entry.number


def _first_message(items: dict[MessageId, Item]) -> Item | None:
    return next((item for item in items.values() if item.entry.kind.personal), None)
