"""The vectors of the protocol are what our code writes, each time the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.support.drawn import Drawn, DrawnAccount, OutOfStep
from tests.support.processes import ROOT, environment


def test_a_second_run_writes_the_same_bytes() -> None:
    """The files are of the first."""
    command = [sys.executable, str(ROOT / "scripts" / "vectors"), "--check"]
    checked = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_what_was_drawn_comes_again_in_its_order(tmp_path: Path) -> None:
    first = Drawn(tmp_path / "drawn.json", fresh=True)
    host, guest = DrawnAccount(first), DrawnAccount(first)
    one_time = host.one_time_key()
    said = guest.begin_session(host.identity_key, one_time).encrypt(b"hello")
    first.keep()
    again = Drawn(tmp_path / "drawn.json", fresh=False)
    host, guest = DrawnAccount(again), DrawnAccount(again)
    assert host.one_time_key() == one_time
    assert guest.begin_session(host.identity_key, one_time).encrypt(b"hello") == said
    assert again.left == 0
    assert host.accept_session(guest.identity_key, said)[1] == b"hello"


def test_something_else_than_was_drawn_is_not_given(tmp_path: Path) -> None:
    (tmp_path / "drawn.json").write_text(json.dumps([{"kind": "message", "message": "00"}]))
    with pytest.raises(OutOfStep):
        DrawnAccount(Drawn(tmp_path / "drawn.json", fresh=False))
