"""One mesh as this node sees it: the neighbours it has, and the cells that pass.

Knows: how a cell that comes in is judged, handed on and kept. Does not know: how neighbours are found
(``view``), over which links a cell travels (a ``Broadcast`` strategy), or what is inside one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import get_args

from p2pchat.core import reconcile
from p2pchat.core.broadcast import Push, Say, Sending, Strategy
from p2pchat.core.budget import Budget
from p2pchat.core.facts import LinkFact
from p2pchat.core.hold import Hold
from p2pchat.core.neighbour import SeatRef
from p2pchat.core.neighbours import Closed, Heard, Opened
from p2pchat.core.orders import CellSeen, FetchCells, Notify, OnionSeen, Order, SendFrame
from p2pchat.core.reconcile import Reconcile
from p2pchat.core.records import HeldCell
from p2pchat.core.records import Mesh as MeshRecord
from p2pchat.core.rendezvous import LeaveSeat, TakeSeat
from p2pchat.core.seen import Seen
from p2pchat.core.settings import Settings
from p2pchat.core.status import LinkStatus, MeshStatus
from p2pchat.core.stem import outputs as stems
from p2pchat.core.stem.stem import Stem, Stems
from p2pchat.core.view import View, ViewOutput
from p2pchat.crypto.kdf import cell_id
from p2pchat.crypto.stamp import stamped, worth
from p2pchat.errors import RefusedInput
from p2pchat.ports import Entropy
from p2pchat.types import ContactId, LinkId, NodeId, Seat, Topic
from p2pchat.wire import control, gossip, vicinity
from p2pchat.wire.cell import Cell, decode_cell, encode_cell
from p2pchat.wire.control import Control
from p2pchat.wire.frame import Frame, FrameKind
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.marks import Marks
from p2pchat.wire.reconcile import Reconciling

_GOSSIP = get_args(gossip.Gossip)
_RECONCILING = get_args(Reconciling)
_VICINAL = get_args(vicinity.Vicinal)

RESERVED = 16
"""Of a link's credit, kept free for cells that are under way while held ones are sent."""


@dataclass(frozen=True, slots=True)
class CellArrived:
    """A new, live cell came in; it has been handed on already."""

    cell: Cell


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


MeshOutput = Order | TakeSeat | LeaveSeat | CellArrived | CellLeft | NeighbourChanged | MarksGiven


class _Cells:
    """What the strategy may look up."""

    def __init__(self, seen: Seen, hold: Hold) -> None:
        self._seen = seen
        self._hold = hold

    def known(self, name: bytes) -> bool:
        return self._seen.known(name) or self._hold.known(name)

    def body(self, name: bytes) -> bytes | None:
        return self._hold.body(name)


class Mesh:
    """Hands on every cell that is new and alive, and reports it."""

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
    ) -> None:
        """``kept``: the index of what an earlier run held."""
        self._stamp_bits = settings.stamp_bits
        self._links_wanted = settings.links_wanted
        self._entropy = entropy
        self._counters = counters
        self._seen = Seen()
        self._hold = Hold(record.id, kept, settings.hold_bytes)
        self._cells = _Cells(self._seen, self._hold)
        self._broadcast = strategy(entropy.child("broadcast"), self._cells, counters)
        self._reconcile = Reconcile(self._hold, counters)
        self._stem = stem(settings.profile, entropy.child("stem"), counters) if settings.profile else None
        self._budgets: dict[LinkId, Budget] = {}
        self._view = View(record, node, settings, entropy, new_link, counters, self._idle)

    # --- what the parent asks

    @property
    def record(self) -> MeshRecord:
        """What is remembered of the mesh."""
        return self._view.record

    @property
    def links_up(self) -> int:
        """Links over which cells travel now."""
        return len(self._view.links)

    def owns(self, link: LinkId) -> bool:
        """Whether the link is one of this mesh."""
        return self._view.owns(link)

    def holds(self, topic: Topic) -> bool:
        """Whether the topic is one of this mesh."""
        return self._view.holds(topic)

    def links(self) -> tuple[LinkStatus, ...]:
        """All links and attempts."""
        tree, full = self._broadcast.tree(), Budget(0.0)
        return tuple(
            replace(
                link,
                eager=tree.get(link.link, False),
                allowance=self._budgets.get(link.link, full).share,
            )
            for link in self._view.status()
        )

    def status(self) -> MeshStatus:
        """How it stands with the mesh as a whole."""
        eager = sum(self._broadcast.tree().values())
        pulling = self._reconcile.pulling is not None
        return MeshStatus(
            self.record.id,
            self.links_up,
            eager,
            self._links_wanted,
            self._view.sitting,
            self._hold.status(),
            pulling,
            self._stem.status() if self._stem is not None else None,
        )

    def next_wakeup(self) -> float:
        """When ``tick`` is next due."""
        due = self._view.next_wakeup()
        others = [self._broadcast.next_wakeup(), self._reconcile.next_wakeup()]
        if self._stem is not None:
            others.append(self._stem.next_wakeup())
        if self._budgets:
            others.append(self._hold.next_wakeup())
        for other in others:
            if other is not None and other < due:
                due = other
        return due

    # --- what happens to links and seats

    def tick(self, now: float) -> list[MeshOutput]:
        """Do what is due."""
        out = self._watched(self._view.tick(now), now)
        out += self._sent(self._broadcast.tick(now), None, now)
        out += self._reconciled(self._reconcile.tick(now), now) + self._serve(now)
        if self._stem is not None:
            out += self._stemmed(self._stem.tick(now), now)
        # Cells are dropped for their age only while a link shows that the clock is right.
        return [*out, *self._hold.tick(now)] if self._budgets else out

    def leave(self, now: float) -> list[MeshOutput]:
        """Send what waits, say goodbye to every neighbour and close; write down what is held."""
        waiting = self._stemmed(self._stem.leave(now), now) if self._stem is not None else []
        return [*self._hold.flush(now), *waiting, *self._watched(self._view.leave(now), now)]

    def fetched(self, numbers: tuple[int, ...], cells: tuple[HeldCell, ...], now: float) -> list[MeshOutput]:
        """Held cells were read from the disk."""
        return self._reconciled(self._reconcile.fetched(numbers, cells, now), now) + self._serve(now)

    def meet_at(self, urls: tuple[str, ...], now: float) -> list[MeshOutput]:
        """Meet at further rendezvous, too."""
        return self._watched(self._view.meet_at(urls, now), now)

    def seated(self, url: str, topic: Topic, others: tuple[Seat, ...], now: float) -> list[MeshOutput]:
        """We hold a seat and see some others."""
        return self._watched(self._view.seated(url, topic, others, now), now)

    def unseated(self, url: str) -> None:
        """The connection to a rendezvous is gone."""
        self._view.unseated(url)

    def blob(self, at: SeatRef, blob: bytes, now: float) -> list[MeshOutput]:
        """A sealed blob was left at our seat. Raises RefusedInput."""
        return self._watched(self._view.blob(at, blob, now), now)

    def gone(self, at: SeatRef, now: float) -> list[MeshOutput]:
        """The seat we passed a blob to is empty."""
        return self._watched(self._view.gone(at, now), now)

    def link(self, fact: LinkFact, now: float) -> list[MeshOutput]:
        """Something happened to one of our links."""
        return self._watched(self._view.link(fact, now), now) + self._serve(now)

    def _watched(self, out: Iterable[ViewOutput], now: float) -> list[MeshOutput]:
        done: list[MeshOutput] = []
        for each in out:
            match each:
                case Opened(neighbour):
                    self._budgets[neighbour.id] = Budget(now)
                    done += self._sent(self._broadcast.link_up(neighbour.id, now), None, now)
                    done += self._reconciled(self._reconcile.link_up(neighbour.id, neighbour.ours, now), now)
                    if self._stem is not None:
                        done += self._stemmed(self._stem.link_up(neighbour.id, now), now)
                    done.append(NeighbourChanged(neighbour.id, up=True))
                case Closed(neighbour):
                    self._budgets.pop(neighbour.id, None)
                    done += self._sent(self._broadcast.link_down(neighbour.id, now), None, now)
                    done += self._reconciled(self._reconcile.link_down(neighbour.id, now), now)
                    if self._stem is not None:
                        self._stem.link_down(neighbour.id, now)
                    done.append(NeighbourChanged(neighbour.id, up=False))
                case Heard(link, said):
                    done += self._heard(link, said, now)
                case _:
                    done.append(each)
        return done

    def _idle(self, link: LinkId) -> bool:
        """Whether nothing would be missed without this link: no contact is behind it, and nothing is pushed
        over it."""
        befriended = self._stem is not None and self._stem.trusts(link)
        return not befriended and not self._broadcast.tree().get(link, False)

    # --- cells

    def submit(self, cell: bytes, now: float) -> list[MeshOutput]:
        """Send a cell of our own, ``GEOMETRY.cell`` bytes: by the stem, where there is one."""
        if self._stamp_bits:
            paid = stamped(decode_cell(cell), self._stamp_bits, self._entropy.bytes(GEOMETRY.stamp))
            cell = encode_cell(paid)
        self._counters["cells originated"] += 1
        if self._stem is None:
            return [*self._enter(cell, None, now), CellLeft(cell[: GEOMETRY.cell_tag])]
        sent = Notify(CellSeen(cell_id(cell), None, 0, now))
        return [sent, *self._stemmed(self._stem.submit(cell, now), now)]

    def _enter(self, body: bytes, source: LinkId | None, now: float) -> list[MeshOutput]:
        """Here a cell enters the broadcast; ``source`` is the link that brought its onion."""
        cell, name = decode_cell(body), cell_id(body)
        if source is not None and not self._seen.alive(cell.epoch, now):
            self._counters["cells refused: expired"] += 1
            return []
        if not self._seen.first_sight(name, cell.epoch, now):
            return []
        if self._stem is not None:
            self._stem.seen(name)
        if source is not None:
            self._counters["cells entered for others"] += 1
        arrived = [CellArrived(cell)] if source is not None else []
        return [*self._spread(name, cell.epoch, body, None, now, lane=source), *arrived]

    def _heard(self, link: LinkId, said: Frame | Control, now: float) -> list[MeshOutput]:
        if isinstance(said, Frame):
            return (
                self._onion(link, said.body, now)
                if said.kind is FrameKind.ONION
                else self._pushed(link, said, now)
            )
        if isinstance(said, _GOSSIP):
            return self._sent(self._broadcast.heard(said, link, now), link, now)
        if isinstance(said, _RECONCILING):
            return self._reconciled(self._reconcile.receive(link, said, now), now)
        if isinstance(said, _VICINAL) and self._stem is not None:
            return self._stemmed(self._stem.heard(link, said, now), now)
        if isinstance(said, Marks):
            return [MarksGiven(link, said)]
        return []  # something a later version says

    def _pushed(self, link: LinkId, said: Frame, now: float) -> list[MeshOutput]:
        try:
            return self._cell(link, said.body, now)
        except RefusedInput:
            self._counters["cells refused: malformed"] += 1
            return []

    def _cell(self, link: LinkId, body: bytes, now: float) -> list[MeshOutput]:
        """A cell came in: pass it on if it is new and alive, and its link has not had more than its share."""
        cell = decode_cell(body)
        if not self._seen.alive(cell.epoch, now):
            self._counters["cells refused: expired"] += 1
            return []
        name = cell_id(body)
        if self._cells.known(name):
            self._counters["cells seen again"] += 1
            return self._sent(self._broadcast.again(name, link, now), link, now)
        if self._stamp_bits and worth(cell) < self._stamp_bits:
            self._counters["cells refused: no stamp"] += 1
            return []
        if not self._reconcile.arrived(name) and not self._budgets[link].draw(now):
            self._counters["cells refused: over budget"] += 1
            return []
        self._seen.first_sight(name, cell.epoch, now)
        self._counters["cells relayed"] += 1
        if self._stem is not None:
            self._stem.seen(name)
        return [*self._spread(name, cell.epoch, body, link, now), CellArrived(cell)]

    def _spread(
        self,
        name: bytes,
        epoch: int,
        cell: bytes,
        source: LinkId | None,
        now: float,
        lane: LinkId | None = None,
    ) -> list[MeshOutput]:
        """``source``: the link that pushed it, None where it enters; ``lane``: the link whose doing that
        is."""
        self._hold.add(name, epoch, cell, now)
        sending = self._broadcast.fresh(name, cell, source, now)
        by = lane if source is None else source
        whence = self._whence(by)
        pushes = sum(isinstance(each, Push) for each in sending)
        sent = self._sent(sending, by, now)
        return [*sent, Notify(CellSeen(name, whence, pushes, now))]

    def _sent(self, sending: Iterable[Sending], source: LinkId | None, now: float) -> list[MeshOutput]:
        """Hand frames to links; ``source`` is the link whose doing it is, and in whose lane they wait."""
        done: list[MeshOutput] = []
        for each in sending:
            match each:
                case Push(link, cell):
                    done += self._view.send(link, Frame(FrameKind.CELL, cell), now, source)
                case Say(link, message):
                    done += self._say(link, message, now)
        return done

    def _say(self, link: LinkId, message: Control, now: float) -> list[SendFrame]:
        return self._view.send(link, Frame(FrameKind.CONTROL, control.encode(message)), now)

    # --- neighbours who are contacts

    def bindings(self) -> dict[LinkId, bytes]:
        """By open link: a secret of its two ends."""
        return {link: self._view.binding(link) for link in self._view.links}

    def give(self, link: LinkId, said: Marks, now: float) -> list[MeshOutput]:
        """Show a neighbour who we are, if it is a contact who is to know."""
        return [*self._say(link, said, now)]

    def trust(self, link: LinkId, contact: ContactId) -> bool:
        """This contact is behind the link: our stem had best begin there. Return whether that is new."""
        return self._stem is not None and self._stem.trust(link, contact)

    def distrust(self, contact: ContactId) -> None:
        """No more."""
        if self._stem is not None:
            self._stem.distrust(contact)

    # --- onions

    def _onion(self, link: LinkId, packet: bytes, now: float) -> list[MeshOutput]:
        """An onion came in; it counts as a new cell of its link."""
        if self._stem is None:
            return []
        if not self._budgets[link].draw(now):
            self._counters["onions refused: over budget"] += 1
            return []
        return self._stemmed(self._stem.onion(link, packet, now), now)

    def _stemmed(self, out: Iterable[stems.Output], now: float) -> list[MeshOutput]:
        done: list[MeshOutput] = []
        for each in out:
            match each:
                case stems.Say(link, message):
                    done += self._say(link, message, now)
                case stems.Relay(link, onion, source, was):
                    done += self._view.send(link, Frame(FrameKind.ONION, onion), now, source)
                    done += self._traced(was, onion, source, now)
                case stems.Spread(cell, source, was):
                    done += [*self._enter(cell, source, now), *self._traced(was, cell, source, now)]
                case stems.Left(tag):
                    done.append(CellLeft(tag))
        return done

    def _traced(
        self, was: bytes | None, became: bytes, source: LinkId | None, now: float
    ) -> list[MeshOutput]:
        if was is None:
            return []
        return [Notify(OnionSeen(was, cell_id(became), self._whence(source), now))]

    def _whence(self, source: LinkId | None) -> NodeId | None:
        return self._view.node_at(source) if source is not None else None

    # --- cells that come late

    def _reconciled(self, out: Iterable[reconcile.Output], now: float) -> list[MeshOutput]:
        done: list[MeshOutput] = []
        for each in out:
            match each:
                case reconcile.Say(link, message):
                    done += self._say(link, message, now)
                case reconcile.Fetch(numbers):
                    done.append(FetchCells(self.record.id, numbers))
                case reconcile.Recovered():
                    done += self._recovered(each, now)
        return done

    def _recovered(self, late: reconcile.Recovered, now: float) -> list[MeshOutput]:
        """A cell we had missed: keep it, say that we have it, see whether it is for us."""
        cell = decode_cell(late.cell)
        if not self._seen.alive(cell.epoch, now) or not self._seen.first_sight(late.name, cell.epoch, now):
            return []
        if self._stem is not None:
            self._stem.seen(late.name)
        self._hold.add(late.name, cell.epoch, late.cell, now, late.slot)
        said = self._sent(self._broadcast.recovered(late.name, late.link, now), late.link, now)
        seen = Notify(CellSeen(late.name, self._whence(late.link), 0, now))
        return [*said, seen, CellArrived(cell)]

    def _serve(self, now: float) -> list[MeshOutput]:
        """What neighbours asked for goes out as far as their links are idle."""
        out: list[MeshOutput] = []
        for link in self._reconcile.serving():
            room = self._view.room(link) - RESERVED
            out += self._reconciled(self._reconcile.bulk(link, room, now), now)
        return out
