"""Where the members of a mesh meet: topics that change with the epochs, seats, and when to ask for the other
seats.

Knows: whether we sit there, which seats we hold, when to look again. Does not know: links, or how seats are
taken (``rendezvous``). Parent of ``known_seats`` and ``partition``.

A node that sits is a greeter. A node sits while it is short of links; one that has enough leaves when it sees
that enough others sit, and looks in now and then whether they still do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from p2pchat.core.kit.pace import Pace
from p2pchat.core.rendezvous.known_seats import KnownSeats
from p2pchat.core.rendezvous.partition import PartitionSuspicion
from p2pchat.core.rendezvous.rendezvous import LeaveSeat, TakeSeat
from p2pchat.crypto.envelope import EPOCH_SECONDS, epoch_at
from p2pchat.crypto.kdf import mesh_topic
from p2pchat.ports import Entropy, uniform
from p2pchat.types import Epoch, Seat, Topic
from p2pchat.wire.signalling import OTHERS_MAX, SeatMode

ASK_FIRST_S = 1.0
ASK_LAST_S = 30.0
"""A node short of links draws fresh neighbours after 1, 2, 4 … 30 s: quick while a mesh forms, 2 takes a
minute after. A greeter with enough links looks every 30 s, too: a mesh in two pieces finds itself so."""

NO_LINKS_S = 3.0
"""A node with no link at all asks again this long after an attempt that failed: attempts take up to 20 s, so
it asks seldom enough."""

RELEASE_SHARE = 1 / 3
"""A greeter that sees a full sample of others, six, leaves with this probability at each look. From hundreds
the number falls to six or seven in a few minutes, and hardly ever do all leave at once."""

REACH_WEIGHT = 3.0
"""A greeter leaves so many times as readily as its attempts at links fail, up to always: behind a hard NAT
every other one does. If only such greeters stayed, a node behind another such NAT could never link (scenario
``nat``)."""

BACK_FIRST_S = 600.0
BACK_LAST_S = 14_400.0
"""A node that left looks in after about ten minutes, then ever more seldom, up to four hours, as long as
enough others sit: of a thousand nodes one every quarter of a minute."""

LINK_LOSS_S = 15.0
"""A node that lost several links at once looks in within this time: the mesh may have come apart."""

PROBE_SHARE = 0.05
"""While the mesh may be in pieces a greeter offers a link to a greeter it never reached, at every look, and
otherwise with this probability: a mesh in one piece gains nothing from it, and every new link disturbs the
tree."""

TORN_S = 6.0
"""While the mesh may be in pieces a greeter looks about this often: attempts at unreachable nodes take
twenty."""

TOPIC_OVERLAP_S = 900.0
"""Within this of an epoch's edge seats are held under both epochs' topics, so clocks may differ by a quarter
hour."""

Wish = TakeSeat | LeaveSeat


class Seats:
    """The seats of one mesh."""

    def __init__(self, secret: bytes, urls: tuple[str, ...], entropy: Entropy) -> None:
        self._secret = secret
        self._urls = urls
        self._nearby: tuple[str, ...] = ()
        self._entropy = entropy
        self._topics: dict[Topic, None] = {}
        self._crowds: dict[tuple[str, Topic], int] = {}
        self.known = KnownSeats()
        self._edge = 0.0
        self._asking = Pace(entropy, ASK_FIRST_S, ASK_LAST_S)
        self._back = Pace(entropy, BACK_FIRST_S, BACK_LAST_S)
        self._partition = PartitionSuspicion()
        self._linked = 0
        self._failed = 0
        """Attempts with strangers met here that came to a link, and that did not."""
        self.sitting = True

    # --- time

    @property
    def next_wakeup(self) -> float:
        """When the topics change, or it is time to look in."""
        return self._edge if self.sitting else min(self._edge, self._back.at)

    @property
    def ask_at(self) -> float:
        """When fresh neighbours may be drawn."""
        return self._asking.at

    def is_ours(self, topic: Topic) -> bool:
        """Whether the topic is one of ours now."""
        return topic in self._topics

    def follow_epochs(self, now: float) -> list[Wish]:
        """Take the present epochs' seats and leave the old ones; look in, if it is time."""
        wishes: list[Wish] = []
        if now >= self._edge:
            before, self._topics = self._topics, dict.fromkeys(_topics(self._secret, now))
            self._crowds = {key: n for key, n in self._crowds.items() if key[1] in self._topics}
            self._edge = _next_edge(now)
            wishes += _take(self._sat_at, [topic for topic in self._topics if topic not in before])
            wishes += _leave(self._sat_at, [topic for topic in before if topic not in self._topics])
        if not self.sitting and now >= self._back.at:
            wishes += self.take_seats(now)
        return wishes

    # --- our seats

    def set_servers(self, urls: tuple[str, ...], now: float) -> list[Wish]:
        """Meet at these and at no others. At a new one another member is expected."""
        before, self._urls = self._urls, urls
        new, gone = [url for url in urls if url not in before], [url for url in before if url not in urls]
        self._crowds = {key: n for key, n in self._crowds.items() if key[0] not in gone}
        if not self.sitting:
            return self.take_seats(now) if new else []
        topics = list(self._topics)
        return [*_leave(gone, topics), *_take(new, topics)]

    def set_nearby(self, urls: Sequence[str]) -> list[Wish]:
        """Meet at these places of this machine's own network, too, and at no others there. There we always
        sit: it costs little, and nodes there may reach no others."""
        before, self._nearby = self._nearby, tuple(urls)
        gone = [url for url in before if url not in urls]
        topics = list(self._topics)
        return [*_leave(gone, topics), *_take([url for url in urls if url not in before], topics)]

    def take_seats(self, now: float) -> list[Wish]:
        """Take seats, if we hold none."""
        if self.sitting:
            return []
        self.sitting = True
        self._asking.on_attempt(now)
        return _take(self._urls, list(self._topics))

    def release_seats(self, now: float) -> list[Wish]:
        """Leave our seats to others; the next look is some time from now."""
        self.sitting = False
        self._back.on_attempt(now)
        self._crowds.clear()
        return _leave(self._urls, list(self._topics))

    def release_all(self, now: float) -> list[Wish]:
        """Leave every seat for good."""
        return [*self.release_seats(now), *self.set_nearby(())]

    def ask_greeters(self, now: float) -> list[Wish]:
        """Take every seat again, which shows other neighbours; the next time a little later."""
        self._asking.on_attempt(now)
        if self.may_be_torn(now):
            self._asking.at = min(self._asking.at, now + uniform(self._entropy, 0.5, 1.5) * TORN_S)
        return _take(self._sat_at, list(self._topics))

    def should_release_seats(self) -> bool:
        """Whether a full sample of others sits wherever we sit, and we feel like leaving."""
        enough = bool(self._crowds) and min(self._crowds.values()) >= OTHERS_MAX
        hard_to_reach = REACH_WEIGHT * self._failed / max(1, self._failed + self._linked)
        return enough and uniform(self._entropy, 0.0, 1.0) < max(RELEASE_SHARE, hard_to_reach)

    def on_seat_taken(self, url: str, topic: Topic, others: int) -> None:
        """A seat is ours, and so many others were seen. How many are nearby says nothing of the rest."""
        if url not in self._nearby:
            self._crowds[(url, topic)] = others

    def on_server_lost(self, url: str) -> None:
        """The connection to a rendezvous is gone, and our seats there with it."""
        self._crowds = {key: n for key, n in self._crowds.items() if key[0] != url}

    # --- when to ask

    def on_link_up(self) -> None:
        """A link came up: if another is missing, ask soon."""
        self._asking.on_success()

    def on_link_down(self, now: float) -> None:
        """A link went down: ask within a second, though not in step with others that lost it, and soon
        again."""
        self._asking.retry_within(now, ASK_FIRST_S)

    def on_no_links(self, now: float) -> None:
        """An attempt failed and there is no link at all: ask again soon."""
        self._asking.at = min(self._asking.at, now + uniform(self._entropy, 0.5, 1.5) * NO_LINKS_S)

    def on_own_link_broken(self, now: float) -> None:
        """A link of our own making broke: while we sit, we look whether the mesh is whole."""
        if self._partition.note_broken(now):
            self.on_mass_link_loss(now)

    def on_mass_link_loss(self, now: float) -> None:
        """Several links broke at once: see soon which nodes are there, and try all again."""
        self._partition.note_mass_loss(now)
        self.known.forget_attempts()
        self._back.retry_within(now, LINK_LOSS_S)
        self._asking.retry_within(now, LINK_LOSS_S)

    def should_probe_other(self, now: float) -> bool:
        """Whether to try a greeter we never reached although we have enough links."""
        return self.may_be_torn(now) or uniform(self._entropy, 0.0, 1.0) < PROBE_SHARE

    def may_be_torn(self, now: float) -> bool:
        """Whether the mesh may have come apart not long ago."""
        return self._partition.is_possible(now)

    # --- attempts with nodes there

    def count_success(self) -> None:
        """An attempt with a stranger here led to a link."""
        self._linked += 1

    def on_attempt_failed(self, url: str, seat: Seat, now: float, declined: bool = False) -> None:
        """An attempt with that seat came to nothing, perhaps because it was declined."""
        self._failed += not declined
        self.known.avoid_seat(url, seat, now)

    def is_avoided(self, url: str, seat: Seat, now: float) -> bool:
        """Whether to leave that seat alone. While the mesh may be in pieces none is: no node of another
        piece can be reached, and once one can, a look should find it."""
        return not self.may_be_torn(now) and self.known.has_failed(url, seat, now)

    @property
    def _sat_at(self) -> tuple[str, ...]:
        return (*self._urls, *self._nearby) if self.sitting else self._nearby


def _take(urls: Iterable[str], topics: list[Topic]) -> list[Wish]:
    return [TakeSeat(url, topic, SeatMode.MESH) for topic in topics for url in urls]


def _leave(urls: Iterable[str], topics: list[Topic]) -> list[Wish]:
    return [LeaveSeat(url, topic) for topic in topics for url in urls]


def epochs(now: float) -> list[Epoch]:
    """Return the epochs in which members of a mesh must be met now: one, or two near an edge."""
    return sorted({epoch_at(now - TOPIC_OVERLAP_S), epoch_at(now), epoch_at(now + TOPIC_OVERLAP_S)})


def _topics(secret: bytes, now: float) -> list[Topic]:
    return [mesh_topic(secret, epoch) for epoch in epochs(now)]


def _next_edge(now: float) -> float:
    """The next moment at which ``_topics`` changes."""
    start = epoch_at(now) * EPOCH_SECONDS
    edges = (start + TOPIC_OVERLAP_S, start + EPOCH_SECONDS - TOPIC_OVERLAP_S, start + EPOCH_SECONDS)
    return next(edge for edge in edges if edge > now)
