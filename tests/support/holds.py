"""Two holds and their reconciling, wired back to back: no mesh, no links, a memory for a disk.

Knows: how long a frame takes, how many leave at once. Does not know: any rule of the protocol.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from functools import cache

from p2pchat.core.anti_entropy.hold import Hold, cell_key, slot_at
from p2pchat.core.anti_entropy.reconcile import Fetch, Output, Reconcile, Recovered, SendReconcile
from p2pchat.core.anti_entropy.responder import Responder
from p2pchat.core.kit.allowance import Allowance
from p2pchat.core.values.changes import DropCells, PutCells
from p2pchat.core.values.effects import Effect, Persist
from p2pchat.core.values.records import HeldCell
from p2pchat.crypto.envelope import EPOCH_SECONDS
from p2pchat.crypto.kdf import cell_id
from p2pchat.types import CellId, Epoch, LinkId, MeshId
from p2pchat.wire import control
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.reconcile import CellDelivery, Reconciling

MESH = MeshId(b"m" * 16)
EPOCH = Epoch(1000)
NOW = EPOCH * EPOCH_SECONDS + 5000.0
LINK = LinkId(1)
STEP_S = 0.05
"""One way, and the pace of the wire."""
FRAMES = 64
"""Frames that leave in one step."""


def body(number: int) -> bytes:
    return number.to_bytes(8, "big").ljust(GEOMETRY.cell, b".")


@cache
def name(number: int) -> CellId:
    return cell_id(body(number))


class Side:
    """One node with a hold. Bodies of its first cells are made up when they are read."""

    def __init__(self, cells: Iterable[int] = (), budget: int = 1 << 30, per_slot: int | None = None) -> None:
        """``per_slot``: so many cells were first seen in each minute; None: all in the same, an hour ago."""
        numbers = list(cells)
        first = slot_at(NOW) - 60
        slots = [first if per_slot is None else first + each // per_slot for each in numbers]
        kept = [HeldCell(at + 1, cell_key(name(numbers[at])), EPOCH, slots[at]) for at in range(len(numbers))]
        self.disk = {cell.number: cell for cell in kept}
        self.made = {cell.number: each for cell, each in zip(kept, numbers, strict=True)}
        self.hold = Hold(MESH, kept, budget)
        self.counters = Counter[str]()
        self.reconcile = Reconcile(self.hold, self.counters)
        self.outgoing: deque[Reconciling] = deque()
        self.fetches: deque[tuple[int, ...]] = deque()
        self.got: list[CellId] = []

    @property
    def frames(self) -> int:
        return self.counters["reconcile: frames sent"]

    def add(self, number: int, now: float) -> None:
        self.hold.add(name(number), EPOCH, body(number), now)

    def has(self, numbers: Iterable[int]) -> bool:
        return all(self.hold.knows_key(cell_key(name(each))) for each in numbers)

    def take(self, outputs: Iterable[Output], now: float) -> None:
        for output in outputs:
            match output:
                case SendReconcile(_, message):
                    self.outgoing.append(message)
                case Fetch(numbers):
                    self.fetches.append(numbers)
                case Recovered(_, which, cell, slot):
                    assert cell_id(cell) == which
                    self.got.append(which)
                    self.hold.add(which, EPOCH, cell, now, slot)

    def hear(self, message: Reconciling, now: float) -> None:
        decoded = control.decode(control.encode(message))
        assert decoded == message
        self.take(self.reconcile.receive(LINK, message, now), now)

    def step(self, now: float) -> list[Reconciling]:
        """Do what is due; return the frames that leave."""
        self._persist(self.hold.tick(now))
        due = self.reconcile.next_wakeup()
        if due is not None and due <= now:
            self.take(self.reconcile.tick(now), now)
        while self.fetches:
            numbers = self.fetches.popleft()
            self.take(self.reconcile.on_fetched(numbers, self._read(numbers), now), now)
        self.take(self.reconcile.take_cells(LINK, FRAMES - len(self.outgoing), now), now)
        return [self.outgoing.popleft() for _ in range(min(FRAMES, len(self.outgoing)))]

    def _persist(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            assert isinstance(effect, Persist)
            match effect.change:
                case PutCells(_, cells):
                    self.disk.update({cell.number: cell for cell in cells})
                case DropCells(_, numbers):
                    for number in numbers:
                        del self.disk[number]

    def _read(self, numbers: tuple[int, ...]) -> tuple[HeldCell, ...]:
        return tuple(self._whole(self.disk[each]) for each in sorted(numbers) if each in self.disk)

    def _whole(self, cell: HeldCell) -> HeldCell:
        if cell.body:
            return cell
        return HeldCell(cell.number, cell.key, cell.epoch, cell.slot, body(self.made[cell.number]))


def serving_of(kept: Hold, now: float = NOW) -> Responder:
    """What one side does for the other, with an allowance that is not used up."""
    return Responder(kept, Allowance(1 << 20, now), now)


class Pair:
    """The link between two sides; the first made the offer."""

    def __init__(self, first: Side, second: Side, now: float = NOW) -> None:
        self.sides = first, second
        self.now = now
        self.seen = Counter[str]()
        for side, began in ((first, True), (second, False)):
            side.take(side.reconcile.link_up(LINK, began, now), now)

    def run(self, seconds: float) -> None:
        """Let so much time pass."""
        end = self.now + seconds
        first, second = self.sides
        while self.now < end:
            self.now += STEP_S
            to_second, to_first = first.step(self.now), second.step(self.now)
            for message in to_second:
                self._pass(message, second)
            for message in to_first:
                self._pass(message, first)

    def _pass(self, message: Reconciling, to: Side) -> None:
        self.seen[type(message).__name__] += 1
        to.hear(message, self.now)

    @property
    def overhead(self) -> int:
        """Bytes of all frames, both ways, but those that carry a cell."""
        return GEOMETRY.frame * sum(
            count for kind, count in self.seen.items() if kind != CellDelivery.__name__
        )
