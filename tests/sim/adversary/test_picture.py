"""What the adversary found is drawn from what was kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from p2pchat.sim.__main__ import main


def run(*arguments: str) -> Any:
    return CliRunner().invoke(
        main, ("adversary", "--nodes", "50", "--trials", "5", "--jobs", "1", *arguments)
    )


def test_what_was_kept_is_shown_and_drawn_without_trying_it_again(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    kept, picture = tmp_path / "kept", tmp_path / "picture.svg"
    kept.write_text(run("--profile", "fast", "--json", "--near", "2").stdout)
    out = run("--kept", str(kept), "--plot", str(picture)).stdout
    assert "fast, 2 neighbours collude" in out
    assert "10 messages that it can link" in picture.read_text()
