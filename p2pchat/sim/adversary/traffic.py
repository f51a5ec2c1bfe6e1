"""What runs along stems: messages, and the cover that hides them.

Knows: the rule by which stems are drawn, the profiles, how nodes use their stems. Does not know: what the
adversary guesses from it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import combinations
from random import Random
from typing import Final

from p2pchat.core.stem.cover import LOOP_IN
from p2pchat.core.stem.route import draw
from p2pchat.core.values.profile import Profile
from p2pchat.data import dataclass
from p2pchat.errors import UsageError
from p2pchat.sim.adversary.mesh import LINK_S, Path, SampledMesh
from p2pchat.sim.adversary.packets import Glimpse, Packet, pieces, poisson, send
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import HopId

MESSAGES_PER_S: Final = 1 / 60
"""What every node writes."""

DROPS: Final = 1 - 1 / LOOP_IN
"""The share of cover that goes as far as messages do. The rest are loops by way of a neighbour or two, which
hide nothing from the nodes that see them turn back."""

COVERS: Final = ("stem", "fresh")
"""The one stem that messages take; or another way every time."""

WAITS: Final = 15.0
"""Hops of which the waits add up to so many times their mean are not waited for: one packet in 10 000."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How nodes use their stems."""

    profile: Profile
    fresh_stems: bool = False
    """Every message takes another stem."""
    cover: str = "stem"
    """Which way it goes: one of COVERS."""
    traced: bool = False
    """Colluders know which of their packets became which broadcast: the most that holding others back,
    marking and every other active attack on the linking can come to."""
    trusted_first: bool = False
    """The first hop of the writer's stem is honest, as a contact's node would be. No other node knows."""
    watched: bool = False
    """Colluders have watched for hours before, and know how many stems take each piece, and which go on
    where, however they are mixed in between."""

    @property
    def per_s(self) -> float:
        """Packets that a node sends the way of messages."""
        ticks = self.profile.cover_per_s
        taken = MESSAGES_PER_S if self.profile.on_clock else 0.0
        return MESSAGES_PER_S + DROPS * max(0.0, ticks - taken)

    @property
    def reach_s(self) -> float:
        """Return the longest time, in seconds, that a packet may take."""
        return self.profile.hops[1] * LINK_S[1] + self.profile.delay_s * WAITS


class Traffic:
    """All that honest nodes send in one mesh: every packet takes another way, but the writer's messages."""

    def __init__(self, mesh: SampledMesh, habits: Habits, seed: object) -> None:
        self.mesh = mesh
        self.habits = habits
        self.rng = Random(f"{seed} times")
        self._entropy = SeededEntropy(seed)
        self._links = {
            _id(node): [_id(other) for other in others] for node, others in enumerate(mesh.neighbours)
        }
        self._honest = len(mesh.honest_nodes()) / len(mesh.colludes)
        self._stems: dict[int, Path] = {}

    def draw_stem(self, node: int) -> Path:
        """A stem for one message. Raises UsageError where there is none."""
        if self.habits.fresh_stems:
            return self._draw(node)
        if node not in self._stems:
            self._stems[node] = self._draw(node)
        return self._stems[node]

    def expected_stems(self, piece: Path) -> float:
        """Stems of honest nodes that take a piece of path, to be expected if every node has one. Exact for a
        regular graph."""
        return self._chance(piece) * sum(
            self._honest if earlier else 1.0 for _, earlier in self._places(piece)
        )

    def make_background(self, until: float) -> Callable[[Path], Iterable[Glimpse]]:
        """What is seen at a piece until then, in as long as a packet takes. Packets are made up when they
        are looked at: those at a piece that were not seen at another yet are a Poisson process like any."""
        glimpses: dict[Path, list[Glimpse]] = defaultdict(list)
        looked: dict[Path, None] = {}

        def at(piece: Path) -> Iterable[Glimpse]:
            if piece not in looked:
                for packet in self._passing(piece, until):
                    if looked.keys().isdisjoint(packet.seen):
                        for place, glimpse in packet.seen.items():
                            glimpses[place].append(glimpse)
                looked[piece] = None
            return glimpses[piece]

        return at

    def _passing(self, piece: Path, until: float) -> Iterable[Packet]:
        """Packets at a piece. Those that a colluder sent are left out: it knows them."""
        places = self._places(piece)
        rate = self.habits.per_s * self._chance(piece) * len(places)
        for left in poisson(rate, until - self.habits.reach_s, until, self.rng):
            stem = self._around(piece, *self.rng.choice(places))
            if stem is not None and not self.mesh.colludes[stem[0]]:
                packet = send(self.mesh, stem, 0.0, self.habits.profile.delay_s, self.rng)
                shift = left - packet.seen[piece].left
                seen = {place: glimpse.shifted_by(shift) for place, glimpse in packet.seen.items()}
                yield Packet(seen, packet.spent)

    def _chance(self, piece: Path) -> float:
        """Return the chance that a stem of some length has the piece at a given place, for all nodes
        together."""
        shortest, longest = self.habits.profile.hops
        chance = 1.0 / (longest - shortest + 1) / len(self.mesh.neighbours[piece[0]])
        for node in piece[1:-1]:
            chance /= max(1, len(self.mesh.neighbours[node]) - 1)
        return chance

    def _places(self, piece: Path) -> list[tuple[int, int]]:
        """Return the places of a piece on a stem: the length of the stem, and the number of nodes before the
        piece."""
        shortest, longest = self.habits.profile.hops
        ends = self.mesh.colludes[piece[-1]]
        return [
            (hops, earlier)
            for hops in range(shortest, longest + 1)
            for earlier in range(hops + 2 - len(piece))
            if not ends or earlier == hops + 1 - len(piece)
        ]

    def _around(self, piece: Path, hops: int, earlier: int) -> Path | None:
        """A random stem with this piece in it; None if the walk is stuck."""
        path = list(piece)
        for _ in range(earlier):
            choices = [node for node in self.mesh.neighbours[path[0]] if node not in path]
            if not choices:
                return None
            path.insert(0, self.rng.choice(choices))
        while len(path) <= hops:
            choices = [node for node in self.mesh.neighbours[path[-1]] if node not in path]
            if not choices:
                return None
            weights = [self.mesh.hop_weight(node) for node in choices]
            path += self.rng.choices(choices, weights)
        return tuple(path)

    def _draw(self, node: int) -> Path:
        profile = self.habits.profile
        first = [_id(other) for other in self._firsts(node)]
        hops = draw(self._links, _id(node), profile.draw_length(self._entropy), self._entropy, first)
        if hops is None:
            raise UsageError(f"no stem of {profile.hops[1]} hops: need more nodes")
        return (node, *(int.from_bytes(hop, "big") for hop in hops))

    def _firsts(self, node: int) -> Iterable[int]:
        if self.habits.trusted_first:
            return [other for other in self.mesh.neighbours[node] if not self.mesh.colludes[other]]
        known = self.mesh.first[node] if self.mesh.first else None
        return self.mesh.first_hops(node) if known is None else (known,)


class Flows(Traffic):
    """All that a node sends takes its one stem."""

    def __init__(self, mesh: SampledMesh, habits: Habits, seed: object) -> None:
        super().__init__(mesh, habits, seed)
        self._taken: dict[Path, int] = defaultdict(int)
        self._whole: dict[Path, int] = defaultdict(int)
        self._through: dict[Path, list[int]] = defaultdict(list)
        for node in mesh.honest_nodes():
            stem = self.draw_stem(node)
            told = list(pieces(stem, mesh.colludes))
            for start, end in told:
                self._through[stem[start:end]].append(node)
                self._taken[stem[start:end]] += 1
            for (start, _), (_, end) in combinations(told, 2):
                self._taken[stem[start:end]] += 1
            if told:
                self._whole[stem[told[0][0] : told[-1][1]]] += 1

    def stems_taking(self, piece: Path) -> int:
        """Stems that take a piece, or two that colluders can tell and what is between them."""
        return self._taken.get(piece, 0)

    def whole_stems(self, piece: Path) -> int:
        """Stems of which colluders can tell this piece and nothing else."""
        return self._whole.get(piece, 0)

    def expected_whole(self, piece: Path) -> float:
        """Return the expected number of packets."""
        unseen = (self._honest ** (hops + 1 - len(piece)) for hops, _ in self._places(piece))
        return self._chance(piece) * sum(unseen)

    def make_background(self, until: float) -> Callable[[Path], Iterable[Glimpse]]:
        made: dict[int, list[Packet]] = {}

        def packets(node: int) -> list[Packet]:
            if node not in made:
                times = poisson(self.habits.per_s, until - self.habits.reach_s, until, self.rng)
                waits_s = self.habits.profile.delay_s
                made[node] = [send(self.mesh, self.draw_stem(node), at, waits_s, self.rng) for at in times]
            return made[node]

        return lambda piece: [p.seen[piece] for node in self._through.get(piece, ()) for p in packets(node)]


class ObservedMessage:
    """One message, broadcast ``until``, and what colluders see of it among the rest."""

    def __init__(self, traffic: Traffic, stem: Path, until: float) -> None:
        packet = send(traffic.mesh, stem, 0.0, traffic.habits.profile.delay_s, traffic.rng)
        self.until = until
        self.spent = packet.spent
        self.seen = {
            piece: glimpse.shifted_by(until - packet.spent) for piece, glimpse in packet.seen.items()
        }
        self._background = None if traffic.habits.traced else traffic.make_background(until)

    def packets_at(self, piece: Path) -> list[Glimpse]:
        """Packets that came by a piece."""
        others = [] if self._background is None else self._background(piece)
        mine = self.seen.get(piece)
        return [*others, *([] if mine is None else [mine])]


def traffic(mesh: SampledMesh, habits: Habits, seed: object) -> Traffic:
    """The packets of honest nodes with these habits."""
    return {"stem": Flows, "fresh": Traffic}[habits.cover](mesh, habits, seed)


def _id(node: int) -> HopId:
    return HopId(node.to_bytes(2, "big"))
