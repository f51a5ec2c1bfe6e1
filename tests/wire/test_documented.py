"""The tables of docs/protocol/encodings.md name exactly the keys that are sent."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgpack  # type: ignore[import-untyped]
import pytest

from tests.fuzz.targets import TARGETS

TEXT = (Path(__file__).parents[2] / "docs" / "protocol" / "encodings.md").read_text()

FAMILIES = {
    "Pairing": ["pairing"],
    "Offers": ["offer", "answer"],
    "Frames": ["control", "gossip", "walk", "reconcile", "topology", "marks"],
    "ORDERED": ["content", "payload", "room_offers", "introductions", "files-words"],
    "NOTICE": ["notice", "files-notices"],
    "APART": ["recovery"],
}
UNNAMED = {("Frames", 15)}
"""A type that nothing has, among the samples."""


OPTIONAL = {("ORDERED", 1): {"re", "who"}, ("ORDERED", 33): {"who"}}
"""Keys that a map has where there is something to say."""


def documented() -> dict[tuple[str, int], set[str]]:
    """Section or lane, and type, of each map: its keys."""
    found: dict[tuple[str, int], set[str]] = {}
    by_name: dict[str, set[str]] = {}
    for section in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]:
        heading = section.partition("\n")[0]
        for line in section.splitlines():
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if not line.startswith("|") or not cells[-2].isdecimal():
                continue
            keys = {"t", *re.findall(r"`(\w+)`", cells[-1])}
            inherited = re.search(r"those of (\w+)", cells[-1])
            by_name[cells[0]] = keys | (by_name[inherited[1]] if inherited else set())
            family = heading if len(cells) == 3 else cells[1]
            found[family, int(cells[-2])] = by_name[cells[0]]
    return found


def samples() -> list[tuple[str, dict[str, Any]]]:
    """What the parsers' own samples look like on the wire."""
    return [
        (family, _map(data))
        for family, targets in FAMILIES.items()
        for target in targets
        for data in TARGETS[target].samples
    ]


def _map(data: bytes) -> dict[str, Any]:
    padded = len(data) == 2008
    read: dict[str, Any] = msgpack.unpackb(data[2 : 2 + int.from_bytes(data[:2], "big")] if padded else data)
    return read


@pytest.mark.parametrize(("family", "sent"), samples(), ids=lambda value: str(value)[:24])
def test_a_map_has_the_documented_keys(family: str, sent: dict[str, Any]) -> None:
    if (family, sent["t"]) not in UNNAMED:
        keys = documented()[family, sent["t"]]
        assert keys <= set(sent) <= keys | OPTIONAL.get((family, sent["t"]), set())


def test_every_documented_map_has_a_sample() -> None:
    assert set(documented()) == {(family, sent["t"]) for family, sent in samples()} - UNNAMED
