"""One mesh as this node sees it: neighbours, the cells that pass, the stems that lead over us.

Knows: how one machine's outputs are another's inputs. Does not know: how neighbours are found
(``active_view``), what becomes of a cell (``cells``), or how cells of ours are hidden (``stem``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import get_args

from p2pchat.core.broadcast import cells
from p2pchat.core.broadcast.cells import CellArrived, Cells, say
from p2pchat.core.broadcast.strategy import Strategy
from p2pchat.core.effects import CellSeen, Effect, Notify, OnionSeen, frames_first
from p2pchat.core.inputs import Haste, LinkInput
from p2pchat.core.membership.active_view import ActiveView, ViewOutput
from p2pchat.core.membership.link_table import LinkTable
from p2pchat.core.membership.neighbour import Standing
from p2pchat.core.membership.outputs import Closed, MessageReceived, Opened, Sought, Unsought
from p2pchat.core.membership.unreached import Unreached
from p2pchat.core.records import HeldCell
from p2pchat.core.records import MeshRecord as MeshRecord
from p2pchat.core.rendezvous.rendezvous import LeaveSeat, TakeSeat, Topical
from p2pchat.core.settings import Settings
from p2pchat.core.status import LinkStatus, MeshStatus
from p2pchat.core.stem import outputs as stems
from p2pchat.core.stem.direct import Direct
from p2pchat.core.stem.station import Station
from p2pchat.core.stem.stem import Stem, Stems
from p2pchat.crypto.kdf import cell_id
from p2pchat.ports import Entropy
from p2pchat.types import ContactId, LinkId, NodeId, Topic
from p2pchat.wire import topology
from p2pchat.wire.control import Control, ListensAt
from p2pchat.wire.frame import Frame, FrameKind
from p2pchat.wire.marks import Marks

COUNT_S = 10.0
"""So often it is counted anew how large the mesh is, for what its links may bring."""

_TOPOLOGY = get_args(topology.TopologyMessage)


@dataclass(frozen=True, slots=True)
class CellLeft:
    """The cell of our own that bears this tag is on its way."""

    tag: bytes


@dataclass(frozen=True, slots=True)
class NeighbourChanged:
    """A link came up or went down."""

    link: LinkId
    up: bool


@dataclass(frozen=True, slots=True)
class MarksGiven:
    """A neighbour said something that its contacts understand."""

    link: LinkId
    said: Marks = field(repr=False)


MeshOutput = Effect | TakeSeat | LeaveSeat | CellArrived | CellLeft | NeighbourChanged | MarksGiven


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
        self._listens_at = ListensAt(settings.listen) if settings.listen is not None else None
        self._node = node
        self._links_wanted = settings.links_wanted
        self._counters = counters
        self._table = table = LinkTable()
        self._view = ActiveView(record, node, settings, entropy, new_link, counters, self, table, listeners)
        self._cells = Cells(
            record.id, settings, entropy, counters, strategy, kept, table.node_at, table.count_waiting
        )
        self._counted_at = 0.0
        child = entropy.make_child("stem")
        self._stem = (
            stem(settings.profile, child, counters)
            if settings.profile is not None
            else Direct(child, counters, lambda: self._cells.pressure.own_room)
        )
        self._stem.sender.own_room = table.own_room
        self._stem.guards.seeks = settings.walks

    # --- what the parent asks

    @property
    def record(self) -> MeshRecord:
        """What is remembered of the mesh."""
        return self._view.door.record

    @property
    def links_up(self) -> int:
        """Links over which cells travel now."""
        return len(self._table.counting())

    def owns(self, link: LinkId) -> bool:
        """Whether the link is one of this mesh."""
        return link in self._table

    def holds(self, topic: Topic) -> bool:
        """Whether the topic is one of this mesh."""
        return self._view.door.seats.is_ours(topic)

    def links(self) -> tuple[LinkStatus, ...]:
        """All links and attempts."""
        tree, left = self._cells.tree(), self._cells.grants.share_left
        status = self._table.list_status(self.record.id)
        return tuple(replace(at, eager=tree.get(at.link, False), allowance=left(at.link)) for at in status)

    def status(self) -> MeshStatus:
        """How it stands with the mesh as a whole."""
        held, pulling = self._cells.status()
        return MeshStatus(
            self.record.id,
            self._node,
            self.links_up,
            sum(self._cells.tree().values()),
            self._links_wanted,
            self._view.door.seats.sitting,
            held,
            pulling,
            self._stem.get_status(),
        )

    def unreached(self, now: float) -> tuple[Unreached, ...]:
        """Members with whom no link could be made."""
        return self._view.unreached(now)

    def relays(self, there_are: bool) -> None:
        """Whether a rendezvous of the mesh has hinted a TURN server."""
        self._view.relays = there_are

    def next_wakeup(self) -> float:
        """When ``tick`` is next due."""
        return min(self._view.next_wakeup(), self._cells.next_wakeup(), self._stem.next_wakeup())

    # --- what happens to links and seats

    def tick(self, now: float) -> list[MeshOutput]:
        """Do what is due."""
        if now >= self._counted_at + COUNT_S:
            self._counted_at = now
            self._cells.grants.set_members(self._stem.crowd)
        out = self._watched(self._view.tick(now), now)
        out += self._on_cells(self._cells.tick(now), now) + self._serve(now)
        out += self._stemmed(self._stem.tick(now), now)
        return out + self._on_cells(self._cells.forget(now), now)

    def leave(self, now: float) -> list[MeshOutput]:
        """Send what waits, say goodbye to every neighbour and close; write down what is held."""
        waiting = self._stemmed(self._stem.leave(now), now)
        held = self._on_cells(self._cells.leave(now), now)
        return [*held, *waiting, *self._watched(self._view.leave(now), now)]

    def depart(self, now: float) -> list[MeshOutput]:
        """Leave for good."""
        waiting = self._stemmed(self._stem.leave(now), now)
        return [*waiting, *self._watched(self._view.depart(now), now)]

    def fetched(self, numbers: tuple[int, ...], cells: tuple[HeldCell, ...], now: float) -> list[MeshOutput]:
        """Held cells were read from the disk."""
        return self._on_cells(self._cells.fetched(numbers, cells, now), now) + self._serve(now)

    def meet_at(self, record: MeshRecord, now: float) -> list[MeshOutput]:
        """The record says anew where the mesh is met."""
        return self._watched(self._view.meet_at(record, now), now)

    def begin_nearby(self, urls: Sequence[str]) -> None:
        """The same, before there is any seat."""
        self._view.door.meet_nearby(urls)

    def meet_nearby(self, urls: Sequence[str], now: float) -> list[MeshOutput]:
        """Where else the mesh is met, on this machine's own network."""
        return self._watched(self._view.meet_nearby(urls, now), now)

    @property
    def visited(self) -> tuple[str, ...]:
        """Where members listen, while they are looked for there."""
        return self._view.door.listeners.visited

    def unkept_listeners(self) -> tuple[str, ...] | None:
        """Where members listen, if that is to be kept."""
        return self._view.door.listeners.take_unkept()

    def expect(self, now: float) -> list[MeshOutput]:
        """Somebody is on the way into this mesh: be where it is met."""
        return self._watched(self._view.expect(now), now)

    def unseated(self, url: str) -> None:
        """The connection to a rendezvous is gone."""
        self._view.unseated(url)

    def receive_signal(self, url: str, message: Topical, now: float) -> list[MeshOutput]:
        """Something was said at our seat. Raises RefusedInput."""
        return self._watched(self._view.receive_signal(url, message, now), now)

    def link(self, input: LinkInput, now: float) -> list[MeshOutput]:
        """Something happened to one of our links."""
        return self._watched(self._view.link(input, now), now) + self._serve(now)

    def shaken(self, link: LinkId, now: float) -> list[MeshOutput]:
        """The address is gone from which a link was made."""
        return self._watched(self._view.shaken(link, now), now)

    def network_changed(self, now: float) -> None:
        """This machine reaches others in another way than before, or again."""
        self._view.network_changed(now)

    def _watched(self, out: Iterable[ViewOutput], now: float) -> list[MeshOutput]:
        done: list[MeshOutput] = []
        for each in frames_first(out):
            match each:
                case Opened(neighbour):
                    done += self._on_cells(self._cells.link_up(neighbour.id, neighbour.ours, now), now)
                    done += self._stemmed(self._stem.link_up(neighbour.id, neighbour.binding, now), now)
                    if neighbour.standing is Standing.SOUGHT:
                        done += self._stemmed(self._stem.sought(neighbour.id, now), now)
                    if self._listens_at is not None:
                        done.extend(self._on_cells([say(neighbour.id, self._listens_at)], now))
                    done.append(NeighbourChanged(neighbour.id, up=True))
                case Sought(neighbour):
                    done += self._stemmed(self._stem.sought(neighbour.id, now), now)
                case Unsought(neighbour):
                    self._stem.guards.drop_sought(neighbour.id)
                case Closed(neighbour, broken):
                    done += self._on_cells(self._cells.link_down(neighbour.id, broken, now), now)
                    self._stem.link_down(neighbour.id, now)
                    done.append(NeighbourChanged(neighbour.id, up=False))
                case MessageReceived(link, said):
                    done += self._heard(link, said, now)
                case _:
                    done.append(each)
        return done

    def _heard(self, link: LinkId, said: Frame | Control, now: float) -> list[MeshOutput]:
        if isinstance(said, Frame):
            if said.kind is FrameKind.ONION:
                return self._onion(link, said.body, now)
            return self._on_cells(self._cells.pushed(link, said.body, now), now)
        if isinstance(said, _TOPOLOGY):
            return self._stemmed(self._stem.heard(link, said, now), now)
        if isinstance(said, ListensAt):
            self._view.remember_listener(link, said.port)
            return []
        if isinstance(said, Marks):
            return [MarksGiven(link, said)]
        return self._on_cells(self._cells.heard(link, said, now), now)

    # --- what links are used for

    def idle(self, link: LinkId) -> bool:
        """Whether the mesh would not miss this link just now: nothing is pushed over it."""
        return not self._cells.tree().get(link, False)

    def first(self, link: LinkId) -> bool:
        """Whether our stem begins there."""
        return self._stem.begins_at(link)

    def is_needed(self, link: LinkId, now: float) -> bool:
        """Whether its other end has hardly another, as far as we know."""
        return self._stem.is_needed(link, now)

    def leads_to_contact(self, link: LinkId) -> bool:
        """Whether a contact is there whom we know to be it."""
        return self._stem.guards.leads_to_contact(link)

    def here(self, now: float) -> Station | None:
        """Our place on the mesh's map; None as long as the map is not known."""
        return self._stem.here(now)

    def called(self, name: bytes) -> Station | None:
        """Our place on the map on which we have that name."""
        return self._stem.called(name)

    # --- cells

    def submit(self, cell: bytes, now: float, haste: Haste = Haste.SOON) -> list[MeshOutput]:
        """Send a cell of our own, ``GEOMETRY.cell`` bytes: by the stem, where there is one."""
        cell = self._cells.stamps.add_stamp(cell)
        self._counters["cells originated"] += 1
        return self._stemmed(self._stem.submit_cell(cell, now, haste), now)

    def _serve(self, now: float) -> list[MeshOutput]:
        """Something came or went: what waited for it goes on."""
        effects = self._on_cells(self._cells.serve(self._table.room, now), now)
        effects += self._on_cells(self._cells.give_credit(now), now)
        return effects + self._stemmed(self._stem.go_on_sending(now), now)

    def _on_cells(self, out: Iterable[cells.Output], now: float) -> list[MeshOutput]:
        done: list[MeshOutput] = []
        for each in out:
            match each:
                case cells.Put(link, frame, lane):
                    done += self._table.send(link, frame, now, lane)
                case cells.CellKnown(name):
                    self._stem.seen(name, now)
                case _:
                    done.append(each)
        return done

    # --- neighbours who are contacts

    def bindings(self) -> dict[LinkId, bytes]:
        """By open link: a secret of its two ends."""
        return self._table.list_bindings()

    def give(self, link: LinkId, said: Marks, now: float) -> list[MeshOutput]:
        """Show a neighbour who we are, if it is a contact who is to know."""
        return self._on_cells([say(link, said)], now)

    def trust(self, link: LinkId, contact: ContactId) -> None:
        """This contact is behind the link: our stem had best begin there."""
        self._stem.guards.trust_link(link, contact)

    def distrust(self, contact: ContactId) -> None:
        """No more."""
        self._stem.guards.distrust_contact(contact)

    # --- onions

    def _onion(self, link: LinkId, packet: bytes, now: float) -> list[MeshOutput]:
        """An onion came in; it costs credit as a cell does. A node whose own cells take no stem is on
        the map as any other, and carries those of others."""
        if not self._cells.grants.spend_credit(link, now):
            self._counters["onions refused: no credit"] += 1
            return []
        return self._stemmed(self._stem.onion(link, packet, now), now)

    def _stemmed(self, out: Iterable[stems.Output], now: float) -> list[MeshOutput]:
        done: list[MeshOutput] = []
        for each in out:
            match each:
                case stems.SendTopology(link, message):
                    done += self._on_cells([say(link, message)], now)
                case stems.Relay(link, onion, source, was):
                    done += self._table.send(link, Frame(FrameKind.ONION, onion), now, source)
                    done += self._traced(was, onion, source, now)
                case stems.Spread(cell, source, was):
                    done += self._on_cells(self._cells.enter(cell, source, now), now)
                    done += self._traced(was, cell, source, now)
                case stems.CellQueued(name):
                    done.append(Notify(CellSeen(name, None, 0, now)))
                case stems.CellDispatched(tag):
                    done.append(CellLeft(tag))
                case stems.Unlisted(link):
                    self._counters["neighbours let go: did not list us"] += 1
                    done += self._watched(self._view.part(link, now), now)
        return done

    def _traced(
        self, was: bytes | None, became: bytes, source: LinkId | None, now: float
    ) -> list[MeshOutput]:
        if was is None:
            return []
        whence = self._table.node_at(source) if source is not None else None
        return [Notify(OnionSeen(was, cell_id(became), whence, now))]
