"""Which node saw which cell, and how soon.

Knows: every measured cell and the hosts that were to have it. Does not know: what happens to hosts, or how
cells travel.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from operator import add

from p2pchat.core.kit.moments import NEVER
from p2pchat.data import dataclass
from p2pchat.sim.host import SimulatedHost
from p2pchat.types import CellId

IN_TIME_S = 30.0
"""A cell that is seen within this time was delivered; one that is seen later was recovered."""

_STEPS = 1000
"""The distribution of latencies is kept in milliseconds."""

_UNSEEN = -1.0


class Window:
    """The cells that began during one part of a run."""

    __slots__ = ("_latencies", "cells", "delivered", "due")

    def __init__(self) -> None:
        self.cells = 0
        self.due = 0
        """Pairs of a cell and a host that was there all of ``IN_TIME_S``."""
        self.delivered = 0
        """Of these, those in which the host saw the cell in time."""
        self._latencies = array("Q", bytes(8 * (int(IN_TIME_S * _STEPS) + 1)))

    def count_latency(self, latency: float) -> None:
        """Count one more pair that saw the cell in time."""
        self.delivered += 1
        self._latencies[int(latency * _STEPS)] += 1

    def add_window(self, other: Window) -> None:
        """Add the counts of another window."""
        self.cells += other.cells
        self.due += other.due
        self.delivered += other.delivered
        self._latencies = array("Q", map(add, self._latencies, other._latencies))

    @property
    def ratio(self) -> float | None:
        """The delivered share; None if nothing was due."""
        return self.delivered / self.due if self.due else None

    def latency_quantile(self, share: float) -> float | None:
        """Return a quantile of the latencies, in seconds; None if nothing was delivered."""
        rank, so_far = share * self.delivered, 0
        for step, count in enumerate(self._latencies):
            so_far += count
            if count and so_far >= rank:
                return (step + 0.5) / _STEPS
        return None


@dataclass(slots=True)
class Late:
    """Pairs of a cell and a host that did not see it in time: because it was missed; because the host was
    away or beyond a cut."""

    overdue: int = 0
    overdue_seen: int = 0
    waited: int = 0
    waited_seen: int = 0


class _Cell:
    __slots__ = ("at", "cut", "latencies", "origin", "overdue", "waited", "window")

    def __init__(self, at: float, origin: SimulatedHost, window: Window, cut: bool, hosts: int) -> None:
        self.at = at
        self.origin = origin
        self.window = window
        self.cut = cut
        """Whether some hosts could not reach each other while it spread."""
        self.latencies = array("f", [_UNSEEN]) * hosts
        self.overdue = array("I")
        """Hosts that were there and did not see it in time."""
        self.waited = array("I")
        """Hosts that were away, or beyond a cut."""


class Tally:
    """Counts first sights of cells, and judges each cell ``IN_TIME_S`` after it began."""

    def __init__(self, hosts: Sequence[SimulatedHost], most: int) -> None:
        self._hosts = hosts
        self._most = most
        self._cells: dict[CellId, _Cell] = {}
        self._member_since = [NEVER] * most
        self._member_first = [NEVER] * most
        self._cut = False
        self._window: Window | None = None
        self._flooder: tuple[SimulatedHost, Window] | None = None

    def begin_counting(self, flooder: SimulatedHost | None = None) -> tuple[Window, Window]:
        """Count cells from now on: in the first window, those of the flooder in the second."""
        self._window = Window()
        apart = Window()
        self._flooder = None if flooder is None else (flooder, apart)
        return self._window, apart

    def end_counting(self) -> None:
        """Count no cell that begins from now on."""
        self._window = self._flooder = None

    # --- hosts

    def mark_present(self, host: SimulatedHost, now: float) -> None:
        """Note a link of a host. A host is present from its first link on."""
        self._member_since[host.index] = min(self._member_since[host.index], now)
        self._member_first[host.index] = min(self._member_first[host.index], now)

    def mark_absent(self, host: SimulatedHost) -> None:
        """Note that a host is off or asleep."""
        self._member_since[host.index] = NEVER

    def set_cut(self, is_cut: bool) -> None:
        """Note whether the network is cut in two."""
        self._cut = is_cut
        if is_cut:
            for cell in self._cells.values():
                cell.cut = True

    # --- cells

    def open_cell(self, id: CellId, origin: SimulatedHost, now: float) -> bool:
        """A host said something of its own. Whether it is to be closed. What enters the broadcast from a link
        that is gone by then looks like it, but began elsewhere."""
        if self._window is None or id in self._cells:
            return False
        flooding = self._flooder is not None and origin is self._flooder[0]
        window = self._flooder[1] if self._flooder is not None and flooding else self._window
        window.cells += 1
        self._cells[id] = _Cell(now, origin, window, self._cut, self._most)
        return True

    def record_sight(self, id: CellId, host: SimulatedHost, now: float) -> None:
        """Note that a host saw a cell for the first time."""
        cell = self._cells.get(id)
        if cell is not None and cell.latencies[host.index] == _UNSEEN:
            cell.latencies[host.index] = now - cell.at

    def close_cell(self, id: CellId) -> None:
        """Judge a cell whose time is over: count the present hosts that saw it."""
        cell = self._cells[id]
        window, latencies = cell.window, cell.latencies
        for host in self._hosts:
            index = host.index
            latency = latencies[index]
            if host is cell.origin:
                continue
            if self._member_since[index] > cell.at or self._beyond(cell, host):
                if self._member_first[index] <= cell.at:
                    cell.waited.append(index)
                continue
            window.due += 1
            if _UNSEEN < latency <= IN_TIME_S:
                window.count_latency(latency)
            else:
                cell.overdue.append(index)
        if not cell.overdue and not cell.waited:
            del self._cells[id]

    def count_late(self) -> Late:
        """Count the cells that were seen late. Only hosts that are present now count."""
        late = Late()
        for cell in self._cells.values():
            for index in cell.overdue:
                late.overdue += 1
                late.overdue_seen += cell.latencies[index] != _UNSEEN
            for index in cell.waited:
                if self._member_since[index] < NEVER:
                    late.waited += 1
                    late.waited_seen += cell.latencies[index] != _UNSEEN
        return late

    @staticmethod
    def _beyond(cell: _Cell, host: SimulatedHost) -> bool:
        return cell.cut and cell.origin.side != host.side and 0 not in (cell.origin.side, host.side)
