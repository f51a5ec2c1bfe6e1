"""The vector of an introduction, read by the protocol's pages alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.specification import reading as spec

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "docs" / "protocol" / "vectors" / "introduction.json").read_text()
)
SAID = [bytes.fromhex(each["word"]) for each in VECTORS["words"]]
ASK, KEYS, ANSWER, WELCOME = map(spec.read_map, SAID)


def raw(digits: str) -> bytes:
    return bytes.fromhex(digits)


PARTS = (
    b"room",
    ASK["id"],
    b"#" + VECTORS["room"].encode(),
    raw(VECTORS["members"]["guest"]),
    raw(VECTORS["members"]["host"]),
)


def test_the_words_come_in_their_order() -> None:
    assert [each["from"] for each in VECTORS["words"]] == ["guest", "host"] * 2
    assert [word["t"] for word in (ASK, KEYS, ANSWER, WELCOME)] == [37, 23, 24, 25]
    assert {word["id"] for word in (ASK, KEYS, ANSWER, WELCOME)} == {ASK["id"]}
    assert ASK["host"] is True and ASK["name"] == ""


def test_keys_and_answer_say_who_is_there() -> None:
    host, guest = VECTORS["host"], VECTORS["guest"]
    assert (KEYS["who"].hex(), ANSWER["who"].hex()) == (host["identity"], guest["identity"])
    assert KEYS["ek"] == spec.encapsulation_key(raw(host["ml_kem_seed"]))
    assert spec.safety_number(KEYS["who"], ANSWER["who"]) == VECTORS["safety_number"]


def test_hello_and_welcome_are_bound_to_all_that_was_said() -> None:
    without = spec.write_map({**ANSWER, "olm": b""})
    hello = spec.derive(ASK["seed"], "introduction hello", *PARTS, SAID[1], without)
    assert spec.begun(raw(VECTORS["host"]["account"]).decode(), ANSWER["who"], ANSWER["olm"]) == hello
    welcome = spec.derive(ASK["seed"], "introduction welcome", *PARTS, *SAID[1:3])
    assert spec.decrypted(raw(VECTORS["guest"]["session"]).decode(), WELCOME["olm"]) == welcome


def test_the_roots_lead_to_the_first_tags() -> None:
    shared = spec.decapsulated(raw(VECTORS["host"]["ml_kem_seed"]), ANSWER["ct"])
    secret = spec.derive(shared, "introduction secret", ASK["seed"], *PARTS, *SAID[1:3])
    assert spec.derive(secret, "renewal key").hex() == VECTORS["renewal_key"]
    both = spec.derive(secret, "roots", size=64)
    for role, root in (("host", both[:32]), ("guest", both[32:])):
        tag = spec.Direction(root, KEYS["epoch"]).tag(KEYS["epoch"], 0)
        assert tag.hex() == VECTORS["first_tags"][role]
