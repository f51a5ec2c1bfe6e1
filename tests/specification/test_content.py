"""The vectors of what people say, read by the protocol's pages alone and in any order."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.specification import reading_content as spec
from tests.specification.reading import read_map

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "docs" / "protocol" / "vectors" / "content.json").read_text()
)
PEOPLE = VECTORS["people"]
SAID = [(PEOPLE[step["from"]]["fingerprint"], bytes.fromhex(step["payload"])) for step in VECTORS["said"]]


def test_people_are_known_by_their_fingerprints() -> None:
    for person in PEOPLE.values():
        assert spec.fingerprint(bytes.fromhex(person["identity"])) == person["fingerprint"]


def test_every_payload_has_the_name_that_all_readers_use() -> None:
    for step, (author, payload) in zip(VECTORS["said"], SAID, strict=True):
        assert spec.name(author, read_map(payload)["id"]) == step["name"]


def test_there_is_one_of_every_kind() -> None:
    assert {read_map(payload)["t"] for _, payload in SAID} == {1, 32, 33, 34, 63}


@pytest.mark.parametrize("seed", range(20))
def test_in_any_order_the_same_is_shown(seed: int) -> None:
    said = list(SAID)
    Random(seed).shuffle(said)
    names = {person["fingerprint"]: name for name, person in PEOPLE.items()}
    lines = {name: _as_in_the_file(name, line, names) for name, line in spec.shown(said).items()}
    assert lines == {line["name"]: line for line in VECTORS["shown"]}


def _as_in_the_file(name: str, line: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    reactions = {names[who]: sign for who, sign in line["reactions"].items() if sign}
    rest = {key: value for key, value in line.items() if key != "author"}
    return {**rest, "from": names[line["author"]], "name": name, "reactions": reactions}
