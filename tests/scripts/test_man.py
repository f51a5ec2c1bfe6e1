"""The man pages say what the commands say."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from tests.support.processes import ROOT, environment

PAGES = sorted((ROOT / "docs" / "man").glob("*.1"))


def test_they_are_up_to_date() -> None:
    made = [sys.executable, str(ROOT / "scripts" / "man"), "--check"]
    checked = subprocess.run(made, capture_output=True, text=True, env=environment(), check=False)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["mandoc", "-T", "lint", "-W", "error"], id="mandoc"),
        pytest.param(["groff", "-man", "-Tutf8", "-ww", "-z"], id="groff"),
    ],
)
def test_they_are_well_formed(command: list[str]) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    read = subprocess.run([*command, *PAGES], capture_output=True, text=True, check=False)
    assert (read.returncode, read.stdout, read.stderr) == (0, "", "")


def test_nothing_is_lost_on_the_way_to_the_screen() -> None:
    if shutil.which("groff") is None:
        pytest.skip("groff is not installed")
    shown = subprocess.run(
        ["groff", "-man", "-Tascii", "-P-cbou", "-rLL=200n", str(PAGES[-1])],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert PAGES[-1].name == "p2pchat.1"
    for exactly in (
        'p2pchat send --id "backup of $(date +%F)" bob done',
        """p2pchat listen --peek --exec 'notify-send -- "$P2PCHAT_MESSAGE_FROM wrote"'""",
        "~/.local/share/bash-completion/completions/p2pchat",
    ):
        assert exactly in shown
