"""The unit for systemd says what systemd and our command line understand."""

from __future__ import annotations

import configparser
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from p2pchat.cli.main import root
from tests.support.processes import ROOT

UNIT = ROOT / "docs" / "examples" / "p2pchat.service"


def _unit() -> configparser.ConfigParser:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.read(UNIT)
    return unit


def test_it_starts_a_command_that_there_is() -> None:
    program, *words = shlex.split(_unit()["Service"]["ExecStart"])
    assert Path(program).name == "p2pchat"
    command: click.Command = root()
    for word in words:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), word)
        assert found is not None
        command = found
    assert not isinstance(command, click.Group)


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    unit = tmp_path / "p2pchat.service"
    unit.write_text(UNIT.read_text().replace("%h/.local/bin/p2pchat", sys.executable))
    command = ["systemd-analyze", "--user", "verify", "--man=no", str(unit)]
    surroundings = {"XDG_RUNTIME_DIR": str(tmp_path), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    verified = subprocess.run(command, capture_output=True, text=True, env=surroundings, check=False)
    about_it = [line for line in verified.stderr.splitlines() if "p2pchat.service" in line]
    assert (verified.returncode, about_it) == (0, [])
