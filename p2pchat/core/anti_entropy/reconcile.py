"""An absent node gets the cells that it missed: a hold is compared with a neighbour's when a link to it has
come up.

Knows: whose turn it is, and that one neighbour is pulled from at a time. Does not know: how differences are
found (``requester``), what a neighbour may cost (``responder``), or how cells are kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import field
from typing import assert_never

from p2pchat.core.anti_entropy.hold import SETTLE_S, Kept, cell_key
from p2pchat.core.anti_entropy.requester import Requester, Role
from p2pchat.core.anti_entropy.responder import STEPS_BURST, STEPS_PER_S, Responder
from p2pchat.core.kit.allowance import Allowance
from p2pchat.core.kit.budget import Budget
from p2pchat.core.kit.moments import NEVER
from p2pchat.core.kit.table import Table
from p2pchat.core.values.records import HeldCell
from p2pchat.crypto.kdf import cell_id
from p2pchat.data import dataclass
from p2pchat.types import CellId, LinkId
from p2pchat.wire.reconcile import (
    CellDelivery,
    CellRequest,
    InSync,
    KeyList,
    Reconciling,
    RoleSwap,
    SketchRequest,
    Summary,
)

START_S = SETTLE_S + 1.0
"""After a link came up: what was seen before, and so is not pushed over the new link, has settled by then."""

ALLOWANCES_CAP = 64


@dataclass(frozen=True, slots=True)
class SendReconcile:
    """Send a control message."""

    link: LinkId
    message: Reconciling


@dataclass(frozen=True, slots=True)
class Recovered:
    """A cell came that we had asked for."""

    link: LinkId
    id: CellId
    cell: bytes = field(repr=False)
    slot: int
    """When the neighbour first saw it, as it says; Unix seconds // 60."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """Read cells from the disk; answered by ``on_fetched``."""

    numbers: tuple[int, ...]


Output = SendReconcile | Recovered | Fetch


@dataclass(slots=True)
class _ReconcilePeer:
    """One link that is up. ``due``: when a request of ``role`` may begin, if one is wanted."""

    serving: Responder
    cells: Allowance
    by_us: bool
    due: float | None
    role: Role = Role.FIRST
    turn: bool = False
    """Whether it may hand the asking to us: the offerer does so after it has asked, the other after it got
    the turn to ask."""
    turned: bool = False
    """Whether it has; once is enough."""


class Reconcile:
    """Compares the holds of one mesh with those of its neighbours."""

    def __init__(self, kept: Kept, counters: Counter[str]) -> None:
        self._kept = kept
        self._counters = counters
        self._steps = Budget(0.0, STEPS_PER_S, STEPS_BURST)
        self._peers: dict[LinkId, _ReconcilePeer] = {}
        self._allowances = Table[LinkId, tuple[Allowance, Allowance]](ALLOWANCES_CAP)
        """What each link may bring and be given; also of links that fell quiet, for what comes back has used
        up what it has used up."""
        self._pull: Requester | None = None
        self._from: LinkId | None = None
        self._busy: dict[LinkId, None] = {}
        """Neighbours that wait for cells."""
        self._due: float | None = None
        """When something is due, while that is known: it is asked after every frame."""

    # --- links

    def link_up(self, link: LinkId, by_us: bool, now: float) -> list[Output]:
        """Cells may travel over this link from now on. ``by_us``: our side made the offer, and asks first."""
        self._due = None
        new = Allowance(self._kept.capacity, now), Allowance(self._kept.capacity, now)
        bring, take = allowances = self._allowances.get(link, new)
        self._allowances.put(link, allowances)
        serving = Responder(self._kept, take, now)
        self._peers[link] = _ReconcilePeer(serving, bring, by_us, now + START_S if by_us else None)
        return []

    def link_down(self, link: LinkId, now: float) -> list[Output]:
        """The link is gone, or so quiet that it may be."""
        self._due = None
        self._peers.pop(link, None)
        self._busy.pop(link, None)
        if link == self._from:
            self._counters["reconcile: abandoned"] += 1
            self._pull = self._from = None
        return self._begin(now)

    @property
    def pulling(self) -> LinkId | None:
        """The neighbour we are getting cells from just now."""
        return self._from

    # --- what neighbours say

    def receive(self, link: LinkId, message: Reconciling, now: float) -> list[Output]:
        """A neighbour asked, answered, or sent a cell."""
        self._due = None
        peer = self._peers.get(link)
        if peer is None:
            return []
        if isinstance(message, CellDelivery):
            return self._held(link, message, now)
        self._counters["reconcile: frames received"] += 1
        match message:
            case SketchRequest():
                peer.turn = peer.turn or not peer.by_us
                return self._say(link, peer.serving.answer_request(message, now))
            case CellRequest(keys):
                peer.serving.queue_cells(keys, now)
                self._busy[link] = None
                return []
            case RoleSwap(last):
                return self._turn(peer, Role.LAST if last else Role.SECOND, now)
            case InSync() | Summary() | KeyList():
                if link != self._from or self._pull is None:
                    return []
                return self._say(link, self._pull.on_answer(message, now)) + self._begin(now)
            case _:
                assert_never(message)

    def _turn(self, peer: _ReconcilePeer, role: Role, now: float) -> list[Output]:
        if peer.turned or not peer.turn:
            return []
        peer.turned, peer.due, peer.role = True, now, role
        return self._begin(now)

    def _held(self, link: LinkId, message: CellDelivery, now: float) -> list[Output]:
        id = cell_id(message.cell)
        if link != self._from or self._pull is None or not self._pull.on_arrival(cell_key(id)):
            self._counters["reconcile: cells unasked for"] += 1
            return []
        self._counters["reconcile: cells recovered"] += 1
        outputs = self._say(link, self._pull.on_recovered(now))
        return [Recovered(link, id, message.cell, message.slot), *outputs, *self._begin(now)]

    def on_arrival(self, id: CellId) -> bool:
        """A cell of this id came another way; True when we had asked for it."""
        if self._pull is None:
            return False
        self._due = None
        return self._pull.on_arrival(cell_key(id))

    # --- serving

    def take_cells(self, link: LinkId, space: int, now: float) -> list[Output]:
        """Up to ``space`` cells this neighbour waits for, and perhaps an order to read more."""
        peer = self._peers.get(link)
        if peer is None or space <= 0 or not peer.serving.ready:
            return []
        self._due = None
        cells, numbers = peer.serving.take_cells(space, now)
        self._counters["reconcile: cells served"] += len(cells)
        outputs: list[Output] = [SendReconcile(link, cell) for cell in cells]
        return [*outputs, Fetch(numbers)] if numbers else outputs

    def served_links(self) -> list[LinkId]:
        """The links for which ``take_cells`` has something to do."""
        if not self._busy:
            return []
        self._busy = {link: None for link in self._busy if not self._peers[link].serving.is_served}
        return [link for link in self._busy if self._peers[link].serving.ready]

    def on_fetched(self, numbers: tuple[int, ...], cells: tuple[HeldCell, ...], now: float) -> list[Output]:
        """These numbers were read, and these cells were there. ``take_cells`` goes on."""
        self._due = None
        for peer in self._peers.values():
            peer.serving.on_fetched(numbers, cells)
        return []

    # --- time

    def tick(self, now: float) -> list[Output]:
        """Begin what is due, give up what does not get on."""
        self._due = None
        outputs: list[Output] = []
        if self._pull is not None and self._from is not None and now >= self._pull.next_wakeup():
            outputs += self._say(self._from, self._pull.tick(now))
        for peer in self._peers.values():
            peer.serving.tick(now)
        return outputs + self._begin(now)

    def next_wakeup(self) -> float | None:
        """When ``tick``, and after it ``take_cells``, is next due."""
        if self._due is None:
            self._due = min(self._deadlines(), default=NEVER)
        return None if self._due == NEVER else self._due

    def _deadlines(self) -> list[float]:
        due = [peer.serving.next_wakeup() for peer in self._peers.values()]
        if self._pull is not None:
            due.append(self._pull.next_wakeup())
        else:
            due += [peer.due for peer in self._peers.values()]
        return [at for at in due if at is not None]

    def _begin(self, now: float) -> list[Output]:
        """If the last pull is over, begin the next that is due: the one that has waited longest."""
        outputs: list[Output] = []
        while self._pull is None or self._pull.over:
            if self._pull is not None:
                self._counters["reconcile: abandoned" if self._pull.failed else "reconcile: done"] += 1
                self._pull = self._from = None
            waiting = [
                (peer.due, link)
                for link, peer in self._peers.items()
                if peer.due is not None and peer.due <= now
            ]
            if not waiting:
                break
            _, self._from = min(waiting)
            peer = self._peers[self._from]
            peer.due = None
            self._pull = Requester(self._kept, peer.role, self._steps, peer.cells, now)
            outputs += self._say(self._from, self._pull.ask_first(now))
        return outputs

    def _say(self, link: LinkId, messages: Iterable[Reconciling]) -> list[Output]:
        outputs: list[Output] = [SendReconcile(link, message) for message in messages]
        if SendReconcile(link, RoleSwap(last=False)) in outputs:
            self._peers[link].turn = True
        self._counters["reconcile: frames sent"] += len(outputs)
        return outputs
