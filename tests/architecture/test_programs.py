"""Types and lint see every program, also one without .py in its name."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOL = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
PROGRAMS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "scripts").rglob("*")
    if path.is_file() and path.suffix != ".py" and path.read_bytes().startswith(b"#!/usr/bin/env python")
)


def test_there_are_programs() -> None:
    assert "scripts/fuzz" in PROGRAMS


def test_types_are_checked_in_every_program() -> None:
    files = TOOL["mypy"]["files"]
    assert "scripts" in files
    assert sorted(name for name in files if name.startswith("scripts/")) == PROGRAMS


def test_no_program_is_excepted_from_types() -> None:
    assert "exclude" not in TOOL["mypy"]
    modules = [name for override in TOOL["mypy"]["overrides"] for name in override["module"].split()]
    assert modules == ["matplotlib.*"]


def test_lint_and_format_see_every_program() -> None:
    command = [sys.executable, "-m", "ruff", "check", "--show-files"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    seen = {Path(name).relative_to(ROOT).as_posix() for name in shown}
    assert set(PROGRAMS) <= seen
    assert {path.relative_to(ROOT).as_posix() for path in (ROOT / "scripts").rglob("*.py")} <= seen
