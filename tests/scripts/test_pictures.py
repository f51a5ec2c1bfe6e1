"""The pictures of the documents."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.support.processes import ROOT

COLUMN = 12.2


@pytest.mark.parametrize(
    "picture", sorted((ROOT / "docs/pictures").glob("*.svg")), ids=lambda each: each.name
)
def test_each_text_is_as_wide_as_its_columns(picture: Path) -> None:
    texts = re.findall(r'textLength="([\d.]+)"[^>]*>([^<]*)', picture.read_text())
    assert texts
    for width, text in texts:
        assert float(width) == pytest.approx(COLUMN * cell_len(html.unescape(text)), abs=0.5), text
