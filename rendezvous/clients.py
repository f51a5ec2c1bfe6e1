"""The clients that are connected to a broker.

Knows: what each client holds, what it may still ask for, and with whom it is counted. Does not know: what
there is to hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from p2pchat.types import Topic
from p2pchat.wire.signalling import SeatMode
from rendezvous.bucket import Bucket
from rendezvous.limits import ClientGroup, Limits, culprit
from rendezvous.shares import Share, Shares, draw
from rendezvous.topics import Connection, TakenSeat


@dataclass(slots=True)
class ConnectedClient:
    """What the broker keeps of one client."""

    connection: Connection
    culprit: str | None
    groups: tuple[Share, ...]
    frames: Bucket
    seatless_since: float
    places: dict[Topic, TakenSeat] = field(default_factory=dict)
    requested: dict[Topic, SeatMode] | None = None
    """Takes that wait for the answer of other servers."""
    away: set[Topic] | None = None
    """Invites at which it is the guest of another server's host."""

    @property
    def seatless(self) -> bool:
        """Whether it neither has a seat nor is about to."""
        return not (self.places or self.requested or self.away)

    @property
    def wishes(self) -> int:
        """Seats that it has, or may be about to."""
        return len(self.places) + len(self.requested or ()) + len(self.away or ())

    def is_away(self, topic: Topic) -> bool:
        """Whether it is a guest there, at another server."""
        return self.away is not None and topic in self.away


class Clients:
    """All of them."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._shares = Shares(limits)
        self._clients: dict[Connection, ConnectedClient] = {}

    def __len__(self) -> int:
        return len(self._clients)

    def __iter__(self) -> Iterator[ConnectedClient]:
        return iter(self._clients.values())

    def find_client(self, connection: Connection) -> ConnectedClient | None:
        """The client of that connection."""
        return self._clients.get(connection)

    def draw_connect(self, groups: tuple[ClientGroup, ...], now: float) -> bool:
        """Count a connect that is about to be made against its rate; False: there are too many."""
        together = self._shares.find_shares(groups, now, lambda share: share.connects.has_token(now))
        return together is not None and draw([group.connects for group in together], now)

    def let_in(
        self, connection: Connection, groups: tuple[ClientGroup, ...], now: float, drawn: bool = False
    ) -> bool:
        """False: a cap is reached. ``drawn``: its rate was looked at before."""
        if len(self._clients) >= self._limits.connections:
            return False
        together = self._shares.find_shares(
            groups, now, lambda share: self._has_room(share) and (drawn or share.connects.has_token(now))
        )
        if together is None:
            return False
        if not drawn:
            draw([group.connects for group in together], now)
        for group in together:
            group.connections += 1
        self._enter(connection, culprit(groups), together, now)
        return True

    def let_in_guest(self, connection: Connection, who: str | None, now: float) -> ConnectedClient:
        """Add a client of another server, which was counted there. ``who``: the culprit's name there."""
        return self._enter(connection, who, (), now)

    def let_go(self, client: ConnectedClient) -> None:
        """Forget a client that is gone."""
        for group in client.groups:
            group.connections -= 1
        del self._clients[client.connection]

    def list_idle(self, now: float) -> list[Connection]:
        """Return the clients that have had no seat for too long."""
        too_long = now - self._limits.seatless_seconds
        return [c.connection for c in self if c.seatless_since <= too_long and c.seatless]

    def forget_groups(self, now: float) -> None:
        """Forget the groups whose new record would be the same."""
        self._shares.forget_idle(now)

    def count_groups(self) -> int:
        """How many are remembered."""
        return len(self._shares)

    def _has_room(self, share: Share) -> bool:
        return share.connections < self._limits.connections_per_address * share.worth

    def _enter(
        self, connection: Connection, who: str | None, groups: tuple[Share, ...], now: float
    ) -> ConnectedClient:
        frames = Bucket(self._limits.messages_per_connection, now)
        client = self._clients[connection] = ConnectedClient(connection, who, groups, frames, now)
        return client
