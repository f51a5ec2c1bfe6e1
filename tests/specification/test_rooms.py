"""The vector of a room, read by the protocol's pages alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from nacl.bindings import crypto_scalarmult_base

from tests.specification import reading_rooms as spec
from tests.specification.reading import derive, encapsulation_key, hashed, read_map, x25519, xor

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "docs" / "protocol" / "vectors" / "room.json").read_text()
)
PEOPLE = {
    name: {key: bytes.fromhex(value) for key, value in one.items()} for name, one in VECTORS["people"].items()
}
HANA, GUS, IDA = (PEOPLE[name]["id"] for name in ("hana", "gus", "ida"))
WORDS = {name: [read_map(bytes.fromhex(word)) for word in words] for name, words in VECTORS["let_in"].items()}
CELLS = [bytes.fromhex(cell) for cell in VECTORS["cells"]]
GUS_WELCOME, IDA_WELCOME = (
    spec.welcome(b"".join(word["part"] for word in WORDS[name][3:])) for name in ("gus", "ida")
)
ROOM = spec.room_of(GUS_WELCOME["entries"][0])
FIRST, SECOND = (spec.granted(ROOM, each["grant"]) for each in (GUS_WELCOME, IDA_WELCOME))
TAGS = spec.Tags(GUS_WELCOME["grant"]["tags"], GUS_WELCOME["grant"]["epoch"])


def pair(period: spec.Period, own: str, other: bytes) -> bytes:
    """Under the key of its entry, which only Hana has replaced."""
    id = PEOPLE[own]["id"]
    mine, theirs = (id, period.members[id]), (other, period.members[other])
    return spec.pair(ROOM, PEOPLE[own]["scalar"], mine, theirs)


def fragments(period: spec.Period, sender: bytes, cells: list[bytes]) -> list[dict[str, Any]]:
    places = [TAGS.place(cell) for cell in cells]
    assert {period.ids[place["sender"]] for place in places} == {sender}
    indices = [place["index"] for place in places]
    assert indices == list(range(indices[0], indices[0] + len(cells)))
    return [spec.opened(period, place, cell) for place, cell in zip(places, cells, strict=True)]


@pytest.mark.parametrize(("name", "size"), [("gus", 1), ("ida", 2)])
def test_an_offer_is_declined_or_accepted_and_welcomed(name: str, size: int) -> None:
    declined, offer, accepted, *parts = WORDS[name]
    assert [word["t"] for word in WORDS[name]] == [18, 35, 17] + [19] * len(parts)
    assert declined["end"] == 0 and declined["offer"] != offer["id"]
    assert (offer["name"], offer["size"]) == (VECTORS["name"], size)
    assert {offer["id"]} == {word["offer"] for word in (accepted, *parts)}
    assert [(part["index"], part["count"]) for part in parts] == [
        (at, len(parts)) for at in range(len(parts))
    ]
    person = PEOPLE[name]
    assert spec.member(accepted["member"]) == {
        "key": crypto_scalarmult_base(person["scalar"]),
        "recovery": crypto_scalarmult_base(person["recovery"]),
        "ml_kem": encapsulation_key(person["ml_kem_seed"]),
        "name": name,
    }


def test_a_welcome_has_the_log_and_the_period_of_the_newcomer() -> None:
    founding, of_gus, of_ida = IDA_WELCOME["entries"]
    assert [entry["id"] for entry in (founding, of_gus, of_ida)] == [HANA, GUS, IDA]
    assert (founding["name"], founding["member"]["name"]) == (VECTORS["name"], "hana")
    assert GUS_WELCOME["entries"] == [founding, of_gus]
    assert [(e["kind"], e["number"], e["author"]) for e in (of_gus, of_ida)] == [(1, 1, HANA), (1, 2, HANA)]
    assert [of_gus["previous"], of_ida["previous"]] == [HANA, GUS]
    assert not of_gus["heads"] and not of_ida["heads"]
    assert (GUS_WELCOME["member"], IDA_WELCOME["member"]) == (GUS, IDA)
    assert (GUS_WELCOME["numbers"], IDA_WELCOME["numbers"]) == ([(HANA, 7)], [])
    assert set(FIRST.ids) == {HANA, GUS} and set(SECOND.ids) == {HANA, GUS, IDA}
    assert FIRST.head["heads"] == GUS and SECOND.head["heads"] == IDA


def test_an_entry_comes_in_cells_with_a_mac_for_each_member() -> None:
    pieces = fragments(FIRST, HANA, CELLS[:2])
    assert {piece["kind"] for piece in pieces} == {3}
    entry, macs = spec.sent_entry(spec.joined(pieces))
    assert entry == IDA_WELCOME["entries"][2]
    own = derive(PEOPLE["hana"]["ml_kem_seed"], "own entry", ROOM, HANA, IDA, size=16)
    for_gus = derive(pair(FIRST, "gus", HANA), "entry mac", HANA, GUS, IDA, size=16)
    assert macs == {HANA[:4]: own, GUS[:4]: for_gus}


def test_a_commit_gives_each_member_the_next_secret() -> None:
    (piece,) = fragments(FIRST, HANA, CELLS[2:3])
    assert piece["kind"] == 2
    commit = spec.commit(piece["data"], 2)
    index = TAGS.place(CELLS[2])["index"]
    head = {**commit, "parent": FIRST.id, "author": HANA, "index": index}
    members = {**FIRST.members, HANA: commit["key"], IDA: IDA_WELCOME["entries"][2]["member"]["key"]}
    over = spec.rest(ROOM, head, members)
    id = hashed(over + commit["confirmation"])
    at = sorted([GUS, IDA]).index(GUS)
    key = pair(FIRST, "gus", HANA)
    assert commit["macs"][at] == derive(key, "commit mac", HANA, GUS, id, commit["masked"][at], size=16)
    point = x25519(PEOPLE["gus"]["scalar"], commit["key"])
    mask = derive(key, "share mask", HANA, GUS, point, FIRST.id, commit["key"])
    branch = derive(FIRST.secret, "branch")
    secret = derive(branch + xor(commit["masked"][at], mask), "period", over)
    period = spec.Period(ROOM, head, members, secret)
    assert (period.id, period.secret, period.members) == (SECOND.id, SECOND.secret, SECOND.members)
    assert commit["epoch"] == 0 and IDA_WELCOME["grant"]["tags"] == GUS_WELCOME["grant"]["tags"]


def test_the_tag_key_is_that_of_the_founding() -> None:
    assert GUS_WELCOME["grant"]["of"] == FIRST.head["parent"]


def test_a_message_has_a_mac_for_each_reader_and_names_what_it_follows() -> None:
    short = spec.message(SECOND, HANA, 0, fragments(SECOND, HANA, CELLS[3:4]))
    long = spec.message(SECOND, IDA, 0, fragments(SECOND, IDA, CELLS[4:]))
    for said, sender in ((short, HANA), (long, IDA)):
        for reader in ("gus", "ida" if sender == HANA else "gus"):
            id = PEOPLE[reader]["id"]
            mac = derive(pair(SECOND, reader, sender), "message mac", sender, id, *said["covered"], size=8)
            assert said["macs"][id] == mac
    assert short["parents"] == [] and long["parents"] == [(HANA[:8], 1)]
    assert long["over_parents"] == hashed(short["hash"])
    assert (short["number"], long["number"]) == (1, 1)
    told = [spec.told(said["payload"]) for said in (short, long)]
    assert [payload.hex() for _, _, payload in told] == VECTORS["said"]
    frontiers = [dict(zip(SECOND.ids, numbers, strict=True)) for _, numbers, _ in told]
    assert frontiers == [{HANA: 1, GUS: 0, IDA: 0}, {HANA: 1, GUS: 0, IDA: 1}]
    assert all(wants for wants, _, _ in told)


def test_a_cell_opens_at_no_other_place() -> None:
    place = TAGS.place(CELLS[3])
    with pytest.raises(InvalidTag):
        spec.opened(SECOND, {**place, "index": place["index"] + 1}, CELLS[3])
    with pytest.raises(ValueError, match="document"):
        TAGS.place(CELLS[3][:8] + bytes(8) + CELLS[3][16:])
