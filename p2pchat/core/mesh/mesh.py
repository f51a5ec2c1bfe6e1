"""One mesh as this node sees it: neighbours, and what travels over the links with them.

Knows: what a link that comes or goes means for its traffic. Does not know: how neighbours are found
(``active_view``), or what becomes of a cell or a message (``traffic``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from p2pchat.core.broadcast.strategy import Strategy
from p2pchat.core.membership.active_view import ActiveView, ViewOutput
from p2pchat.core.membership.link_table import LinkTable
from p2pchat.core.membership.outputs import Closed, MessageReceived, Opened, Sought, Unsought
from p2pchat.core.mesh.outputs import MeshOutput, NeighbourChanged
from p2pchat.core.mesh.surroundings import MeshSurroundings
from p2pchat.core.mesh.traffic import LinkTraffic
from p2pchat.core.rendezvous.rendezvous import Topical
from p2pchat.core.stem.stem import Stem, Stems
from p2pchat.core.values.effects import frames_first
from p2pchat.core.values.inputs import LinkInput
from p2pchat.core.values.records import HeldCell, MeshRecord
from p2pchat.core.values.settings import Settings
from p2pchat.core.values.status import LinkStatus, MeshStatus
from p2pchat.core.values.user_inputs import Haste
from p2pchat.ports import Entropy
from p2pchat.types import LinkId, NodeId
from p2pchat.wire.marks import Marks


class Mesh:
    """Each method returns what is to be done."""

    def __init__(
        self,
        record: MeshRecord,
        node: NodeId,
        settings: Settings,
        entropy: Entropy,
        new_link: Callable[[], LinkId],
        counters: Counter[str],
        strategy: Strategy,
        kept: Iterable[HeldCell] = (),
        stem: Stems = Stem,
        listeners: Iterable[str] = (),
    ) -> None:
        """``kept``: the index of what an earlier run held; ``listeners``: where it saw members listen."""
        # What is handed to the traffic below is called only when links are up: after the view is there.
        self._node = node
        self._links_wanted = settings.links_wanted
        self.table = LinkTable()
        self.traffic = LinkTraffic(
            record.id,
            self.table,
            settings,
            entropy,
            counters,
            strategy,
            kept,
            stem,
            lambda link, now: self._route_view(self.view.expel_neighbour(link, now), now),
            lambda link, port: self.view.remember_listener(link, port),
        )
        use = MeshSurroundings(self.traffic.cells, self.traffic.stem)
        self.view = ActiveView(
            record, node, settings, entropy, new_link, counters, use, self.table, listeners
        )

    # --- what the parent asks

    @property
    def record(self) -> MeshRecord:
        """What is remembered of the mesh."""
        return self.view.seat_links.record

    @property
    def links_up(self) -> int:
        """Links over which cells travel now."""
        return len(self.table.counted_neighbours())

    def link_statuses(self) -> tuple[LinkStatus, ...]:
        """All links and attempts."""
        tree, left = self.traffic.cells.tree_links(), self.traffic.cells.grants.share_left
        status = self.table.list_status(self.record.id)
        return tuple(replace(at, eager=tree.get(at.link, False), allowance=left(at.link)) for at in status)

    def get_status(self) -> MeshStatus:
        """How it stands with the mesh as a whole."""
        held, pulling = self.traffic.cells.get_status()
        return MeshStatus(
            self.record.id,
            self._node,
            self.links_up,
            sum(self.traffic.cells.tree_links().values()),
            self._links_wanted,
            self.view.seat_links.seats.sitting,
            held,
            pulling,
            self.traffic.stem.get_status(),
        )

    def next_wakeup(self) -> float:
        """When ``tick`` is next due."""
        return min(self.view.next_wakeup(), self.traffic.next_wakeup())

    # --- what happens to links and seats

    def tick(self, now: float) -> list[MeshOutput]:
        """Do what is due."""
        self.traffic.count_members(now)
        return [*self._route_view(self.view.tick(now), now), *self.traffic.tick(now)]

    def shut_down(self, now: float) -> list[MeshOutput]:
        """Send what waits, say goodbye to every neighbour and close; write down what is held."""
        waiting = self.traffic.send_waiting(now)
        held = self.traffic.write_held(now)
        return [*held, *waiting, *self._route_view(self.view.shut_down(now), now)]

    def leave_for_good(self, now: float) -> list[MeshOutput]:
        """Say goodbye, and give up our seats."""
        waiting = self.traffic.send_waiting(now)
        return [*waiting, *self._route_view(self.view.leave_for_good(now), now)]

    def on_fetched(
        self, numbers: tuple[int, ...], cells: tuple[HeldCell, ...], now: float
    ) -> list[MeshOutput]:
        """Held cells were read from the disk."""
        return self.traffic.on_fetched(numbers, cells, now)

    def meet_at(self, record: MeshRecord, now: float) -> list[MeshOutput]:
        """The record has new places where the mesh is met."""
        return self._route_view(self.view.meet_at(record, now), now)

    def meet_nearby(self, urls: Sequence[str], now: float) -> list[MeshOutput]:
        """Meet the mesh on this machine's own network, too."""
        return self._route_view(self.view.meet_nearby(urls, now), now)

    def expect_guest(self, now: float) -> list[MeshOutput]:
        """A guest is on the way into this mesh: be where it is met."""
        return self._route_view(self.view.expect_guest(now), now)

    def receive_signal(self, url: str, message: Topical, now: float) -> list[MeshOutput]:
        """Something was said at our seat. Raises RefusedInput."""
        return self._route_view(self.view.receive_signal(url, message, now), now)

    def change_link(self, input: LinkInput, now: float) -> list[MeshOutput]:
        """Something happened to one of our links."""
        return [*self._route_view(self.view.change_link(input, now), now), *self.traffic.serve_links(now)]

    def on_link_shaken(self, link: LinkId, now: float) -> list[MeshOutput]:
        """The address is gone from which a link was made."""
        return self._route_view(self.view.on_link_shaken(link, now), now)

    def _route_view(self, produced: Iterable[ViewOutput], now: float) -> list[MeshOutput]:
        outputs: list[MeshOutput] = []
        for output in frames_first(produced):
            match output:
                case Opened(neighbour):
                    outputs += self.traffic.link_up(neighbour, now)
                    outputs.append(NeighbourChanged(neighbour.id, up=True))
                case Sought(neighbour):
                    outputs += self.traffic.note_sought(neighbour.id, now)
                case Unsought(neighbour):
                    self.traffic.stem.guards.drop_sought(neighbour.id)
                case Closed(neighbour, broken):
                    outputs += self.traffic.link_down(neighbour.id, broken, now)
                    outputs.append(NeighbourChanged(neighbour.id, up=False))
                case MessageReceived(link, message):
                    outputs += self.traffic.on_message(link, message, now)
                case _:
                    outputs.append(output)
        return outputs

    # --- cells, and neighbours who are contacts

    def submit_cell(self, cell: bytes, now: float, haste: Haste = Haste.SOON) -> list[MeshOutput]:
        """Send a cell of our own, ``GEOMETRY.cell`` bytes: by the stem, where there is one."""
        return self.traffic.submit_cell(cell, now, haste)

    def send_marks(self, link: LinkId, marks: Marks, now: float) -> list[MeshOutput]:
        """Identify ourselves to a neighbour, if it is a contact that should know."""
        return self.traffic.send_message(link, marks, now)
