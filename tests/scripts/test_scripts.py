"""What a person runs says what it does, from anywhere, and fails in one line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHELL_SCRIPTS = ["check", "sim", "test", "try"]
PYTHON_SCRIPTS = sorted(
    str(place.relative_to(ROOT / "scripts"))
    for place in (*(ROOT / "scripts").iterdir(), *(ROOT / "scripts" / "bench").iterdir())
    if place.is_file() and place.read_text().startswith("#!/usr/bin/env python3")
)


def run(script: str, *arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "scripts" / script, *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("script", SHELL_SCRIPTS)
def test_help_comes_from_any_directory_and_makes_nothing(script: str, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    result = run(script, "--help", cwd=tmp_path, P2PCHAT_VENV=str(venv))
    assert result.returncode == 0
    assert result.stdout.startswith(f"usage: scripts/{script}")
    assert result.stderr == ""
    assert not venv.exists()


@pytest.mark.parametrize("script", SHELL_SCRIPTS)
def test_without_a_usable_python_the_line_says_what_to_install(script: str, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("dirname", "sh"):
        (tools / name).symlink_to(f"/bin/{name}" if Path(f"/bin/{name}").exists() else f"/usr/bin/{name}")
    shim = tools / "python3.13"  # as version managers leave them: on the PATH, with nothing behind
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    result = run(script, cwd=tmp_path, PATH=str(tools), P2PCHAT_VENV=str(tmp_path / "venv"))
    assert result.returncode == 1
    assert result.stderr.startswith("no Python 3.11 or newer")
    assert result.stderr.count("\n") == 1


@pytest.fixture
def bare_python(tmp_path: Path) -> Path:
    """A folder for the PATH with a Python that has nothing installed."""
    tools = tmp_path / "bin"
    tools.mkdir()
    python = tools / "python3"
    python.write_text(f'#!/bin/sh\nexec "{sys._base_executable}" -IS "$@"\n')  # type: ignore[attr-defined]
    python.chmod(0o755)
    return tools


@pytest.mark.parametrize("script", PYTHON_SCRIPTS)
def test_without_its_packages_a_script_names_what_installs_them(
    script: str, bare_python: Path, tmp_path: Path
) -> None:
    venv = tmp_path / "venv"
    result = run(script, cwd=tmp_path, PATH=f"{bare_python}:/usr/bin:/bin", P2PCHAT_VENV=str(venv))
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == f"p2pchat's packages are not installed in {venv}; scripts/test installs them\n"


def test_a_script_finds_the_environment_that_has_its_packages(bare_python: Path, tmp_path: Path) -> None:
    path = f"{bare_python}:/usr/bin:/bin"
    result = run("schema", "--check", cwd=tmp_path, PATH=path, P2PCHAT_VENV=sys.prefix)
    assert (result.returncode, result.stderr) == (0, "")


def test_a_directory_of_somebody_s_own_is_never_cleared(tmp_path: Path) -> None:
    place = tmp_path / "mine"
    place.mkdir()
    (place / "thesis").write_text("years of work")
    result = run("try", cwd=tmp_path, P2PCHAT_VENV=str(place))
    assert result.returncode == 1
    assert "no virtual environment" in result.stderr
    assert (place / "thesis").read_text() == "years of work"


def test_check_refuses_an_option_it_does_not_know(tmp_path: Path) -> None:
    assert run("check", "--fast", cwd=tmp_path).returncode == 2
