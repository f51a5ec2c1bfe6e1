"""The cells of one mesh: judged when they come in, kept, passed on, and given to nodes that missed them.

Knows: which cells are new and alive, and what follows from one. Does not know: how a frame gets onto a link,
where cells of our own enter, or what is inside one. Parent of a ``Broadcast`` strategy, ``back_pressure``,
``stamps``, ``hold`` and ``reconcile``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import field

from p2pchat.core.anti_entropy import reconcile
from p2pchat.core.anti_entropy.eviction import OURS
from p2pchat.core.anti_entropy.hold import Hold, cell_key
from p2pchat.core.anti_entropy.reconcile import Reconcile
from p2pchat.core.broadcast.back_pressure import BackPressure
from p2pchat.core.broadcast.seen import Seen
from p2pchat.core.broadcast.stamps import Stamps
from p2pchat.core.broadcast.strategy import Push, SendGossip, Sending, Strategy
from p2pchat.core.kit.credit import STEP, Grants
from p2pchat.core.kit.moments import NEVER
from p2pchat.core.values.effects import CellSeen, Effect, FetchCells, Notify
from p2pchat.core.values.records import HeldCell
from p2pchat.core.values.settings import Settings
from p2pchat.core.values.status import HoldStatus
from p2pchat.crypto.kdf import cell_id
from p2pchat.data import dataclass
from p2pchat.errors import RefusedInput
from p2pchat.ports import Entropy
from p2pchat.types import CellId, Epoch, LinkId, MeshId, NodeId
from p2pchat.wire import control, gossip
from p2pchat.wire.cell import Cell, decode_cell
from p2pchat.wire.control import Control
from p2pchat.wire.frame import Frame, FrameKind
from p2pchat.wire.reconcile import Reconciling

RESERVED = 16
"""Of a link's credit, kept free for cells that are under way while held ones are sent."""


@dataclass(frozen=True, slots=True)
class CellArrived:
    """A new, live cell came in; it has been handed on already. ``late``: it was caught up on, so its
    effects are not urgent."""

    cell: Cell
    late: bool = False


@dataclass(frozen=True, slots=True)
class CellKnown:
    """The cell of this id was seen for the first time, wherever it came from."""

    id: CellId


@dataclass(frozen=True, slots=True)
class Put:
    """A frame for a link. ``lane``: the link whose doing it is, behind whose frames it waits; None: ours."""

    link: LinkId
    frame: Frame = field(repr=False)
    lane: LinkId | None = None


Output = Effect | CellArrived | CellKnown | Put


class _Known:
    """What the strategy may look up."""

    def __init__(self, seen: Seen, hold: Hold) -> None:
        self._seen = seen
        self._hold = hold

    def has_seen(self, id: CellId) -> bool:
        return self._seen.has_seen(id) or self._hold.knows_key(cell_key(id))

    def find_body(self, id: CellId) -> bytes | None:
        return self._hold.find_body(id)


class Cells:
    """Hands on every cell that is new and alive, and reports it. Each method returns what is to be done."""

    def __init__(
        self,
        mesh: MeshId,
        settings: Settings,
        entropy: Entropy,
        counters: Counter[str],
        strategy: Strategy,
        kept: Iterable[HeldCell],
        node_at: Callable[[LinkId], NodeId | None],
        waiting: Callable[[LinkId, LinkId | None], int],
    ) -> None:
        """``kept``: the index of what an earlier run held; ``node_at``: which node is at a link's other end;
        ``waiting``: how many cells wait to leave on a link that came from another, or are our own."""
        self._mesh = mesh
        self.stamps = Stamps(settings.stamp_bits, entropy, counters)
        self._counters = counters
        self._node_at = node_at
        self._seen = Seen()
        self._hold = Hold(mesh, kept, settings.hold_bytes)
        self._known = _Known(self._seen, self._hold)
        self._broadcast = strategy(entropy.make_child("broadcast"), self._known, counters)
        self._reconcile = Reconcile(self._hold, counters)
        self.pressure = BackPressure(self._broadcast.pushing_links, waiting)
        self.grants = Grants(self.pressure.count_least_waiting)
        self._parts = self._broadcast, self._reconcile, self.grants

    # --- what the parent asks

    def tree_links(self) -> dict[LinkId, bool]:
        """Return for each link whether cells are pushed over it."""
        return self._broadcast.pushing_links()

    def get_status(self) -> tuple[HoldStatus, bool]:
        """What is held, and whether something is being caught up on."""
        return self._hold.get_status(), self._reconcile.pulling is not None

    def next_wakeup(self) -> float:
        """When ``tick`` is next due."""
        due = NEVER
        for part in self._parts:
            at = part.next_wakeup()
            if at is not None and at < due:
                due = at
        # Cells are dropped for their age only while a link shows that the clock is right.
        held = self._hold.next_wakeup() if self.grants.has_links else None
        return due if held is None else min(due, held)

    # --- what happens

    def tick(self, now: float) -> list[Output]:
        """Do what is due."""
        outputs = self._sent(self._broadcast.tick(now), None)
        return outputs + self._reconciled(self._reconcile.tick(now), now)

    def forget_expired(self, now: float) -> list[Output]:
        """Drop what is too old."""
        return [*self._hold.tick(now)] if self.grants.has_links else []

    def persist_held(self, now: float) -> list[Output]:
        """Write down what is held."""
        return [*self._hold.flush(now)]

    def link_up(self, link: LinkId, ours: bool, now: float) -> list[Output]:
        """Cells may travel over this link from now on; ``ours``: we made the offer."""
        self.grants.link_up(link)
        outputs = self._sent(self._broadcast.link_up(link, now), None)
        return outputs + self._reconciled(self._reconcile.link_up(link, ours, now), now)

    def link_down(self, link: LinkId, broken: bool, now: float) -> list[Output]:
        """The link is gone, or so quiet that it may be. ``broken``: no neighbour said so."""
        self.grants.link_down(link)
        self._hold.link_down(link)
        outputs = self._sent(self._broadcast.link_down(link, broken, now), None)
        return outputs + self._reconciled(self._reconcile.link_down(link, now), now)

    def on_gossip(self, link: LinkId, message: gossip.Gossip, now: float) -> list[Output]:
        """A neighbour said something of cells that spread."""
        return self._sent(self._broadcast.on_message(message, link, now), link)

    def on_reconciling(self, link: LinkId, message: Reconciling, now: float) -> list[Output]:
        """A neighbour said something of cells that were missed."""
        return self._reconciled(self._reconcile.receive(link, message, now), now)

    def on_fetched(self, numbers: tuple[int, ...], cells: tuple[HeldCell, ...], now: float) -> list[Output]:
        """Held cells were read from the disk."""
        return self._reconciled(self._reconcile.on_fetched(numbers, cells, now), now)

    def serve_requests(self, space: Callable[[LinkId], int], now: float) -> list[Output]:
        """What neighbours asked for goes out as far as their links are idle; ``space``: frames that would
        leave on a link at once."""
        outputs: list[Output] = []
        for link in self._reconcile.served_links():
            outputs += self._reconciled(self._reconcile.take_cells(link, space(link) - RESERVED, now), now)
        return outputs

    # --- credit

    def give_credit(self, now: float) -> list[Output]:
        """The links over which it is due."""
        return [say(link, control.Credit(granted)) for link, granted in self.grants.grant_due(now)]

    # --- cells

    def enter_cell(self, body: bytes, source: LinkId | None, now: float) -> list[Output]:
        """Begin the broadcast of a cell here. ``source``: the link that brought its onion; None for a cell of
        ours. Raises Malformed."""
        cell, id = decode_cell(body), cell_id(body)
        if source is not None and not self._seen.is_alive(cell.epoch, now):
            self._counters["cells refused: expired"] += 1
            return []
        if source is not None and not self.stamps.is_worth_it(cell):
            return []
        if not self._seen.first_sight(id, cell.epoch, now):
            return []
        spread = [CellKnown(id), *self._spread(id, cell.epoch, body, None, now, lane=source)]
        if source is None:
            return spread
        self._counters["cells entered for others"] += 1
        return [*spread, CellArrived(cell)]

    def on_push(self, link: LinkId, body: bytes, now: float) -> list[Output]:
        """A neighbour sent a cell."""
        if not self.grants.spend_credit(link, now):
            self._counters["cells refused: no credit"] += 1
            return []
        try:
            return self._cell(link, body, now)
        except RefusedInput:
            self._counters["cells refused: malformed"] += 1
            return []

    def _cell(self, link: LinkId, body: bytes, now: float) -> list[Output]:
        """Pass it on if it is new and alive."""
        cell = decode_cell(body)
        if not self._seen.is_alive(cell.epoch, now):
            self._counters["cells refused: expired"] += 1
            return []
        id = cell_id(body)
        if self._known.has_seen(id):
            self._counters["cells seen again"] += 1
            self.grants.give_back(link)
            return self._sent(self._broadcast.on_duplicate(id, link, now), link)
        if not self.stamps.is_worth_it(cell):
            return []
        self._reconcile.on_arrival(id)
        self._seen.first_sight(id, cell.epoch, now)
        self._counters["cells relayed"] += 1
        return [CellKnown(id), *self._spread(id, cell.epoch, body, link, now), CellArrived(cell)]

    def _spread(
        self,
        id: CellId,
        epoch: Epoch,
        cell: bytes,
        source: LinkId | None,
        now: float,
        lane: LinkId | None = None,
    ) -> list[Output]:
        """Keep and send a new cell. ``source``: the link that pushed it, None where it enters; ``lane``: the
        link in whose queue it waits."""
        by = lane if source is None else source
        self._hold.add(id, epoch, cell, now, by=by or OURS)
        sending = self._broadcast.on_new_cell(id, cell, source, now)
        sending = self._without_late(sending, id, by, now)
        pushes = sum(isinstance(order, Push) for order in sending)
        return [*self._sent(sending, by), Notify(CellSeen(id, self._source_node(by), pushes, now))]

    def _without_late(
        self, sending: Iterable[Sending], id: CellId, by: LinkId | None, now: float
    ) -> list[Sending]:
        """Without pushes to links for which too many cells of that link wait: a slow neighbour does not make
        others wait."""
        most, kept = self.grants.window + STEP, list[Sending]()
        for push in sending:
            if isinstance(push, Push) and self.pressure.is_behind(push.link, by, most):
                self._counters["cells announced: link behind"] += 1
                kept += self._broadcast.postpone_push(id, push.link, now)
            else:
                kept.append(push)
        return kept

    def _recovered(self, late: reconcile.Recovered, now: float) -> list[Output]:
        """A cell we had missed: keep it, say that we have it, see whether it is for us."""
        cell = decode_cell(late.cell)
        if not self._seen.is_alive(cell.epoch, now) or not self.stamps.is_worth_it(cell):
            return []
        if not self._seen.first_sight(late.id, cell.epoch, now):
            return []
        self._hold.add(late.id, cell.epoch, late.cell, now, late.slot, late.link)
        outputs = self._sent(self._broadcast.on_recovered(late.id, late.link, now), late.link)
        seen = Notify(CellSeen(late.id, self._source_node(late.link), 0, now))
        return [CellKnown(late.id), *outputs, seen, CellArrived(cell, late=True)]

    # --- one machine's outputs are another's inputs

    def _sent(self, sending: Iterable[Sending], source: LinkId | None) -> list[Output]:
        """Turn what the strategy sends into outputs. ``source``: the link in whose queue they wait."""
        outputs: list[Output] = []
        for order in sending:
            match order:
                case Push(link, cell):
                    outputs.append(Put(link, Frame(FrameKind.CELL, cell), source))
                case SendGossip(link, message):
                    outputs.append(say(link, message))
        return outputs

    def _reconciled(self, produced: Iterable[reconcile.Output], now: float) -> list[Output]:
        outputs: list[Output] = []
        for output in produced:
            match output:
                case reconcile.SendReconcile(link, message):
                    outputs.append(say(link, message))
                case reconcile.Fetch(numbers):
                    outputs.append(FetchCells(self._mesh, numbers))
                case reconcile.Recovered():
                    outputs += self._recovered(output, now)
        return outputs

    def _source_node(self, link: LinkId | None) -> NodeId | None:
        return self._node_at(link) if link is not None else None


def say(link: LinkId, message: Control) -> Put:
    """A control message for a neighbour."""
    return Put(link, Frame(FrameKind.CONTROL, control.encode(message)))
