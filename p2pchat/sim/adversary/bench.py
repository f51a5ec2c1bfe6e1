"""Trials: a writer, what colluders see, the node that they name.

Knows: what is tried how often, and the figures. Does not know: how guesses are made, or how results look.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from random import Random
from typing import Any, Final

from p2pchat.core.values.profile import PROFILES
from p2pchat.data import dataclass
from p2pchat.errors import UsageError
from p2pchat.sim.adversary.formed import Formed, formed
from p2pchat.sim.adversary.mesh import FirstSpy, SampledMesh, mesh, scattered, surrounded
from p2pchat.sim.adversary.posterior import Scores, StemSearch
from p2pchat.sim.adversary.traffic import COVERS, Habits, ObservedMessage, Traffic, traffic

WRITERS = 5
FORMED_WRITERS = 100
"""Trials in one mesh; then another is drawn, or formed, which takes minutes."""

DIFFUSERS = 0.1
"""The share of nodes that, for an epoch, flood what comes along a Dandelion++ stem, or what they write."""

OUTWARD = 2
"""Links on which a node's Dandelion++ stems go on."""

WITHOUT_STEM: Final = ("flood", "tree", "dandelion")
SCHEMES: Final = (*WITHOUT_STEM, *PROFILES)


@dataclass(frozen=True, slots=True)
class Case:
    """What is tried. The marks after ``seed`` are told of in ``Habits``, ``SampledMesh`` and below."""

    scheme: str
    nodes: int = 1000
    colluding: float = 0.1
    messages: int = 1
    trials: int = 1000
    seed: int = 1
    fresh_stems: bool = False
    cover: str = "stem"
    told: bool = False
    """The adversary knows where the broadcast began, and when; otherwise only what its first spy heard."""
    traced: bool = False
    trusted_first: bool = False
    false_links: int = 0
    seeking: str = ""
    """What colluders do about links (``formed.SEEKING``), in a mesh that nodes have formed; empty: a regular
    graph, and colluders at places like all others."""
    minutes: float = 8.0
    """How long that mesh has formed."""
    near: int | None = None
    """So many of the writer's neighbours collude; None: as it comes."""
    watched: bool = False

    def check_possible(self) -> Case:
        """The same. Raises UsageError if it cannot be tried."""
        if self.scheme not in SCHEMES:
            raise UsageError(f"no scheme {self.scheme}: there are {', '.join(SCHEMES)}")
        if not 0 < self.colluding < 1 or not 1 <= round(self.colluding * self.nodes) <= self.nodes - 2:
            raise UsageError(f"{self.colluding:g} of {self.nodes} nodes: need a colluder and two others")
        if self.cover not in COVERS or (self.fresh_stems and self.cover != "fresh"):
            raise UsageError(f"cover goes {', '.join(COVERS)}; with fresh stems it can only be fresh")
        if self.seeking and (self.false_links or self.near is not None):
            raise UsageError("colluders who seek links tell no false ones, and come as near as they do")
        if self.messages < 1 or self.trials < 1:
            raise UsageError("need a message and a trial")
        return self


@dataclass(frozen=True, slots=True)
class _Guess:
    """One trial."""

    named: bool
    claimed: float | None = None
    """The probability that the adversary gave its best guess."""
    entropy_bits: float | None = None
    stem_s: float | None = None


def measure(case: Case) -> dict[str, Any]:
    """Try it. ``named`` is the share of trials in which the best guess was the writer, ``claimed`` what the
    adversary thought of its guesses, which is the same if it reckons right; each with its standard error."""
    started_at = time.perf_counter()
    by_mesh = list(_trials(case.check_possible()))
    guesses = [guess for in_mesh in by_mesh for guess in in_mesh]
    named = statistics.fmean(guess.named for guess in guesses)
    return {
        **asdict(case),
        "named": round(named, 4),
        "error": _error([[float(guess.named) for guess in in_mesh] for in_mesh in by_mesh]),
        "claimed": _mean(guess.claimed for guess in guesses),
        "claimed_error": _error([[guess.claimed or 0.0 for guess in in_mesh] for in_mesh in by_mesh]),
        "entropy_bits": _mean(guess.entropy_bits for guess in guesses),
        "stem_s": _mean(guess.stem_s for guess in guesses),
        **({"formed": _figures(case)} if case.seeking else {}),
        "wall_s": round(time.perf_counter() - started_at, 1),
    }


def _error(by_mesh: list[list[float]]) -> float:
    """The standard error of the mean. What writers of one mesh have in common makes trials in it tell less:
    meshes count, not trials."""
    count = sum(map(len, by_mesh))
    mean = sum(map(sum, by_mesh)) / count
    return round(math.hypot(*(sum(values) - mean * len(values) for values in by_mesh)) / count, 4)


def _trials(case: Case) -> Iterator[list[_Guess]]:
    """Make the trials of each mesh in turn."""
    rng = Random(_seed(case))
    trial = _without_stem if case.scheme in WITHOUT_STEM else _with_stem
    for number, count in enumerate(_counts(case)):
        yield list(trial(case, _mesh(case, rng, number), rng, count))


def _counts(case: Case) -> list[int]:
    """Trials in each mesh."""
    count = 1 if case.near is not None else FORMED_WRITERS if _sought(case) else WRITERS
    whole, rest = divmod(case.trials, count)
    return [count] * whole + [rest] * bool(rest)


def _sought(case: Case) -> bool:
    """Whether a mesh was formed for the places that colluders have in it."""
    return case.seeking not in ("", "honest")


def _seed(case: Case) -> str:
    """What is drawn follows from the case; where nothing is formed, as it did before meshes could be."""
    whole = f"{case}"
    return whole if case.seeking else whole.replace(f", seeking='', minutes={case.minutes}", "")


def _mesh(case: Case, rng: Random, number: int) -> SampledMesh:
    """Return a mesh with its colluders. Where they behave as all do, any node may be one: others each time,
    in the same meshes."""
    if _sought(case):
        return _formed(case, number).mesh
    if case.seeking:
        return scattered(_formed(case, number * WRITERS // FORMED_WRITERS).mesh, case.colluding, rng)
    return mesh(case.nodes, case.colluding, rng, case.false_links)


def _formed(case: Case, number: int) -> Formed:
    return formed(case.nodes, case.colluding, case.seeking, case.minutes, case.seed + number)


def _figures(case: Case) -> list[Any]:
    """Return the figures of the formed meshes."""
    return [_formed(case, number).figures for number in range(math.ceil(case.trials / FORMED_WRITERS))]


def _without_stem(case: Case, given: SampledMesh, rng: Random, count: int) -> Iterator[_Guess]:
    """First-spy: the writer is the node from which the first colluder got it."""
    spread = _SPREADS[case.scheme]
    for writer, placed in _writers(case, given, rng, count):
        first = spread(placed, writer, rng)
        yield _Guess(first is not None and first.before == writer)


def _flood(given: SampledMesh, writer: int, _rng: Random) -> FirstSpy | None:
    return given.first_spy(writer)


def _tree(given: SampledMesh, writer: int, rng: Random) -> FirstSpy | None:
    return given.first_spy(writer, given.shortest_tree(rng.randrange(len(given.neighbours))))


def _dandelion(given: SampledMesh, writer: int, rng: Random) -> FirstSpy | None:
    """A stem of links chosen for an epoch, then a flood. Every relay knows the cell again."""
    outward: dict[int, list[int]] = {}
    onward: dict[tuple[int, int], int] = {}
    before, node = writer, writer
    while rng.random() >= DIFFUSERS:
        choices = outward.setdefault(node, rng.sample(given.neighbours[node], OUTWARD))
        others = [other for other in choices if other != before]
        before, node = node, onward.setdefault((before, node), rng.choice(others))
        if given.colludes[node]:
            return FirstSpy(node, before, 0.0)
        if len(onward) > len(given.neighbours):
            break
    return given.first_spy(node)


_SPREADS: Final[dict[str, Callable[[SampledMesh, int, Random], FirstSpy | None]]] = {
    "flood": _flood,
    "tree": _tree,
    "dandelion": _dandelion,
}


def _with_stem(case: Case, given: SampledMesh, rng: Random, count: int) -> Iterator[_Guess]:
    habits = Habits(
        PROFILES[case.scheme],
        fresh_stems=case.fresh_stems,
        cover=case.cover,
        traced=case.traced,
        trusted_first=case.trusted_first,
        watched=case.watched,
    )
    sent: Traffic | None = None
    for writer, placed in _writers(case, given, rng, count):
        if sent is None or sent.mesh is not placed:
            sent = traffic(placed, habits, rng.random())
        yield _guess(sent, writer, case, rng)


def _writers(case: Case, given: SampledMesh, rng: Random, count: int) -> Iterator[tuple[int, SampledMesh]]:
    turns = iter(_in_turn(given.honest_nodes(), count, rng) if _sought(case) else ())
    for _ in range(count):
        writer = next(turns, None)
        writer = rng.choice(given.honest_nodes()) if writer is None else writer
        yield writer, given if case.near is None else surrounded(given, writer, case.near, rng)


def _in_turn(honest: list[int], count: int, rng: Random) -> list[int]:
    """All once, before any twice: each has one first hop."""
    return [node for _ in range(-(-count // len(honest))) for node in rng.sample(honest, len(honest))][:count]


def _guess(sent: Traffic, writer: int, case: Case, rng: Random) -> _Guess:
    chance, seen = posterior(sent, writer, case.messages, rng, case.told)
    best = max(chance, key=lambda node: (chance[node], rng.random()))
    entropy = -sum(share * math.log2(share) for share in chance.values() if share > 0.0)
    spent = statistics.fmean(message.spent for message in seen)
    return _Guess(best == writer, chance[best], entropy, spent)


def posterior(
    sent: Traffic, writer: int, messages: int, rng: Random, told: bool
) -> tuple[Scores, list[ObservedMessage]]:
    """The probability of each honest node after so many messages that the adversary can link; what it saw."""
    stems = [sent.draw_stem(writer) for _ in range(messages)]
    seen = [ObservedMessage(sent, stem, 60.0 * number) for number, stem in enumerate(stems)]
    if not sent.habits.fresh_stems:
        return _normal(StemSearch(sent, seen).run(stems[0], told)), seen
    chance: Scores = dict.fromkeys(sent.mesh.honest_nodes(), 1.0)
    for stem, message in zip(stems, seen, strict=True):
        scores = StemSearch(sent, [message]).run(stem, told)
        chance = _normal({node: chance[node] * scores[node] for node in chance})
    return chance, seen


def _normal(scores: Scores) -> Scores:
    total = sum(scores.values())
    return {node: score / total for node, score in scores.items()}


def _mean(values: Iterator[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(statistics.fmean(known), 4) if known else None
