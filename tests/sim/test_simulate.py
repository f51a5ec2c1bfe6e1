"""One seed gives one trace, and results that were kept can be run again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from p2pchat.errors import UsageError
from p2pchat.sim.simulate import Job, baseline, simulate
from tests.sim.test_run import BRIEF, ROOT


def test_the_same_seed_gives_the_same_trace_with_any_hash_seed() -> None:
    here = simulate(Job("steady", 1, 4, None, BRIEF))["trace_digest"]
    assert traced(1, hash_seed="1") == traced(1, hash_seed="2") == here
    assert traced(2, hash_seed="1") != here


def traced(seed: int, hash_seed: str) -> str:
    changes = [option for key, value in BRIEF.items() for option in ("--set", f"{key}={value}")]
    done = subprocess.run(
        [sys.executable, "-m", "p2pchat.sim", "--nodes", "4", "--seed", str(seed), "--json", *changes],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    return str(json.loads(done.stdout)["trace_digest"])


def test_a_baseline_is_read_line_by_line_or_refused(tmp_path: Path) -> None:
    kept = tmp_path / "kept.jsonl"
    changes = {"load.per_minute": "3"}
    line = {"scenario": "steady", "seed": 1, "nodes": 8, "strategy": "plumtree", "set": changes}
    kept.write_text(json.dumps(line) + "\n")
    assert baseline(kept) == [(Job("steady", 1, 8, "plumtree", changes), line)]
    for text in ("no json", "{}", "[]"):
        kept.write_text(text)
        with pytest.raises(UsageError, match="is no baseline"):
            baseline(kept)
    with pytest.raises(UsageError, match="is no baseline"):
        baseline(tmp_path / "missing")
