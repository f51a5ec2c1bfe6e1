"""Stems of several nodes wired back to back: links without delay, time that jumps from deadline to deadline.

Knows: who is linked with whom, and what came of every output. Does not know: how stems work.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable
from itertools import combinations

from p2pchat.core.stem.outputs import (
    CellDispatched,
    CellReturned,
    Output,
    Relay,
    SendTopology,
    Spread,
    Unlisted,
)
from p2pchat.core.stem.stem import Stem
from p2pchat.core.values.profile import FAST, Profile
from p2pchat.core.values.status import StemStatus
from p2pchat.crypto.envelope import EPOCH_SECONDS
from p2pchat.crypto.kdf import cell_id
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import LinkId, Tag
from p2pchat.wire import control
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.topology import TopologyMessage

START = 83_000.0 * EPOCH_SECONDS + 7200.0


def cell(number: int) -> bytes:
    """Make a cell that differs from every other."""
    return number.to_bytes(GEOMETRY.cell_tag, "big").ljust(GEOMETRY.cell, b"c")


class Wired:
    """Nodes have letters; a link has the number of the letter at its other end."""

    def __init__(self, edges: str, profile: Profile = FAST, seed: int = 0) -> None:
        """``edges``: pairs of letters, ``ab bc``."""
        names = sorted(set(edges) - {" "})
        self.now = START
        self.counters: dict[str, Counter[str]] = {}
        self.stems: dict[str, Stem] = {}
        for name in names:
            self.add(name, profile, seed)
        self.links: set[tuple[str, str]] = set()
        self.onions: list[tuple[str, str, bytes]] = []
        """From, to, what."""
        self.departures: list[tuple[str, float]] = []
        """From whom each onion left, and when."""
        self.entered: list[tuple[str, bytes]] = []
        """Where each cell entered the broadcast."""
        self.left: list[Tag] = []
        self.returned: list[tuple[str, Tag]] = []
        self.unlisted: list[tuple[str, str]] = []
        """Which node ended its link with which, because it was not listed."""
        self.drops: Callable[[str, str, bytes], bool] = lambda source, target, onion: False
        self.broadcasts = True
        """Whether cells that enter come back to all nodes."""
        self._queue: deque[tuple[str, str, TopologyMessage | bytes]] = deque()
        for edge in edges.split():
            self.link(*edge)

    def add(self, name: str, profile: Profile = FAST, seed: int = 0) -> None:
        self.counters[name] = Counter()
        self.stems[name] = Stem(profile, SeededEntropy(f"{seed} {name}"), self.counters[name])

    def link(self, one: str, other: str) -> None:
        self.links |= {(one, other), (other, one)}
        binding = "".join(sorted(one + other)).encode().ljust(32)
        self._carry(one, self.stems[one].link_up(self._number(other), binding, self.now))
        self._carry(other, self.stems[other].link_up(self._number(one), binding, self.now))
        self._carry(one, self.stems[one].on_sought(self._number(other), self.now))
        self._carry(other, self.stems[other].on_sought(self._number(one), self.now))
        self._settle()

    def unlink(self, one: str, other: str) -> None:
        self.links -= {(one, other), (other, one)}
        self.stems[one].link_down(self._number(other), self.now)
        self.stems[other].link_down(self._number(one), self.now)

    def submit(self, name: str, body: bytes) -> None:
        self._carry(name, self.stems[name].submit_cell(body, self.now))
        self._settle()

    def go_on_sending(self, name: str) -> None:
        """Send what waits, if there is space on the first link."""
        self._carry(name, self.stems[name].go_on_sending(self.now))
        self._settle()

    def leave(self, name: str) -> None:
        """The node stops; its links stay up long enough for what it still says."""
        self._carry(name, self.stems[name].flush_waiting(self.now))
        self._settle()

    def hand(self, source: str, target: str, onion: bytes) -> None:
        """An onion comes to ``target`` over its link with ``source``."""
        self._carry(target, self.stems[target].on_onion(self._number(source), onion, self.now))
        self._settle()

    def say(self, source: str, target: str, message: TopologyMessage) -> None:
        self._carry(target, self.stems[target].on_topology(self._number(source), message, self.now))
        self._settle()

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while (due := min(stem.next_wakeup() for stem in self.stems.values())) <= end:
            self.now = max(self.now, due)
            for name, stem in self.stems.items():
                self._carry(name, stem.tick(self.now))
            self._settle()
        self.now = end

    def way(self) -> list[str]:
        """Whom the onions passed so far."""
        return [self.onions[0][0], *(target for _, target, _ in self.onions)] if self.onions else []

    def status(self, name: str) -> StemStatus:
        status = self.stems[name].get_status()
        assert status is not None
        return status

    def pinned(self, name: str) -> list[str]:
        """The hops of a node's stem."""
        names = {stem.own_hop_id(self.now): letter for letter, stem in self.stems.items()}
        return [names[node] for node in self.stems[name].path]

    def _settle(self) -> None:
        while self._queue:
            source, target, what = self._queue.popleft()
            stem, link = self.stems[target], self._number(source)
            if (source, target) not in self.links:
                continue
            if isinstance(what, bytes):
                self.onions.append((source, target, what))
                self.departures.append((source, self.now))
                if not self.drops(source, target, what):
                    self._carry(target, stem.on_onion(link, what, self.now))
            else:
                self._carry(target, stem.on_topology(link, what, self.now))

    def _carry(self, name: str, outputs: Iterable[Output]) -> None:
        for each in outputs:
            match each:
                case SendTopology(link, message):
                    assert control.decode(control.encode(message)) == message
                    self._queue.append((name, chr(link), message))
                case Relay(link, onion):
                    assert len(onion) == GEOMETRY.onion
                    self._queue.append((name, chr(link), onion))
                case Spread(body):
                    self.entered.append((name, body))
                    for other, stem in self.stems.items() if self.broadcasts else ():
                        self._carry(other, stem.on_cell_seen(cell_id(body), self.now))
                case CellDispatched(tag):
                    self.left.append(tag)
                case CellReturned(tag):
                    self.returned.append((name, tag))
                case Unlisted(link):
                    if (name, chr(link)) in self.links:
                        self.unlisted.append((name, chr(link)))
                        self.unlink(name, chr(link))

    @staticmethod
    def _number(name: str) -> LinkId:
        return LinkId(ord(name))


def amid(profile: Profile, others: str, seed: int = 0) -> Wired:
    """Link every node with every other. Only ``a`` makes cover."""
    mesh = Wired(" ".join(map("".join, combinations(others, 2))), FAST, seed)
    mesh.add("a", profile, seed)
    for other in others:
        mesh.link("a", other)
    mesh.run(60.0)
    mesh.onions.clear()
    return mesh
