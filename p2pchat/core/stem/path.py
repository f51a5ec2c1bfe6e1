"""The one stem that our cells take, as long as it holds.

Knows: when a stem holds and how another is drawn. Does not know: how cells travel over it, or what is lost.

The whole stem is pinned: with a fresh one for every message, an adversary that can link messages names
their writer after a few; with a pinned one, after ten, about as often as the first hop is its own
(docs/threat-model.md).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from p2pchat.core.stem import route
from p2pchat.core.stem.epoch_map import EpochMap
from p2pchat.core.stem.failure_scores import FailureScores
from p2pchat.core.values.profile import Profile
from p2pchat.crypto.onion import Hop
from p2pchat.data import dataclass
from p2pchat.ports import Entropy, uniform
from p2pchat.types import HopId, LinkId

BETTER_S = 10.0
"""While the stem is shorter than the profile wants, or does not begin at a contact while it is young, another
is sought this often: the mesh may have grown."""

YOUNG_S = 120.0
"""So long after it was drawn a stem is left for one that begins at a contact, or at a link that we sought:
while a node finds its links, that may be the last of them. Later it would be one more stem for one writer's
cells."""

GUARD_S = (60 * 86_400.0, 120 * 86_400.0)
"""A first hop is kept until its link is lost, and no longer than this: Tor's guards are confirmed for 60 days
and sampled for 120 (guard-spec, GUARD_CONFIRMED_MIN_LIFETIME, GUARD_LIFETIME). Each change is one more chance
that it is hostile (Elahi and others, "Changing of the Guards", WPES 2012)."""

DRAWS = 8
"""Stems drawn when one is needed; the one whose nodes have failed least is taken. If no node is suspected
that is the first, so that suspicion alone weights the choice."""

Links = Mapping[HopId, Sequence[HopId]]


@dataclass(frozen=True, slots=True)
class StemPath:
    """A stem in use."""

    epoch_map: EpochMap
    nodes: tuple[HopId, ...]
    hops: tuple[Hop, ...]
    drawn_at: float
    looked_at: float
    """When a better one was sought."""

    @property
    def link(self) -> LinkId | None:
        """The link to its first hop."""
        return self.epoch_map.link_to(self.nodes[0])

    def is_whole(self) -> bool:
        """Whether every link of it is there still, as far as is known."""
        pairs = zip(self.nodes, self.nodes[1:], strict=False)
        return self.link is not None and all(self.epoch_map.topology.are_linked(*pair) for pair in pairs)


@dataclass(frozen=True, slots=True)
class GuardRanking:
    """Links at which a stem had best begin: at a contact; else at one that we sought, and since when."""

    trusted: frozenset[LinkId]
    sought: Mapping[LinkId, float]

    def rank_link(self, link: LinkId | None) -> int:
        """How well a stem begins there."""
        return 2 if link in self.trusted else int(link in self.sought)

    def has_better(self, link: LinkId | None) -> bool:
        """Whether there is a better one."""
        return self.rank_link(link) < (2 if self.trusted else int(bool(self.sought)))

    def settled_links(self, now: float) -> list[LinkId]:
        """Return the links that were sought before anything was lost just now, or else all of them: an
        attacker that breaks the link in use should not provide the next one."""
        old = [link for link, since in self.sought.items() if now >= since + YOUNG_S]
        return old or list(self.sought)


class PathSelector:
    """Draws a stem when one is needed, and keeps it."""

    def __init__(self, profile: Profile, entropy: Entropy, failures: FailureScores) -> None:
        self._profile = profile
        self._entropy = entropy
        self._failures = failures
        self._path: StemPath | None = None
        self._lost_count = 0
        """Cells lost on the stem in use since one last came back."""
        self._first: tuple[LinkId | None, HopId] | None = None
        """Where the last stem began: nodes have other names in every epoch."""
        self._first_until = 0.0
        self.drawn = 0
        """Stems used so far."""

    @property
    def now(self) -> StemPath | None:
        """The stem in use; it may no longer hold."""
        return self._path

    def select_path(
        self, epoch_map: EpochMap, trusted: Iterable[LinkId], sought: Mapping[LinkId, float], now: float
    ) -> StemPath | None:
        """The stem of this epoch: the one in use if it holds, or another, which begins at one of the
        ``trusted`` links if it can, else at one of those ``sought`` (since when); None if there is none."""
        path, begins = self._path, GuardRanking(frozenset(trusted), sought)
        if path is None or path.epoch_map is not epoch_map or not path.is_whole():
            self._take(self._draw(epoch_map, begins, now), now)
        elif now >= path.looked_at + BETTER_S:
            self._look(path, begins, now)
        return self._path

    def on_lost(self, nodes: tuple[HopId, ...], now: float) -> bool:
        """Something went over these nodes and did not come back. If they are the stem in use (True), it is
        no longer used; a loop over some of its hops may have been lost elsewhere, and only weights the next
        choice.

        On the clock a stem is left only when a second thing was lost over one of its hops, a cell or a test
        of that hop alone: otherwise a node that drops one packet would see by the change that it was a
        cell."""
        self._failures.on_failure(nodes, now)
        path = self._path
        if path is None:
            return False
        ours, tested = path.nodes == nodes, nodes == nodes[::-1] and nodes[len(nodes) // 2] in path.nodes
        if self._profile.on_clock:
            self._lost_count += ours
            repeated = any(self._failures.count_failures(node, now) > 1 for node in path.nodes)
            if (ours and self._lost_count > 1) or ((ours or tested) and repeated):
                self._path = None
        elif ours:
            self._path = None
        return ours

    def on_returned(self, nodes: tuple[HopId, ...]) -> None:
        """A cell came back over these."""
        if self._path is not None and self._path.nodes == nodes:
            self._lost_count = 0

    def suspected_hops(self, now: float) -> tuple[HopId, ...]:
        """Hops of the stem in use that are under suspicion: loops over them were lost."""
        nodes = self._path.nodes if self._path is not None else ()
        return tuple(node for node in nodes if self._suspected((node,), now))

    def drop_path(self) -> None:
        """Stop using it."""
        self._path = None

    def refuse_link(self, link: LinkId, now: float) -> None:
        """The last stem began at this link, which takes none of our onions: for a while none begins there."""
        if self._first is not None and self._first[0] == link:
            self._failures.mark_stalled(self._first[1], now)
            self.drop_path()

    def forget_guard(self, link: LinkId) -> None:
        """Begin no stem at this link because the last one did."""
        if self._path is not None and self._path.link == link:
            self._path = None
        if self._first is not None and self._first[0] == link:
            self._first = None

    def _look(self, path: StemPath, begins: GuardRanking, now: float) -> None:
        """Take a better stem, if one is wanted and there is one."""
        self._path = replace(path, looked_at=now)
        short = len(path.nodes) < self._profile.hops[0]
        strange = now < path.drawn_at + YOUNG_S and begins.has_better(path.link)
        if not short and not strange:
            return
        other = self._draw(path.epoch_map, begins, now)
        if other is None:
            return
        longer = len(other.nodes) > len(path.nodes)
        enough = len(other.nodes) >= min(len(path.nodes), self._profile.hops[0])
        if (short and longer) or (
            strange and enough and begins.rank_link(other.link) > begins.rank_link(path.link)
        ):
            self._take(other, now)

    def _avoided(self, nodes: tuple[HopId, ...], now: float) -> bool:
        """Whether a stem over these is rather not taken."""
        return self._suspected(nodes, now) or self._failures.has_stalled(nodes[0], now)

    def _suspected(self, nodes: tuple[HopId, ...], now: float) -> bool:
        return any(self._failures.is_suspected(node, now) for node in nodes)

    def _take(self, path: StemPath | None, now: float) -> None:
        self._path = path
        if path is None:
            return
        self._lost_count = 0
        if self._first is None or path.link is None or self._first[0] != path.link:
            self._first_until = now + uniform(self._entropy, *GUARD_S)
        self._first = path.link, path.nodes[0]
        self.drawn += 1

    def _draw(self, epoch_map: EpochMap, begins: GuardRanking, now: float) -> StemPath | None:
        links = epoch_map.confirmed_links()
        nodes = self._nodes(links, epoch_map.id, self._firsts(epoch_map, begins, now), now)
        if nodes is None:
            return None
        return StemPath(epoch_map, nodes, epoch_map.hops_over(nodes), now, now)

    def _firsts(self, epoch_map: EpochMap, begins: GuardRanking, now: float) -> tuple[HopId, ...]:
        """The best first hop. A contact; else a neighbour that we sought; of several, or without
        one, the last stem's: a neighbour that has seen our cells continues to see them, rather than one more
        neighbour. Only a suspected one is left: else a later hop could drive stems off their first by
        dropping what they bring. If none of these is left, any neighbour that is not suspected."""
        contacts = self._able(epoch_map, begins.trusted, now)
        able = contacts or self._able(epoch_map, begins.settled_links(now), now)
        last = self._last(epoch_map, now)
        guards = last is not None and not contacts and begins.rank_link(epoch_map.link_to(last)) > 0
        if last is not None and (not able or last in able or guards):
            return (last,)
        return tuple(able or self._able(epoch_map, epoch_map.neighbours.values(), now))

    def _able(self, epoch_map: EpochMap, links: Collection[LinkId], now: float) -> list[HopId]:
        """The neighbours at these links that are not suspected."""
        near = epoch_map.neighbours.items()
        return [node for node, link in near if link in links and not self._avoided((node,), now)]

    def _last(self, epoch_map: EpochMap, now: float) -> HopId | None:
        """The neighbour at which the last stem began, if it may be kept."""
        link, name = self._first if self._first is not None else (None, None)
        near = epoch_map.neighbours
        last = (
            name
            if name in near
            else next((node for node, near_link in near.items() if near_link == link), None)
        )
        if last is None or self._avoided((last,), now) or now >= self._first_until:
            return None
        return last

    def _nodes(
        self, links: Links, own: HopId, firsts: tuple[HopId, ...], now: float
    ) -> tuple[HopId, ...] | None:
        """A stem of the profile's length over no suspected node, or the longest shorter one, down to a
        neighbour that broadcasts; where all lead over the suspected, the first of them.

        On the clock no stem has one hop while one of two can be had: otherwise a dropping node would see
        the writer of a cell by the place where it enters."""
        shortest, longest = self._profile.hops
        drawn = self._profile.draw_length(self._entropy)
        lengths = (drawn, *(hops for hops in range(longest, shortest - 1, -1) if hops != drawn))
        suspected: tuple[HopId, ...] | None = None
        for hops in (*lengths, *range(shortest - 1, 0, -1)):
            if hops == 1 and self._profile.on_clock and suspected is not None:
                break
            found = self._least_suspected(links, own, hops, firsts, now)
            if found is not None and not self._avoided(found, now):
                return found
            suspected = suspected or found
        return suspected

    def _least_suspected(
        self, links: Links, own: HopId, hops: int, firsts: tuple[HopId, ...], now: float
    ) -> tuple[HopId, ...] | None:
        """Draw some stems of so many hops, and return the one whose nodes have failed least."""
        found: tuple[HopId, ...] | None = None
        least = -1
        for _ in range(DRAWS):
            nodes = route.draw(links, own, hops, self._entropy, firsts)
            if nodes is None:
                break
            failures = sum(self._failures.count_failures(node, now) for node in nodes)
            if least < 0 or failures < least:
                found, least = nodes, failures
            if not failures:
                break
        return found
