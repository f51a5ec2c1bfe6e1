"""Every claim of the threat model names the test or the figure that shows it, and those exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "threat-model.md").read_text()
CLAIMS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.partition("\n## By adversary\n")[2].partition("\n## ")[0].splitlines()
    if line.startswith("|") and not line.startswith(("| adversary |", "|---"))
]
PATHS = sorted(set(re.findall(r"`((?:tests|scripts|p2pchat|docs)/[\w./-]+)", TEXT)))


def test_there_are_claims() -> None:
    assert len(CLAIMS) > 20


@pytest.mark.parametrize("claim", CLAIMS, ids=[claim[0] for claim in CLAIMS])
def test_every_claim_names_what_shows_it(claim: list[str]) -> None:
    _, _, must_not, shown_by = claim
    assert must_not
    assert re.search(r"`(?:tests|scripts)/\w+", shown_by)


@pytest.mark.parametrize("path", PATHS)
def test_what_shows_it_exists(path: str) -> None:
    shown = ROOT / path
    assert shown.is_file() or any(shown.glob("test_*.py"))
