"""Members and invites on this machine's own network: what is announced there, and what was found.

Knows: which keys mark an announcement as one of ours, how many places are looked at, for how long. Does not
know: any socket; nor what is done at a place that was found (``seats``, ``pairing``).

An announcement is a fresh nonce and marks: a keyed hash of nonce, address and port under a key of a mesh and
its epoch, or of an invite. A node with the key recognises it by trying. Others cannot tell a mark from
random bytes, or whether two announcements belong together. A mark that is repeated from another address is
nothing.

Nothing of it is kept or told: a place is known by the address that said it, as long as it is announced.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from ipaddress import IPv4Address

from p2pchat.core.kit.budget import Budget
from p2pchat.core.kit.table import Table
from p2pchat.core.values.inputs import Sought
from p2pchat.crypto.kdf import derive
from p2pchat.data import dataclass
from p2pchat.ports import Entropy, sample
from p2pchat.wire.mdns import MARK_BYTES, MARKS_MAX, MARKS_STEP, NONCE_BYTES, TTL_S, Announcement
from p2pchat.wire.places import is_nearby, nearby_url

PLACES_CAP = 4
"""Places found for one mesh or invite. Each member sits at its own as well, so any two of a few hundred meet;
and no number of announcements makes a node connect to more at a time."""

OF_ONE_ADDRESS = 2
"""Of those, at one address: two homes of one machine. No machine by itself takes all the places."""

NEW_PER_S, NEW_BURST = 4 / 60, 8
"""How many places may be new for one mesh or invite. A node with its key can take one back and name
another, even a place where no program listens: this bounds to how many hosts and ports a node is led."""

SHUNNED_CAP = 256
SHUN_S = 60.0
"""A place that could not be reached, or was lost, makes room for another this long."""


@dataclass(frozen=True, slots=True)
class NearbyKey:
    """A secret, and the purpose for which its holders meet."""

    secret: bytes = field(repr=False)
    of: Sought
    shown: bool = True
    """Whether we announce ourselves by it; otherwise we look for others alone."""


class Nearby:
    """What is known of one machine's own network. Bounded against any announcements."""

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._keys: tuple[NearbyKey, ...] = ()
        self._places: dict[Sought, dict[str, float]] = {}
        self._new: dict[Sought, Budget] = {}
        self._shunned = Table[str, float](SHUNNED_CAP)

    def look_for(self, keys: Iterable[NearbyKey]) -> bool:
        """Look for these and for nothing else; whether that is something new."""
        before, self._keys = self._keys, tuple(keys)
        left = {key.of for key in self._keys}
        self._places = {of: places for of, places in self._places.items() if of in left}
        self._new = {of: budget for of, budget in self._new.items() if of in left}
        return before != self._keys

    @property
    def seeks(self) -> bool:
        """Whether the node searches."""
        return bool(self._keys)

    @property
    def shows(self) -> bool:
        """Whether there is anything to announce."""
        return any(key.shown for key in self._keys)

    def make_announcement(self, address: IPv4Address, port: int, gone: bool = False) -> Announcement:
        """Say that we listen there; new at each call. What does not fit is not announcement."""
        nonce = self._entropy.draw_bytes(NONCE_BYTES)
        shown = [key.secret for key in self._keys if key.shown]
        secrets = sample(self._entropy, shown, MARKS_MAX)
        marks = [mark(secret, nonce, address, port, gone) for secret in secrets]
        filled = max(1, -(-len(marks) // MARKS_STEP)) * MARKS_STEP
        marks += [self._entropy.draw_bytes(MARK_BYTES) for _ in range(filled - len(marks))]
        shuffled = sample(self._entropy, marks, filled)
        return Announcement(nonce, address, port, tuple(shuffled), gone)

    def take_announcement(self, announcement: Announcement, now: float) -> None:
        """A node has announced a place, at the address from which it came."""
        if not is_nearby(announcement.address):
            return
        url, marks = nearby_url(announcement.address, announcement.port), set(announcement.marks)
        for key in self._keys:
            if (
                mark(
                    key.secret, announcement.nonce, announcement.address, announcement.port, announcement.gone
                )
                in marks
            ):
                self._note(key.of, url, announcement.gone, now)

    def _note(self, of: Sought, url: str, gone: bool, now: float) -> None:
        places = self._places.setdefault(of, {})
        if gone:
            places.pop(url, None)
        elif url in places or (self._shunned.get(url, 0.0) <= now and self._may_add(of, url, now)):
            places[url] = now + TTL_S

    def _may_add(self, of: Sought, url: str, now: float) -> bool:
        places, machine = self._places[of], url.rpartition(":")[0]
        beside = sum(known.rpartition(":")[0] == machine for known in places)
        budget = self._new.setdefault(of, Budget(now, NEW_PER_S, NEW_BURST))
        return len(places) < PLACES_CAP and beside < OF_ONE_ADDRESS and budget.take_token(now)

    def drop_place(self, url: str, now: float) -> None:
        """Forget a place at which no node can be reached."""
        for places in self._places.values():
            places.pop(url, None)
        self._shunned.put(url, now + SHUN_S)

    def list_places(self, now: float) -> Mapping[Sought, Sequence[str]]:
        """Return the URLs at which each sought mesh or invite may be met now, ``PLACES_CAP`` at most."""
        for places in self._places.values():
            for url in [url for url, until in places.items() if until <= now]:
                del places[url]
        return {key.of: tuple(self._places.get(key.of, ())) for key in self._keys}


def mark(secret: bytes, nonce: bytes, address: IPv4Address, port: int, gone: bool = False) -> bytes:
    """What an announcement bears under a key, 16 bytes."""
    where = address.packed + port.to_bytes(2, "big")
    return derive(secret, "nearby mark", nonce, where, b"gone" if gone else b"here", size=MARK_BYTES)
