"""Where the members of a mesh meet: topics that change with the epochs, seats, and whom it is worth asking.

Knows: which seats we hold and wish for, what is known of others' seats, when to draw fresh neighbours.
Does not know: links, or how seats are taken (``rendezvous``).
"""

from __future__ import annotations

from typing import TypeVar

from p2pchat.core.rendezvous import LeaveSeat, TakeSeat
from p2pchat.crypto.envelope import EPOCH_SECONDS, epoch_at
from p2pchat.crypto.kdf import mesh_topic
from p2pchat.ports import Entropy, uniform
from p2pchat.types import NodeId, Seat, Topic
from p2pchat.wire.signalling import SeatMode

K = TypeVar("K")
V = TypeVar("V")

ASK_FIRST_S = 1.0
ASK_LAST_S = 30.0
"""A node short of links draws fresh neighbours after 1, 2, 4 … 30 s: quick while a mesh forms, 2 takes a
minute after."""

LONELY_S = 3.0
"""A node with no link at all asks again this long after an attempt that failed: attempts take up to 20 s, so
it asks seldom enough."""

TOPIC_OVERLAP_S = 900.0
"""Within this of an epoch's edge seats are held under both epochs' topics, so clocks may differ by a quarter
hour."""

AVOID_S = 20.0
"""A seat whose link failed is left alone this long: it may simply be unreachable from here."""

REMEMBERED_CAP = 256
"""Others' seats remembered; twice what eight rendezvous show in an hour of asking."""


class Meeting:
    """One mesh's seats."""

    def __init__(self, secret: bytes, urls: tuple[str, ...], entropy: Entropy) -> None:
        self._secret = secret
        self._urls = urls
        self._entropy = entropy
        self._topics: dict[Topic, None] = {}
        self._held: dict[tuple[str, Topic], Seat] = {}
        self._nodes: dict[tuple[str, Seat], NodeId] = {}
        self._avoided: dict[tuple[str, Seat], float] = {}
        self._edge = 0.0
        self._gap = ASK_FIRST_S
        self.ask_at = 0.0
        """When fresh neighbours may be drawn, if any are missing."""

    @property
    def next_wakeup(self) -> float:
        """When the topics change."""
        return self._edge

    def at(self, topic: Topic) -> bool:
        """Whether the topic is one of ours now."""
        return topic in self._topics

    def add(self, urls: tuple[str, ...]) -> list[TakeSeat | LeaveSeat]:
        """Meet at further rendezvous, too."""
        self._urls = (*self._urls, *urls)
        return [TakeSeat(url, topic, SeatMode.MESH) for topic in self._topics for url in urls]

    def follow(self, now: float) -> list[TakeSeat | LeaveSeat]:
        """Take the present epochs' seats and leave the old ones."""
        if now < self._edge:
            return []
        before, self._topics = self._topics, dict.fromkeys(_topics(self._secret, now))
        self._held = {key: seat for key, seat in self._held.items() if key[1] in self._topics}
        self._edge = _next_edge(now)
        new = [topic for topic in self._topics if topic not in before]
        old = [topic for topic in before if topic not in self._topics]
        return [
            *(TakeSeat(url, topic, SeatMode.MESH) for topic in new for url in self._urls),
            *(LeaveSeat(url, topic) for topic in old for url in self._urls),
        ]

    def ask(self, now: float) -> list[TakeSeat | LeaveSeat]:
        """Take every seat again, which shows other neighbours; the next time a little later."""
        self.ask_at = now + self._gap * uniform(self._entropy, 0.75, 1.25)
        self._gap = min(ASK_LAST_S, self._gap * 2)
        return [TakeSeat(url, topic, SeatMode.MESH) for topic in self._topics for url in self._urls]

    def linked(self) -> None:
        """A link came up: if another is missing, ask soon."""
        self._gap = ASK_FIRST_S

    def lost(self, now: float) -> None:
        """A link went down: ask within a second, though not in step with everybody else who lost it, and soon
        again."""
        self._gap = ASK_FIRST_S
        self.ask_at = min(self.ask_at, now + uniform(self._entropy, 0.0, ASK_FIRST_S))

    def lonely(self, now: float) -> None:
        """An attempt failed and there is no link at all: ask again soon."""
        self.ask_at = min(self.ask_at, now + uniform(self._entropy, 0.5, 1.5) * LONELY_S)

    def seated(self, url: str, topic: Topic, seat: Seat) -> None:
        """A seat is ours."""
        self._held[(url, topic)] = seat

    def unseated(self, url: str) -> None:
        """The connection to a rendezvous is gone, and our seats there with it."""
        self._held = {key: seat for key, seat in self._held.items() if key[0] != url}

    def sits(self, url: str, seat: Seat, node: NodeId) -> None:
        """Somebody's seat turned out to be this node's."""
        _remember(self._nodes, (url, seat), node)

    def who(self, url: str, seat: Seat) -> NodeId | None:
        """Whose seat it is, if that is known."""
        return self._nodes.get((url, seat))

    def avoid(self, url: str, seat: Seat, now: float) -> None:
        """A link with that seat failed."""
        _remember(self._avoided, (url, seat), now + AVOID_S)

    def avoided(self, url: str, seat: Seat, now: float) -> bool:
        """Whether a link with that seat has failed lately."""
        return self._avoided.get((url, seat), 0.0) > now


def _topics(secret: bytes, now: float) -> list[Topic]:
    epochs = {epoch_at(now - TOPIC_OVERLAP_S), epoch_at(now), epoch_at(now + TOPIC_OVERLAP_S)}
    return [mesh_topic(secret, epoch) for epoch in sorted(epochs)]


def _next_edge(now: float) -> float:
    """The next moment at which ``_topics`` changes."""
    start = epoch_at(now) * EPOCH_SECONDS
    edges = (start + TOPIC_OVERLAP_S, start + EPOCH_SECONDS - TOPIC_OVERLAP_S, start + EPOCH_SECONDS)
    return next(edge for edge in edges if edge > now)


def _remember(table: dict[K, V], key: K, value: V) -> None:
    table[key] = value
    while len(table) > REMEMBERED_CAP:
        del table[next(iter(table))]
