"""The vector of a file, read by the protocol's page alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.specification import reading_files as spec
from tests.specification.reading import read_map

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "docs" / "protocol" / "vectors" / "files.json").read_text()
)
OFFER, ACCEPTED, ENDED = (read_map(bytes.fromhex(word)) for word in VECTORS["words"])
REQUEST, BLOCK = (read_map(bytes.fromhex(word)) for word in VECTORS["notices"])
SALT, ROOT, SIZE = OFFER["salt"], OFFER["root"], OFFER["size"]
PIECES = spec.cut(bytes(at % VECTORS["modulus"] for at in range(SIZE)))


def test_every_piece_leads_to_the_root_in_the_offer() -> None:
    leaves = [spec.leaf(SALT, number, piece) for number, piece in enumerate(PIECES)]
    assert [leaf.hex() for leaf in leaves] == VECTORS["leaves"]
    for number, (leaf, path) in enumerate(zip(leaves, VECTORS["paths"], strict=True)):
        top = spec.climb(SALT, number, len(PIECES), leaf, [bytes.fromhex(each) for each in path])
        assert spec.root(SALT, SIZE, len(PIECES), top) == ROOT


def test_a_piece_opens_with_what_the_offer_says() -> None:
    number, sent = VECTORS["sent"]["piece"], bytes.fromhex(VECTORS["sent"]["data"])
    path, piece = spec.open_sent(SALT, ROOT, number, sent)
    assert piece == PIECES[number]
    assert [each.hex() for each in path] == VECTORS["paths"][number]


def test_words_and_notices_name_the_file() -> None:
    assert {OFFER["id"], ACCEPTED["file"], ENDED["file"], REQUEST["file"], BLOCK["file"]} == {OFFER["id"]}
    assert [word["t"] for word in (OFFER, ACCEPTED, ENDED, REQUEST, BLOCK)] == [36, 20, 21, 4, 5]
    assert REQUEST["kept"] == 2 * spec.PIECE and BLOCK["data"].hex() == VECTORS["sent"]["data"]
