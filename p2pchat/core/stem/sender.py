"""Cells of our own on their way to the first hop: when each leaves, and as what.

Knows: what waits, the clock, what a tick of it sends. Does not know: which stem is taken (``guards``), how an
onion is made (``onions``), or what becomes of it. Parent of ``waiting``, ``unreturned``,
``cover`` and ``stall``.

What is ours leaves by a stem or not at all. Neighbours that do not identify themselves cannot be its first
hop; by keeping silent they would else have us broadcast what we write, and show them that it is ours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from p2pchat.core.kit.credit import OWN_AHEAD
from p2pchat.core.kit.moments import NEVER
from p2pchat.core.stem.cover import PoissonClock
from p2pchat.core.stem.epoch_maps import EpochMaps
from p2pchat.core.stem.guards import Guards
from p2pchat.core.stem.onions import Onions
from p2pchat.core.stem.outputs import CellDispatched, CellMissing, CellQueued, CellReturned, Output
from p2pchat.core.stem.path import StemPath
from p2pchat.core.stem.probes import Probes
from p2pchat.core.stem.stall import Stall
from p2pchat.core.stem.unreturned import Unreturned
from p2pchat.core.stem.waiting import WAITING_CAP, Tick, Waiting
from p2pchat.core.values.profile import Profile
from p2pchat.core.values.user_inputs import Haste
from p2pchat.crypto.kdf import cell_id
from p2pchat.crypto.onion import HopCommand
from p2pchat.ports import Entropy
from p2pchat.types import CellId, LinkId
from p2pchat.wire.cell import tag_of
from p2pchat.wire.geometry import GEOMETRY


class Sender:
    """Each method returns what leaves."""

    def __init__(
        self,
        profile: Profile,
        entropy: Entropy,
        counters: Counter[str],
        epochs: EpochMaps,
        guards: Guards,
        onions: Onions,
        probes: Probes,
    ) -> None:
        self._profile = profile
        self._entropy = entropy
        self._counters = counters
        self._epochs = epochs
        self._guards = guards
        self._onions = onions
        self._probes = probes
        self.clock = PoissonClock(profile, entropy.make_child("cover"))
        self.own_space: Callable[[LinkId], int] = lambda link: WAITING_CAP
        """How many onions of our own a link takes now."""
        self._waiting = Waiting()
        self._unreturned = Unreturned()
        self._stall = Stall()
        self._better_at = 0.0
        """Until when what waits has waited for a better stem, so far."""

    @property
    def begins_at(self) -> float | None:
        """When what waits may have its first stem; None while nothing waits."""
        return self._better_at if self._waiting else None

    def find_stalled_link(self, now: float) -> LinkId | None:
        """The first link, if it takes too few of our onions while another would take some at once."""
        link = self._stall.link
        space = self.own_space(link) if link is not None else 0
        if link is None or not self._stall.is_over(space, now):
            return None
        if not self._profile.on_clock and len(self._waiting) <= space:
            return None
        others = (other for other in self._epochs.links if other != link)
        return link if any(self.own_space(other) > OWN_AHEAD for other in others) else None

    def submit_cell(self, cell: bytes, now: float, haste: Haste) -> list[Output]:
        """Send a cell of ours, ``GEOMETRY.cell`` bytes: at once, or when the clock says so. One that is
        patient waits for the clock wherever there is one."""
        queued = CellQueued(cell_id(cell))
        if self._waiting.is_full:
            self._counters["cells shed before the stem"] += 1
            return [queued]
        has_cover = self._profile.cover_per_s > 0 and not self._profile.on_clock
        self._waiting.put_cell(cell, haste, has_cover)
        return [queued, *self.send_waiting(now)]

    def note_returned(self, id: CellId) -> list[Output]:
        """A cell came back from the mesh: if it is ours, no link has lost it."""
        tag = self._unreturned.pop_returned(id)
        return [CellReturned(tag)] if tag is not None else []

    def find_missing(self, link: LinkId, now: float) -> list[Output]:
        """A link is gone, and what left over it lately may be lost. Repeat that where there is cover, whose
        place a repeat can take. Elsewhere a neighbour could end its link to see which of its onions we
        wrote."""
        lost = self._unreturned.mark_lost(link, now)
        return [CellMissing(tag) for tag in lost] if self._profile.cover_per_s else []

    def go_on(self, now: float) -> list[Output]:
        """The first link may have space again."""
        return self.send_waiting(now) if self._waiting else []

    def send_all(self, now: float) -> list[Output]:
        """The node stops: waiting cells leave now, by any stem there is. A receipt that stayed behind
        would have its sender believe that nothing arrived. Where there is none, all stays: messages leave
        after the next start, and for receipts they are asked for again."""
        self._guards.stop_waiting(now)
        picked = self._pick_stem(now)
        self._waiting.hurry_patient()
        outputs: list[Output] = []
        while picked is not None and self._waiting:
            outputs += self._send_next(*picked, now)
        return outputs

    def send_waiting(self, now: float) -> list[Output]:
        """Send what waits for nothing but a stem, as far as its first link takes it. Without a link, or an
        identified neighbour, it continues to wait: if it were stored or broadcast here, a cell that no
        other node has would show a neighbour its writer."""
        if not self._epochs.links or not self._waiting:
            return []
        picked = self._pick_stem(now)
        if picked is None:
            settled = self._guards.is_settled(now)
            self._better_at = NEVER if settled else self._guards.better_at(now)
            return []
        if self._profile.on_clock:
            return []
        stem, link = picked
        count = min(self._find_room(link, now), len(self._waiting))
        self._stall.count_taken(count)
        return [sent for _ in range(count) for sent in self._send_next(stem, link, now)]

    def on_tick(self, now: float) -> list[Output]:
        """The clock ticks: whether a loop leaves does not depend on whether a cell waits.

        A packet without room on the first link is left out if all packets leave by the clock, cover or not.
        Elsewhere it waits in one queue with our cells: by themselves they would be all that leaves when
        there is room again. Where no stem can be there is no cover, and what is patient waits."""
        is_loop = self.clock.tick(now)
        picked = self._pick_stem(now)
        if picked is None:
            return []
        if self._profile.on_clock:
            stem, link = picked
            if self._find_room(link, now) <= 0:
                return []
            self._stall.count_taken(1)
            return self._send_cover(stem, link, is_loop, now)
        self._waiting.put_tick(Tick(is_loop))
        return []

    # --- within

    def _pick_stem(self, now: float) -> tuple[StemPath, LinkId] | None:
        """The stem to take, and its first link."""
        path = self._guards.pick_stem(now)
        link = path.link if path is not None else None
        return (path, link) if path is not None and link is not None else None

    def _find_room(self, link: LinkId, now: float) -> int:
        """How many of the onions that there are the first link takes."""
        space = self.own_space(link)
        self._stall.note_space(link, space, now)
        return space

    def _send_next(self, stem: StemPath, link: LinkId, now: float) -> list[Output]:
        """What waits first: a cell, or what the clock sends."""
        item = self._waiting.pop_next()
        if not isinstance(item, Tick):
            return self._send(item, stem, link, now)
        return self._send_cover(stem, link, item.is_loop, now)

    def _send(self, cell: bytes, stem: StemPath, link: LinkId, now: float) -> list[Output]:
        id = cell_id(cell)
        self._onions.expect_return(id, stem.nodes, now)
        self._unreturned.put_cell(id, tag_of(cell), link, now)
        onion = self._onions.make_onion(link, stem.hops, HopCommand.BROADCAST, cell, id)
        return [onion, CellDispatched(tag_of(cell))]

    def _send_cover(self, stem: StemPath, link: LinkId, is_loop: bool, now: float) -> list[Output]:
        """What a tick of the clock sends."""
        test = self._probes.send_test(stem.epoch_map, now)
        if test is not None:
            return test
        if is_loop:
            return self._probes.send_loop(stem.epoch_map, now)
        if self._profile.on_clock and self._waiting:
            return self._send_next(stem, link, now)
        if (patient := self._waiting.pop_patient()) is not None:
            return self._send(patient, stem, link, now)
        nothing = self._entropy.draw_bytes(GEOMETRY.cell)
        return [self._onions.make_onion(link, stem.hops, HopCommand.DROP, nothing)]
