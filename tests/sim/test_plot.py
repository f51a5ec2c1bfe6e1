"""Results are drawn into a file, the same ones into the same file."""

from __future__ import annotations

from pathlib import Path

import pytest

from p2pchat.errors import UsageError
from tests.sim.test_run import run


def test_one_result_gives_one_picture(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from p2pchat.sim.plot import draw

    result = run("steady", 6)
    for name in ("one.svg", "two.svg"):
        draw([result], tmp_path / name)
    assert (tmp_path / "one.svg").read_text() == (tmp_path / "two.svg").read_text()
    with pytest.raises(UsageError):
        draw([result], tmp_path / "missing" / "one.svg")
