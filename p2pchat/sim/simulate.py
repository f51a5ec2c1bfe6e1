"""A whole simulation: what is to be run in, its figures and what they cost out.

Knows: clocks and memory of this machine. Does not know: what is simulated.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import field, replace
from pathlib import Path
from typing import Any

from p2pchat.data import dataclass
from p2pchat.errors import UsageError
from p2pchat.sim.run import Run
from p2pchat.sim.scenario import Scenario, altered, load
from p2pchat.sim.world import START

Result = dict[str, Any]
"""All figures of a run, as JSON has them."""


@dataclass(frozen=True, slots=True)
class Job:
    """What decides a run. ``nodes`` and ``strategy`` None: as the scenario says."""

    scenario: str
    seed: int
    nodes: int | None = None
    strategy: str | None = None
    changes: dict[str, str] = field(default_factory=dict)

    def load_scenario(self) -> Scenario:
        """Return the scenario with all changes. Raises UsageError."""
        chosen = altered(load(self.scenario), self.changes)
        if self.nodes is not None:
            chosen = replace(chosen, nodes=self.nodes)
        return chosen if self.strategy is None else replace(chosen, strategy=self.strategy)


def simulate(job: Job, progress: Callable[[str], None] = lambda line: None) -> Result:
    """Run a job. ``progress`` gets lines that say how far it is. Raises UsageError."""
    scenario, started_at = job.load_scenario(), time.perf_counter()
    run = Run(scenario, job.seed, progress)
    # Nodes are millions of small objects with hardly a cycle among them: looking for some costs half as much
    # again as the run itself.
    gc.collect()
    gc.disable()
    try:
        figures = run.measure_figures().as_json()
    finally:
        gc.enable()
    return {
        "scenario": job.scenario,
        "nodes": scenario.nodes,
        "seed": job.seed,
        "strategy": scenario.strategy,
        "set": job.changes,
        **figures,
        "virtual_s": round(run.world.now - START, 3),
        "wall_s": round(time.perf_counter() - started_at, 1),
        "memory_mb": _memory_mb(),
        "trace_digest": run.world.trace.digest(),
    }


def baseline(place: Path) -> list[tuple[Job, Result]]:
    """Read kept results, one JSON object a line, and the jobs that make them again. Raises UsageError."""
    kept: list[tuple[Job, Result]] = []
    try:
        for line in place.read_text().splitlines():
            old = json.loads(line)
            job = Job(old["scenario"], old["seed"], old["nodes"], old["strategy"], old["set"])
            kept.append((job, old))
    except (OSError, ValueError, TypeError, KeyError):
        raise UsageError(f"{place} is no baseline: need lines that scripts/sim --json printed") from None
    return kept


def _memory_mb() -> int:
    """Return the peak memory of this process."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most // (1 << 20 if sys.platform == "darwin" else 1 << 10)
