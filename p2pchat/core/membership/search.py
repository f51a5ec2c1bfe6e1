"""Which nodes a node seeks links with, and how it insists: a node drawn on its map, asked by one way after
another.

Knows: the map, which nodes we seek and by which ways they were asked. Does not know: how many links are
wanted (``active_view``), or how a walk travels. Parent of ``walk``.

A random walk that goes from neighbour to neighbour ends wherever one of them wants it to end. This one is
drawn here, on the map that signed descriptors make, and no other node decides where it ends. Nor do nodes
on the way decide whether we find its end: ways avoid nodes that lose our question, and another
node is drawn only when the first itself has said no, or all ways have failed. Otherwise nodes that lose
walks to others would be found more often.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import field
from typing import Protocol

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.membership import walk as walks
from p2pchat.core.membership.walk import BlobArrived, MapPosition, SendWalk, TicketArrived, WalkRef, Walks
from p2pchat.data import dataclass
from p2pchat.ports import Entropy, below, sample, uniform
from p2pchat.types import HopId, LinkId
from p2pchat.wire.walk import PATH_MAX, Walking

HOPS = (2, 6)
"""Hops of a walk over the map, drawn, after the two that lead it away from here. On a random graph of six
links a node, four hops can end at any of some 600 nodes; the more there are, the more of them lead to nodes
that a member has invented behind its own."""

DRAWS = 8
"""Walks drawn to find one whose end has two ways to it without a common node: a single node may have
invented all nodes that it stands before."""

PATHS_MAX = 5
"""So many ways are tried to a sought node. With a tenth of the nodes hostile one in four leads over them in a
mesh of a thousand, in a small one fewer; with three tenths three in five."""

Links = Mapping[HopId, Sequence[HopId]]


class Here(MapPosition, Protocol):
    """Our place on a map."""

    @property
    def id(self) -> HopId:
        """What we are called there."""
        ...

    @property
    def reachable(self) -> int:
        """How many nodes the map leads to, ourselves included."""
        ...

    def confirmed_links(self) -> Links:
        """Return each node's neighbours that confirm the link."""
        ...

    def name_at(self, link: LinkId) -> HopId | None:
        """What a neighbour is called."""
        ...

    def verify_key(self, node: HopId) -> bytes | None:
        """Return the key that verifies what a node signs."""
        ...


@dataclass(frozen=True, slots=True)
class Agreed:
    """The sought node has room: offer a link there."""

    at: WalkRef
    swap: bool
    among: int
    """How many nodes the map led to when it was drawn."""


@dataclass(frozen=True, slots=True)
class Found:
    """The sought node is a neighbour already."""

    link: LinkId
    among: int


Output = SendWalk | Agreed | Found | BlobArrived


@dataclass(slots=True)
class _Quest:
    """A node that we seek."""

    here: Here
    target: HopId
    swap: bool
    via: LinkId | None
    """The way goes over this link."""
    among: int
    until: float = NEVER
    """When the next way is tried."""
    at: WalkRef | None = None
    """The walk that is under way."""
    offering: bool = False
    """Whether an attempt at a link is under way there."""
    tried: int = 0
    passed: dict[HopId, None] = field(default_factory=dict)
    """Nodes over which ways led that came to nothing."""


class PeerSearch:
    """Each method returns what is to be done."""

    def __init__(self, entropy: Entropy, counters: Counter[str]) -> None:
        self._entropy = entropy
        self._counters = counters
        self._walks = Walks(entropy.make_child("walks"), counters)
        self._quests: list[_Quest] = []

    # --- what the parent asks

    @property
    def open(self) -> int:
        """How many we seek, beside swaps, with which no attempt is under way yet."""
        return sum(not quest.swap and not quest.offering for quest in self._quests)

    def next_wakeup(self) -> float:
        """When ``tick`` is next due."""
        return min((quest.until for quest in self._quests if not quest.offering), default=NEVER)

    # --- sought nodes

    def seek_link(
        self, here: Here, spared: Iterable[LinkId], swap: bool, now: float, via: LinkId | None = None
    ) -> list[Output]:
        """Seek a link with another node than those ``spared``, beyond the link ``via`` if one is given."""
        names = (here.name_at(link) for link in spared)
        not_these = {here.id, *(quest.target for quest in self._quests), *(name for name in names if name)}
        first = here.name_at(via) if via is not None else None
        if via is not None and first is None:
            return []
        target = draw(here.confirmed_links(), here.id, first, not_these, self._entropy)
        if target is None:
            return []
        link = here.link_to(target)
        if link is not None:
            return [Found(link, here.reachable)]
        quest = _Quest(here, target, swap, via, here.reachable)
        self._quests.append(quest)
        return self._ask(quest, now)

    def tick(self, now: float) -> list[Output]:
        """A node that did not answer is asked by another way."""
        self._walks.tick(now)
        late = [quest for quest in self._quests if not quest.offering and quest.until <= now]
        return [output for quest in late for output in self._ask(quest, now)]

    def on_attempt_ended(self, at: WalkRef, answered: bool, now: float) -> list[Output]:
        """The attempt there is over: it came to a link, was declined, or there was no word, which may be
        another's doing."""
        quest = next((quest for quest in self._quests if quest.at == at), None)
        if quest is None:
            return []
        if answered:
            self._quests.remove(quest)
            return []
        return self._ask(quest, now)

    def _ask(self, quest: _Quest, now: float) -> list[Output]:
        """Ask over a path that avoids the nodes of the earlier ones."""
        quest.offering, quest.at = False, None
        found = self._path(quest) if quest.tried < PATHS_MAX else None
        if found is None:
            self._counters["walks given up"] += 1
            self._quests.remove(quest)
            return []
        via, path, key = found
        quest.tried += 1
        quest.passed.update(dict.fromkeys(path[:-1]))
        quest.until = now + walks.TICKET_S
        quest.at, request = self._walks.begin_walk(via, path, key, now)
        return [request]

    def _path(self, quest: _Quest) -> tuple[LinkId, tuple[HopId, ...], bytes] | None:
        here, links = quest.here, quest.here.confirmed_links()
        first = here.name_at(quest.via) if quest.via is not None else None
        for avoided in (quest.passed, ()):
            path = shortest(links, here.id, quest.target, avoided, self._entropy, first)
            if path is not None:
                break
        key = here.verify_key(quest.target)
        via = here.link_to(path[0]) if path is not None else None
        return (via, path, key) if path is not None and via is not None and key is not None else None

    # --- what comes over links

    def receive(
        self,
        source: LinkId,
        message: Walking,
        called: Callable[[HopId], MapPosition | None],
        vacant: bool,
        now: float,
    ) -> list[Output]:
        """A neighbour sent it. ``called``: our place on the map on which we have that name; ``vacant``:
        whether we would take a link."""
        outputs: list[Output] = []
        for output in self._walks.receive(source, message, called, vacant, now):
            outputs += self._ticket(output) if isinstance(output, TicketArrived) else [output]
        return outputs

    def send(self, at: WalkRef, blob: bytes) -> list[Output]:
        """Send a blob of ``GEOMETRY.blob`` bytes to the other end of a walk."""
        return [output for output in self._walks.send(at, blob) if isinstance(output, SendWalk)]

    def link_down(self, link: LinkId) -> None:
        """What went over it is lost."""
        self._walks.link_down(link)

    def _ticket(self, arrived: TicketArrived) -> list[Output]:
        quest = next((quest for quest in self._quests if quest.at == arrived.at), None)
        if quest is None:
            return []
        if not arrived.vacant:
            self._counters["walks met no room"] += 1
            self._quests.remove(quest)
            return []
        quest.offering = True
        return [Agreed(arrived.at, quest.swap, quest.among)]


# --- on the map


def draw(
    links: Links, own: HopId, first: HopId | None, spared: Collection[HopId], entropy: Entropy
) -> HopId | None:
    """The end of a random walk over the map, that begins with the neighbour ``first`` if one is given, and is
    none of those ``spared``; None if none of some is."""
    found: HopId | None = None
    for _ in range(DRAWS):
        node = wander(links, own, entropy, first)
        if node not in spared:
            found = found or node
            if not behind_one(links, own, node, entropy):
                return node
    return found


def wander(links: Links, own: HopId, entropy: Entropy, first: HopId | None = None) -> HopId:
    """The end of a random walk. So that it ends at every node as likely, however many links that has, it goes
    to one with more the less often, and stays instead (Metropolis and Hastings).

    But it leaves its beginning at once, by two hops. A newcomer with one link, to a node that has ten,
    would stay where it is nine times in ten, and after so few hops would hardly find any other node."""
    node = _onward(links.get(own, ()) if first is None else (first,), own, entropy)
    node = _onward([other for other in links.get(node, ()) if other != own], node, entropy)
    for _ in range(HOPS[0] + below(entropy, HOPS[1] - HOPS[0] + 1)):
        near = links.get(node, ())
        for other in sample(entropy, near, 1):
            if uniform(entropy, 0.0, 1.0) * len(links.get(other, ())) < len(near):
                node = other
    return node


def _onward(near: Sequence[HopId], node: HopId, entropy: Entropy) -> HopId:
    """Draw a neighbour of a node; return the node itself if it has none."""
    return next(iter(sample(entropy, near, 1)), node)


def behind_one(links: Links, own: HopId, node: HopId, entropy: Entropy) -> bool:
    """Whether all ways from us to that node lead over one other, as far as is seen at once. A node with a
    single neighbour need not ask."""
    path = shortest(links, own, node, (), entropy)
    if path is None:
        return True
    if len(path) == 1 or len(links.get(own, ())) < 2:
        return False
    return shortest(links, own, node, path[:-1], entropy) is None


def shortest(
    links: Links,
    start: HopId,
    end: HopId,
    avoided: Collection[HopId],
    entropy: Entropy,
    first: HopId | None = None,
) -> tuple[HopId, ...] | None:
    """A shortest way, without its start, that leads over none of those ``avoided``, and over ``first`` first
    of all if one is given; which one of several is chance. None if there is none that a walk can name."""
    before: dict[HopId, HopId] = {start: start}
    waiting = deque([start])
    while waiting and end not in before:
        node = waiting.popleft()
        near = links.get(node, ()) if node != start or first is None else (first,)
        for other in sample(entropy, near, len(near)):
            if other not in before and (other == end or other not in avoided):
                before[other] = node
                waiting.append(other)
    if end not in before or end == start:
        return None
    path = [end]
    while before[path[-1]] != start:
        path.append(before[path[-1]])
    return tuple(reversed(path)) if len(path) <= PATH_MAX else None
