"""At which links a stem may begin, and whether it may begin already.

Knows: which links we sought, at which a contact is, and how long it is worth waiting for a better one. Does
not know: how a stem is drawn (``pin``), or what travels over it.

A first hop that is kept is a guard: Tor's word.
"""

from __future__ import annotations

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.stem.epoch_maps import EpochMaps
from p2pchat.core.stem.path import PathSelector, StemPath
from p2pchat.types import ContactId, LinkId

SETTLE_S = 3.0
"""A node that has just found its first neighbour waits so long for the others' descriptors before it takes a
stem that is too short: they come within a second or two. In a mesh where no member is missing it does not
wait."""

GUARD_S = 10.0
FEW = 3
"""So long a node with a first link waits for one that it sought itself, by a walk, before a stem begins at
another, unless the mesh is too small to hide in, or there is no other node to seek."""


class Guards:
    """``pick_stem``: the stem that begins at one of them."""

    def __init__(self, epochs: EpochMaps, paths: PathSelector) -> None:
        self._epochs = epochs
        self._paths = paths
        self.trusted: dict[ContactId, LinkId] = {}
        """Where contacts are: each on one link, however many nodes it may have. A link that was quiet for a
        while is the same when it counts again."""
        self.sought: dict[LinkId, float] = {}
        """Links that we sought ourselves, and since when: at one of them stems begin."""
        self.seeks = True
        """Whether this node takes walks: else no stem waits for a link that it sought."""
        self._settled_at = NEVER
        self._unguarded_at = NEVER
        """When a stem may begin at a link that we did not seek."""

    def first_link_up(self, now: float) -> None:
        """The first link is up."""
        self._settled_at = now + SETTLE_S
        self._unguarded_at = now + GUARD_S if self.seeks else now

    def add_sought(self, link: LinkId, now: float) -> None:
        """We sought this link ourselves: a stem may begin there."""
        self.sought.setdefault(link, now)

    def drop_sought(self, link: LinkId) -> None:
        """A sought link no longer counts as sought. Unless it leads to a contact, the next stem begins at
        another link."""
        self.sought.pop(link, None)
        if self.sought and not self.leads_to_contact(link):
            self._paths.forget_guard(link)

    def trust_link(self, link: LinkId, contact: ContactId) -> None:
        """A contact is behind this link: stems begin there, if they can."""
        self.trusted[contact] = link

    def distrust_contact(self, contact: ContactId) -> None:
        """Stop beginning stems at this contact."""
        link = self.trusted.pop(contact, None)
        if link is not None:
            self._paths.forget_guard(link)

    def leads_to_contact(self, link: LinkId) -> bool:
        """Whether one is there."""
        return link in self.trusted.values()

    # --- waiting for a better one

    def stop_waiting(self, now: float) -> None:
        """Take what stem there is."""
        self._settled_at = now

    def has_map(self, now: float) -> bool:
        """Whether others' descriptors had the time to come."""
        return now >= self._settled_at

    def better_at(self, now: float) -> float:
        """When there may be a better stem."""
        return self._settled_at if now < self._settled_at else self._unguarded_at

    def pick_stem(self, now: float) -> StemPath | None:
        """The stem in use, or another; None if there is none, or it is not worth beginning."""
        epoch_map = self._epochs.map_at(now)
        if epoch_map is None or not self.is_settled(now):
            return None
        return self._paths.select_path(epoch_map, self.trusted.values(), self.sought, now)

    def is_settled(self, now: float) -> bool:
        """Whether waiting longer would hardly bring a better stem."""
        guarded = self.sought or self.trusted or now >= self._unguarded_at
        settled = now >= self._settled_at
        if guarded and settled:
            return True  # nearly always: the map is not walked for every cell
        epoch_map = self._epochs.map_at(now)
        if epoch_map is None or not epoch_map.closed:
            return False
        count = epoch_map.reachable
        return bool(guarded) or count <= FEW or (settled and count == 1 + len(epoch_map.neighbours))
