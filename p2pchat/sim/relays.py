"""Relays that do other things with onions than they should, and the stems that lead over them.

Knows: what each kind does, and how long others go on trusting it. Does not know: how they find out, or how a
run goes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from p2pchat.core.stem.epoch_maps import EpochMaps
from p2pchat.core.stem.forwarding import Forwarding
from p2pchat.core.stem.outputs import Output, Relay, Spread
from p2pchat.core.stem.stem import Stem, Stems
from p2pchat.core.values.profile import Profile
from p2pchat.ports import Entropy
from p2pchat.sim.host import SimulatedHost

MISDEEDS: Final = ("drop", "delay", "repeat", "mark")

DELAYED_S: Final = 5.0
"""The mean time for which delaying relays hold onions, exponentially distributed."""


class Relays:
    """Some hosts' relays are hostile from ``begin_misconduct`` on; ``note_exposed`` counts at each look."""

    def __init__(self, does: str, hostile: Sequence[SimulatedHost]) -> None:
        """``does``: one of MISDEEDS."""
        self.does = does
        self.begun = False
        self._hostile = frozenset(host.index for host in hostile)
        self._stems: dict[int, Stem] = {}
        self._since = 0.0
        self._trusting: dict[int, None] = {}
        """Whose stems have led over a hostile relay since it began."""
        self._left_s: list[float] = []
        self._shares: list[float] = []

    def make_stem_maker(self, host: SimulatedHost) -> Stems:
        """Return what a host's node makes its stem with."""

        def make(profile: Profile, entropy: Entropy, counters: Counter[str]) -> Stem:
            forwards = partial(Hostile, self) if host.index in self._hostile else Forwarding
            stem = self._stems[host.index] = Stem(profile, entropy, counters, forwards)
            return stem

        return make

    def begin_misconduct(self, now: float) -> None:
        """Begin the misconduct."""
        self.begun, self._since = True, now
        self._trusting = dict.fromkeys(self._exposed(now))

    def note_exposed(self, now: float) -> None:
        """Count the nodes whose stems still lead over a hostile relay."""
        exposed = dict.fromkeys(self._exposed(now))
        left = [index for index in self._trusting if index not in exposed]
        for index in left:
            del self._trusting[index]
            self._left_s.append(round(now - self._since, 3))
        self._shares.append(round(len(exposed) / (len(self._stems) - len(self._hostile)), 4))

    def as_json(self, measured_s: float) -> dict[str, Any]:
        """Return the figures. ``exposed``: honest nodes whose stem led over a hostile relay when that began;
        ``left_…_s``: the time after which this share of the stems avoided them, or None; ``shares``: the
        share of honest nodes that were exposed, at every look. ``measured_s``: the seconds in which cells
        were counted."""
        exposed = len(self._left_s) + len(self._trusting)
        return {
            "does": self.does,
            "hostile": len(self._hostile),
            "exposed": exposed,
            **{f"left_p{share}_s": self._left_after(share * exposed / 100) for share in (50, 90, 100)},
            "measured_s": measured_s,
            "shares": self._shares,
        }

    def _left_after(self, count: float) -> float | None:
        place = max(0, int(count + 0.999) - 1)
        return self._left_s[place] if place < len(self._left_s) else None

    def _exposed(self, now: float) -> list[int]:
        names = frozenset(
            self._stems[index].own_hop_id(now) for index in sorted(self._hostile) if index in self._stems
        )
        return [
            index
            for index, stem in self._stems.items()
            if index not in self._hostile and not names.isdisjoint(stem.path)
        ]


class Hostile(Forwarding):
    """A stem whose relay misbehaves as ``relays`` says."""

    def __init__(
        self,
        relays: Relays,
        entropy: Entropy,
        counters: Counter[str],
        epochs: EpochMaps,
        on_loop: Callable[[bytes, float], None],
    ) -> None:
        super().__init__(entropy, counters, epochs, on_loop)
        self._relays = relays

    def go_on(self, output: Relay | Spread, delay: int, now: float) -> list[Output]:
        if not self._relays.begun:
            return super().go_on(output, delay, now)
        self._counters["onions misused"] += 1
        match self._relays.does:
            case "drop":
                return []
            case "delay":
                self.mix.put(output, DELAYED_S, now)
                return []
            case "repeat":
                return [*super().go_on(output, delay, now), *super().go_on(output, delay, now)]
            case _:
                return super().go_on(_marked(output), delay, now)


def _marked(output: Relay | Spread) -> Relay | Spread:
    """Return it with the last bit of its load flipped."""
    if isinstance(output, Relay):
        return replace(output, onion=_flipped(output.onion))
    return replace(output, cell=_flipped(output.cell))


def _flipped(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])
