"""What travels over the links of one mesh: cells, onions, and what neighbours say.

Knows: which machine each message is for, and how one machine's outputs are another's inputs. Does not know:
how links are found (``active_view``), what becomes of a cell (``cells``), or how cells of ours are hidden
(``stem``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, get_args

from p2pchat.core.broadcast import cells
from p2pchat.core.broadcast.cells import Cells, say
from p2pchat.core.broadcast.strategy import Strategy
from p2pchat.core.membership.link_table import LinkTable
from p2pchat.core.membership.neighbour import Neighbour, Standing
from p2pchat.core.mesh.outputs import CellMoved, MarksGiven, MeshOutput
from p2pchat.core.stem import outputs as stems
from p2pchat.core.stem.direct import Direct
from p2pchat.core.stem.stem import Stems
from p2pchat.core.values.effects import CellSeen, Notify, OnionSeen
from p2pchat.core.values.records import HeldCell
from p2pchat.core.values.settings import Settings
from p2pchat.core.values.user_inputs import CellFate, Haste
from p2pchat.crypto.kdf import cell_id
from p2pchat.ports import Entropy
from p2pchat.types import LinkId, MeshId
from p2pchat.wire import gossip, reconcile, topology
from p2pchat.wire.control import Control, ListensAt
from p2pchat.wire.frame import Frame, FrameKind
from p2pchat.wire.marks import Marks

COUNT_S = 10.0
"""So often the node counts the mesh again, for what its links may bring."""


class LinkTraffic:
    """Each method returns what is to be done. ``on_unlisted``: let a neighbour go; ``on_listener``: one
    listens at a port."""

    def __init__(
        self,
        mesh: MeshId,
        table: LinkTable,
        settings: Settings,
        entropy: Entropy,
        counters: Counter[str],
        strategy: Strategy,
        kept: Iterable[HeldCell],
        stem: Stems,
        on_unlisted: Callable[[LinkId, float], list[MeshOutput]],
        on_listener: Callable[[LinkId, int], None],
    ) -> None:
        self._table = table
        self._counters = counters
        self._on_unlisted = on_unlisted
        self._on_listener = on_listener
        self._listens_at = ListensAt(settings.listen) if settings.listen is not None else None
        self._counted_at = 0.0
        self.cells = Cells(
            mesh, settings, entropy, counters, strategy, kept, table.node_at, table.count_waiting
        )
        child = entropy.make_child("stem")
        self.stem = (
            stem(settings.profile, child, counters)
            if settings.profile is not None
            else Direct(child, counters, lambda: self.cells.pressure.own_space)
        )
        self.stem.sender.own_space = table.own_space
        self.stem.guards.seeks = settings.walks
        self._families: dict[type[Control], Callable[[LinkId, Any, float], list[MeshOutput]]] = {
            **dict.fromkeys(get_args(topology.TopologyMessage), self._on_topology),
            **dict.fromkeys(get_args(gossip.Gossip), self._on_gossip),
            **dict.fromkeys(get_args(reconcile.Reconciling), self._on_reconciling),
            ListensAt: self._on_listens_at,
            Marks: self._on_marks,
        }
        """Which machine a message is for, by its family on the wire. A walk is for the membership, which sees
        it before; credit and goodbye are the link's own."""

    def next_wakeup(self) -> float:
        """When ``tick`` is next due."""
        return min(self.cells.next_wakeup(), self.stem.next_wakeup())

    # --- time

    def count_members(self, now: float) -> None:
        """Count the members now and then: in a larger mesh links may bring more."""
        if now >= self._counted_at + COUNT_S:
            self._counted_at = now
            self.cells.grants.set_members(self.stem.anonymity_set)

    def tick(self, now: float) -> list[MeshOutput]:
        """Do what is due."""
        effects = self._on_cells(self.cells.tick(now), now) + self.serve_links(now)
        effects += self._stemmed(self.stem.tick(now), now)
        return effects + self._on_cells(self.cells.forget_expired(now), now)

    def send_waiting(self, now: float) -> list[MeshOutput]:
        """The node stops, or leaves the mesh: what waits leaves now."""
        return self._stemmed(self.stem.flush_waiting(now), now)

    def write_held(self, now: float) -> list[MeshOutput]:
        """Write down what is held."""
        return self._on_cells(self.cells.persist_held(now), now)

    # --- links

    def link_up(self, neighbour: Neighbour, now: float) -> list[MeshOutput]:
        """Cells may travel over this link from now on, or again."""
        effects = self._on_cells(self.cells.link_up(neighbour.id, neighbour.ours, now), now)
        effects += self._stemmed(self.stem.link_up(neighbour.id, neighbour.binding, now), now)
        if neighbour.standing is Standing.SOUGHT:
            effects += self.note_sought(neighbour.id, now)
        if self._listens_at is not None:
            effects += self.send_message(neighbour.id, self._listens_at, now)
        return effects

    def link_down(self, link: LinkId, broken: bool, now: float) -> list[MeshOutput]:
        """A link no longer counts."""
        effects = self._on_cells(self.cells.link_down(link, broken, now), now)
        return effects + self._stemmed(self.stem.link_down(link, now), now)

    def note_sought(self, link: LinkId, now: float) -> list[MeshOutput]:
        """We sought this link ourselves."""
        return self._stemmed(self.stem.on_sought(link, now), now)

    # --- what comes and what leaves

    def on_message(self, link: LinkId, message: Frame | Control, now: float) -> list[MeshOutput]:
        """A cell, an onion, or a neighbour's word."""
        if isinstance(message, Frame):
            if message.kind is FrameKind.ONION:
                return self._on_onion(link, message, now)
            return self._on_cells(self.cells.on_push(link, message.body, now), now)
        family = self._families.get(type(message))
        return family(link, message, now) if family is not None else []

    def on_fetched(
        self, numbers: tuple[int, ...], cells: tuple[HeldCell, ...], now: float
    ) -> list[MeshOutput]:
        """Held cells were read from the disk."""
        return self._on_cells(self.cells.on_fetched(numbers, cells, now), now) + self.serve_links(now)

    def submit_cell(self, cell: bytes, now: float, haste: Haste) -> list[MeshOutput]:
        """Send a cell of our own, ``GEOMETRY.cell`` bytes."""
        cell = self.cells.stamps.add_stamp(cell)
        self._counters["cells originated"] += 1
        return self._stemmed(self.stem.submit_cell(cell, now, haste), now)

    def send_message(self, link: LinkId, message: Control, now: float) -> list[MeshOutput]:
        """Tell a neighbour something."""
        return self._on_cells([say(link, message)], now)

    def serve_links(self, now: float) -> list[MeshOutput]:
        """Something came or went: what waited for it goes on."""
        effects = self._on_cells(self.cells.serve_requests(self._table.find_space, now), now)
        effects += self._on_cells(self.cells.give_credit(now), now)
        return effects + self._stemmed(self.stem.go_on_sending(now), now)

    # --- messages, by family

    def _on_topology(self, link: LinkId, message: topology.TopologyMessage, now: float) -> list[MeshOutput]:
        return self._stemmed(self.stem.on_topology(link, message, now), now)

    def _on_gossip(self, link: LinkId, message: gossip.Gossip, now: float) -> list[MeshOutput]:
        return self._on_cells(self.cells.on_gossip(link, message, now), now)

    def _on_reconciling(self, link: LinkId, message: reconcile.Reconciling, now: float) -> list[MeshOutput]:
        return self._on_cells(self.cells.on_reconciling(link, message, now), now)

    def _on_listens_at(self, link: LinkId, message: ListensAt, now: float) -> list[MeshOutput]:
        self._on_listener(link, message.port)
        return []

    def _on_marks(self, link: LinkId, message: Marks, now: float) -> list[MeshOutput]:
        return [MarksGiven(link, message)]

    def _on_onion(self, link: LinkId, frame: Frame, now: float) -> list[MeshOutput]:
        """Handle an onion, which costs credit as a cell does. A node whose own cells take no stem is on the
        map as any other, and carries those of others."""
        if not self.cells.grants.spend_credit(link, now):
            self._counters["onions refused: no credit"] += 1
            return []
        return self._stemmed(self.stem.on_onion(link, frame.body, now), now)

    # --- one machine's outputs are another's inputs

    def _on_cells(self, produced: Iterable[cells.Output], now: float) -> list[MeshOutput]:
        effects: list[MeshOutput] = []
        for output in produced:
            match output:
                case cells.Put(link, frame, lane):
                    effects += self._table.send(link, frame, now, lane)
                case cells.CellKnown(id):
                    effects += self._stemmed(self.stem.on_cell_seen(id, now), now)
                case _:
                    effects.append(output)
        return effects

    def _stemmed(self, produced: Iterable[stems.Output], now: float) -> list[MeshOutput]:
        effects: list[MeshOutput] = []
        for output in produced:
            match output:
                case stems.SendTopology(link, message):
                    effects += self._on_cells([say(link, message)], now)
                case stems.Relay(link, onion, source, was):
                    effects += self._table.send(link, Frame(FrameKind.ONION, onion), now, source)
                    effects += self._traced(was, onion, source, now)
                case stems.Spread(cell, source, was):
                    effects += self._on_cells(self.cells.enter_cell(cell, source, now), now)
                    effects += self._traced(was, cell, source, now)
                case stems.CellQueued(id):
                    effects.append(Notify(CellSeen(id, None, 0, now)))
                case stems.CellDispatched(tag):
                    effects.append(CellMoved(tag, CellFate.LEFT))
                case stems.CellReturned(tag):
                    effects.append(CellMoved(tag, CellFate.RETURNED))
                case stems.CellMissing(tag):
                    effects.append(CellMoved(tag, CellFate.LOST))
                case stems.Unlisted(link):
                    self._counters["neighbours let go: did not list us"] += 1
                    effects += self._on_unlisted(link, now)
        return effects

    def _traced(
        self, parent: bytes | None, child: bytes, source: LinkId | None, now: float
    ) -> list[MeshOutput]:
        if parent is None:
            return []
        source_node = self._table.node_at(source) if source is not None else None
        return [Notify(OnionSeen(parent, cell_id(child), source_node, now))]
