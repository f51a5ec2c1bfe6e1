"""The protocol's vectors read by its two pages alone: what these say is enough to speak with us."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from nacl.bindings import crypto_scalarmult_base, crypto_sign_seed_keypair
from nacl.exceptions import CryptoError

from tests.specification import reading as spec

PROTOCOL = Path(__file__).parents[2] / "docs" / "protocol"
NAMES = re.findall(r"^- \*(\w+)\*:", (PROTOCOL / "encodings.md").read_text(), re.MULTILINE)
OTHER = {"host": "guest", "guest": "host", "offerer": "answerer", "answerer": "offerer"}


def vectors(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((PROTOCOL / "vectors" / f"{name}.json").read_text())
    return read


def raw(digits: str) -> bytes:
    return bytes.fromhex(digits)


FRAME, CELL, ONION, OFFER, RECORD, PAIRING, SESSION, BACKUP = map(
    vectors, ("frame", "cell", "onion", "offer", "record", "pairing", "session", "backup")
)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_says_which_protocol_and_which_format_it_is_of(name: str) -> None:
    (version,) = re.findall(r"This is version (\d+)", (PROTOCOL / "README.md").read_text())
    read = vectors(name)
    assert (read["vectors"], read["protocol"], read["format"]) == (name, int(version), 1)


def test_there_is_no_other_file() -> None:
    assert sorted(place.stem for place in (PROTOCOL / "vectors").iterdir()) == sorted([*NAMES, "drawn"])


@pytest.mark.parametrize("module", sorted(Path(__file__).parent.glob("*.py")), ids=lambda path: path.name)
def test_no_line_of_p2pchat_has_a_part_in_it(module: Path) -> None:
    tree = ast.parse(module.read_text())
    imported = [each.module or "" for each in ast.walk(tree) if isinstance(each, ast.ImportFrom)]
    imported += [name.name for each in ast.walk(tree) if isinstance(each, ast.Import) for name in each.names]
    assert imported
    assert not [name for name in imported if name.partition(".")[0] in ("p2pchat", "rendezvous", "scripts")]


# --- frames


@pytest.mark.parametrize("sent", FRAME["frames"], ids=lambda sent: f"{sent['from']} {sent['number']}")
def test_a_frame_opens_at_its_place(sent: dict[str, Any]) -> None:
    link64, sealed = raw(FRAME["link64"]), raw(sent["frame"])
    kind, body = spec.open_frame(link64, sent["from"], sent["number"], sealed)
    assert (kind, body.hex()) == (sent["kind"], sent["body"])
    for role, number in ((sent["from"], sent["number"] + 1), (OTHER[sent["from"]], sent["number"])):
        with pytest.raises(InvalidTag):
            spec.open_frame(link64, role, number, sealed)


@pytest.mark.parametrize("role", ["offerer", "answerer"])
def test_a_link_begins_with_its_confirmation(role: str) -> None:
    first = next(sent for sent in FRAME["frames"] if sent["from"] == role)
    own, peer = (raw(FRAME["fingerprints"][end]) for end in (role, OTHER[role]))
    confirmation = spec.confirmation(raw(FRAME["link64"]), role, own, peer)
    assert (first["kind"], first["body"]) == (1, confirmation.hex())


def test_control_frames_are_the_maps_of_the_table() -> None:
    said = [spec.read_map(raw(sent["body"])) for sent in FRAME["frames"] if sent["kind"] == 3]
    assert [sorted(each) for each in said] == [["ids", "late", "t"], ["received", "t"], ["t"]]
    assert [each["t"] for each in said] == [16, 1, 2]
    assert len(said[0]["ids"]) == 2 * 16


# --- cells


@pytest.mark.parametrize("sent", CELL["cells"], ids=lambda sent: f"{sent['epoch']} {sent['index']}")
def test_a_cell_opens_at_its_place(sent: dict[str, Any]) -> None:
    cell = raw(sent["cell"])
    found = spec.Direction(raw(CELL["root"]), CELL["epoch"]).open(cell, sent["index"])
    assert {**found, "data": found["data"].hex()} == sent["fragment"]
    assert int.from_bytes(cell[16:20], "big") == sent["epoch"]
    assert spec.hashed(cell, 16).hex() == sent["id"]


def test_a_mark_is_made_of_the_epoch_s_tags() -> None:
    mark = CELL["mark"]
    direction = spec.Direction(raw(CELL["root"]), CELL["epoch"])
    assert direction.mark(mark["epoch"], raw(mark["binding"]), raw(mark["nonce"])).hex() == mark["mark"]


def test_a_stamp_is_worth_what_is_said() -> None:
    assert CELL["stamp"]["bits"] >= 8
    assert spec.worth(raw(CELL["stamp"]["cell"])) == CELL["stamp"]["bits"]


# --- onions


@pytest.mark.parametrize("onion", ONION["onions"], ids=lambda onion: f"{onion['hops']} hops")
def test_every_hop_finds_what_it_is_to_do(onion: dict[str, Any]) -> None:
    assert len(onion["steps"]) == onion["hops"]
    for at, (hop, step) in enumerate(zip(ONION["hops"], onion["steps"], strict=False)):
        found = spec.peel(raw(hop["scalar"]), raw(step["packet"]))
        assert (found["command"], found["delay"]) == (step["command"], onion["delay"])
        assert found["replay"].hex() == step["replay"]
        if found["command"] == 1:
            assert found["next"].hex() == step["next"] == ONION["hops"][at + 1]["id"]
            assert found["packet"].hex() == onion["steps"][at + 1]["packet"]
        elif found["command"] != 4:
            assert found["delta"].hex() == bytes(16).hex() + onion["payload"]


@pytest.mark.parametrize("onion", ONION["onions"], ids=lambda onion: f"{onion['hops']} hops")
def test_an_onion_can_be_made_to_the_byte(onion: dict[str, Any]) -> None:
    hops = [(raw(hop["id"]), crypto_scalarmult_base(raw(hop["scalar"]))) for hop in ONION["hops"]]
    last = {name: raw(value) for name, value in onion["last"].items()}
    drawn = {"scalar": raw(onion["scalar"]), "noise": raw(onion["noise"]), **last}
    command = onion["steps"][-1]["command"]
    made = spec.wrap(hops[: onion["hops"]], command, drawn, onion["delay"], raw(onion["payload"]))
    assert made.hex() == onion["steps"][0]["packet"]


# --- records


def test_a_record_is_signed_by_the_key_that_names_its_owner() -> None:
    found = spec.record(raw(RECORD["record"]))
    verify_key, _ = crypto_sign_seed_keypair(raw(RECORD["seed"]))
    assert found["verify_key"] == verify_key
    assert spec.hashed(verify_key, 8).hex() == RECORD["name"]
    assert found["onion_key"].hex() == RECORD["onion_key"]
    assert (found["epoch"], found["serial"]) == (RECORD["epoch"], RECORD["serial"])
    assert [each.hex() for each in found["links"]] == RECORD["links"]


def test_a_proof_holds_on_its_link_and_a_ticket_for_its_walk() -> None:
    verify_key = spec.record(raw(RECORD["record"]))["verify_key"]
    link, ticket = RECORD["link"], RECORD["ticket"]
    assert spec.signed_by(verify_key, raw(link["proof"]), b"p2pchat link" + raw(link["binding"]))
    assert not spec.signed_by(verify_key, raw(link["proof"]), b"p2pchat link" + bytes(32))
    asked = raw(ticket["walk_key"]) + raw(ticket["own_key"]) + bytes([ticket["vacant"]])
    assert spec.signed_by(verify_key, raw(ticket["proof"]), b"p2pchat ticket" + spec.hashed(asked))


# --- offers


def seals(tried: dict[str, Any]) -> tuple[bytes, bytes]:
    """The key of an exchange's blobs, and the offer's AD."""
    key = spec.derive(raw(OFFER["mesh_secret"]), "offer blob")
    if tried["place"] == "walk":
        return spec.derive(key, "between two", raw(OFFER["walk_secret"])), b"offerwalk"
    return key, b"offer" + raw(OFFER["topic"])


def test_the_topic_is_the_epoch_s() -> None:
    topic = spec.derive(raw(OFFER["mesh_secret"]), "mesh topic", OFFER["epoch"].to_bytes(8, "big"))
    assert topic.hex() == OFFER["topic"]


@pytest.mark.parametrize("tried", OFFER["exchanges"], ids=lambda tried: tried["place"])
def test_an_offer_and_its_answers_open(tried: dict[str, Any]) -> None:
    key, ad = seals(tried)
    offer, answer, decline = (raw(tried[name]) for name in ("offer", "answer", "decline"))
    said = spec.blob_map(spec.open_blob(key, offer, ad))
    assert (said["t"], said["v"], said["r"], said["a"]) == (1, OFFER["protocol"], tried["relayed"], False)
    assert said["node"].hex() == tried["offerer"]["node"]
    assert spec.description(said["d"]) == tried["descriptions"]["offer"]
    replied, declined = (
        spec.blob_map(spec.open_blob(key, blob, b"answer" + spec.hashed(offer))) for blob in (answer, decline)
    )
    assert (replied["t"], replied["v"]) == (2, OFFER["protocol"])
    assert replied["node"].hex() == declined["node"].hex() == tried["answerer"]["node"]
    assert spec.description(replied["d"]) == tried["descriptions"]["answer"]
    assert (declined["t"], declined["v"], declined["linked"]) == (3, OFFER["protocol"], True)


@pytest.mark.parametrize("tried", OFFER["exchanges"], ids=lambda tried: tried["place"])
def test_both_ends_come_to_the_keys_of_one_link(tried: dict[str, Any]) -> None:
    key, ad = seals(tried)
    offer, answer = raw(tried["offer"]), raw(tried["answer"])
    said = spec.blob_map(spec.open_blob(key, offer, ad))
    replied = spec.blob_map(spec.open_blob(key, answer, b"answer" + spec.hashed(offer)))
    ours, theirs = (raw(tried[end]["x25519"]) for end in ("offerer", "answerer"))
    seed = raw(tried["offerer"]["ml_kem_seed"])
    assert (said["x"], said["ek"]) == (crypto_scalarmult_base(ours), spec.encapsulation_key(seed))
    assert replied["x"] == crypto_scalarmult_base(theirs)
    assert spec.x25519(ours, replied["x"]) == spec.x25519(theirs, said["x"])
    shared = spec.x25519(ours, replied["x"]) + spec.decapsulated(seed, replied["ct"])
    psk = spec.derive(raw(OFFER["mesh_secret"]), "link psk")
    link64 = spec.derive(psk, "link", shared, spec.hashed(offer), spec.hashed(answer), size=64)
    confirmed = spec.confirmation(link64, "offerer", *map(raw, tried["fingerprints"]))
    assert confirmed.hex() == tried["confirmation"]


# --- a pairing


class Paired:
    """What somebody who has the secrets of both ends finds in a pairing."""

    def __init__(self) -> None:
        topic, words = raw(PAIRING["topic"]), PAIRING["code"].split("-")
        number, secret = words[0], "-".join(words[1:]).encode()
        assert spec.hashed(b"p2pchat invite nameplate " + number.encode()) == topic
        first_key = spec.derive(topic, "pairing before key")
        blobs = [(sent["from"], raw(sent["blob"])) for sent in PAIRING["blobs"]]
        self.said = [topic]
        self.maps: list[dict[str, Any]] = []
        for role, blob in blobs[:3]:
            self._read(first_key, role, blob, topic)
        start, reply, confirm = self.maps
        self.generator = spec.cpace_generator(secret, b"p2pchat invite" + topic, start["sid"])
        guest, host = (raw(PAIRING[role]["cpace_scalar"]) for role in ("guest", "host"))
        shared = spec.x25519(guest, reply["share"])
        assert shared == spec.x25519(host, start["share"])
        self.isk = spec.cpace_key(shared, start["sid"], start["share"], reply["share"])
        self.proof = confirm["proof"]
        key = spec.derive(self.isk, "pairing")
        self._read(key, *blobs[3], topic)
        before_answer = list(self.said)
        self._read(key, *blobs[4], topic)
        emptied = spec.padded(spec.write_map({**self.maps[4], "olm": b""}), 2008)
        self.hello = spec.derive(self.isk, "pairing hello", *before_answer, emptied)
        self.welcome = spec.derive(self.isk, "pairing welcome", *self.said)
        kem = spec.decapsulated(raw(PAIRING["host"]["ml_kem_seed"]), self.maps[4]["ct"])
        agreed = spec.derive(kem, "pairing secret", self.isk, *self.said)
        both = spec.derive(agreed, "roots", size=64)
        self.roots = {"host": both[:32], "guest": both[32:]}
        self.renewal_key = spec.derive(agreed, "renewal key")
        self._read(key, *blobs[5], topic)

    def _read(self, key: bytes, role: str, blob: bytes, topic: bytes) -> None:
        plain = spec.open_blob(key, blob, role.encode() + topic)
        self.said += [role.encode(), plain]
        self.maps.append(spec.blob_map(plain))


@pytest.fixture(scope="module")
def paired() -> Paired:
    return Paired()


def test_the_messages_of_a_pairing_come_in_their_order(paired: Paired) -> None:
    assert [sent["from"] for sent in PAIRING["blobs"]] == ["guest", "host"] * 3
    assert [said["t"] for said in paired.maps] == [1, 2, 3, 4, 5, 6]
    assert [said.get("v") for said in paired.maps] == [PAIRING["protocol"]] * 2 + [None] * 4


def test_the_shares_are_cpace_s(paired: Paired) -> None:
    for said, role in zip(paired.maps, ("guest", "host"), strict=False):
        assert spec.x25519(raw(PAIRING[role]["cpace_scalar"]), paired.generator) == said["share"]
    start, reply = paired.maps[:2]
    proof = spec.derive(paired.isk, "cpace confirmation", b"guest", start["share"], reply["share"])
    assert proof == paired.proof


def test_the_bundles_say_who_is_there(paired: Paired) -> None:
    host, guest = paired.maps[3], paired.maps[4]
    assert (host["nick"], host["epoch"]) == ("hana", PAIRING["epoch"])
    assert host["id"].hex() == PAIRING["host"]["identity"]
    assert host["mesh"].hex() == PAIRING["mesh_secret"]
    assert host["ek"] == spec.encapsulation_key(raw(PAIRING["host"]["ml_kem_seed"]))
    assert (guest["nick"], guest["id"].hex()) == ("gus", PAIRING["guest"]["identity"])
    assert spec.safety_number(host["id"], guest["id"]) == PAIRING["safety_number"]


def test_hello_and_welcome_are_bound_to_all_that_was_said(paired: Paired) -> None:
    guest, welcome = paired.maps[4], paired.maps[5]
    account = raw(PAIRING["host"]["account"]).decode()
    assert spec.begun(account, guest["id"], guest["olm"]) == paired.hello
    session = raw(PAIRING["guest"]["session"]).decode()
    assert spec.decrypted(session, welcome["olm"]) == paired.welcome


def test_the_roots_lead_to_the_first_tags(paired: Paired) -> None:
    assert paired.renewal_key.hex() == PAIRING["renewal_key"]
    for role, tag in PAIRING["first_tags"].items():
        direction = spec.Direction(paired.roots[role], PAIRING["epoch"])
        assert direction.tag(PAIRING["epoch"], 0).hex() == tag


# --- the session that comes of it


class Heard:
    """Somebody who reads both ends of a session, step by step."""

    def __init__(self, paired: Paired) -> None:
        self.renewal_key = paired.renewal_key
        self.name = spec.derive(paired.renewal_key, "session", size=8)
        self.directions = self._directions(paired.roots, PAIRING["epoch"])
        self.generation = 0
        self._places: dict[tuple[str, int, int], int] = {}
        self._before: dict[str, tuple[int, bytes]] = {}
        self._offer: tuple[dict[str, Any], str] = ({}, "")
        self.names: dict[str, bytes] = {"host": b"", "guest": b""}
        self.payloads: list[dict[str, Any]] = []
        self.receipts: list[dict[str, Any]] = []

    def step(self, step: dict[str, Any]) -> None:
        role = step["from"]
        pieces = [self._fragment(role, raw(cell)) for cell in step["cells"]]
        assert [piece["index"] for piece in pieces] == list(range(pieces[0]["count"]))
        assert {(piece["lane"], piece["number"]) for piece in pieces} == {
            (["ordered", "notice"].index(step["lane"]), step["number"])
        }
        said = b"".join(piece["data"] for piece in pieces)
        if step["lane"] == "notice":
            assert said.hex() == step["notice"]
            self.receipts.append(spec.read_map(said))
            assert self.receipts[-1]["opened"] == self.names[OTHER[role]]
        else:
            self._ordered(step, role, said)

    def _ordered(self, step: dict[str, Any], role: str, said: bytes) -> None:
        number = step["number"]
        before = self._before.get(role)
        assert said[:6] == (spec.link(*before) if before else bytes(6))
        self._before[role] = number, said
        self.names[role] += spec.kept_name(number, said)
        salted = spec.decrypted(raw(step["olm_session"]).decode(), said[6:])
        assert salted[16:].hex() == step["payload"]
        payload = spec.read_map(salted[16:])
        self.payloads.append(payload)
        if payload["t"] == 2:
            self._offer = payload, step["ml_kem_seed"]
        elif payload["t"] == 3:
            self._renew(payload["ct"])

    def _renew(self, ciphertext: bytes) -> None:
        offer, seed = self._offer
        secret = spec.decapsulated(raw(seed), ciphertext)
        mixed = spec.derive(self.renewal_key, "renewed roots", secret)
        both = spec.derive(mixed, "roots", offer["ek"], ciphertext, size=64)
        self.renewal_key = spec.derive(self.renewal_key, "renewed key", secret)
        self.generation = offer["generation"]
        self.directions = self._directions({"host": both[:32], "guest": both[32:]}, offer["epoch"])

    def _fragment(self, role: str, cell: bytes) -> dict[str, Any]:
        place = role, self.generation, int.from_bytes(cell[16:20], "big")
        index = self._places.get(place, 0)
        self._places[place] = index + 1
        found = self.directions[role].open(cell, index)
        assert found["seen_epoch"] >> 24 == self.generation
        return found

    def _directions(self, roots: dict[str, bytes], epoch: int) -> dict[str, spec.Direction]:
        return {role: spec.Direction(root, epoch) for role, root in roots.items()}


def test_a_session_reads_as_it_was_said(paired: Paired) -> None:
    heard = Heard(paired)
    assert heard.name.hex() == SESSION["name"]
    for step in SESSION["steps"]:
        heard.step(step)
    assert [said["t"] for said in heard.payloads] == [1, 1, 1, 4, 2, 3, 1]
    texts = [said["text"] for said in heard.payloads if said["t"] == 1]
    assert texts[:2] == ["hello, Gus", "hello, Hana \N{WAVING HAND SIGN}"]
    assert texts[3] == "under new roots"
    assert [said["id"][-1] for said in heard.payloads if said["t"] == 1] == [1, 2, 3, 4]
    assert heard.generation == 1
    assert [said["next"] for said in heard.receipts] == [2, 4]


def test_a_long_text_takes_more_than_one_cell() -> None:
    assert max(len(step["cells"]) for step in SESSION["steps"]) > 2


def test_a_cell_that_was_altered_does_not_open(paired: Paired) -> None:
    cell = bytearray(raw(SESSION["steps"][0]["cells"][0]))
    cell[-1] ^= 1
    with pytest.raises(InvalidTag):
        spec.Direction(paired.roots["host"], PAIRING["epoch"]).open(bytes(cell), 0)


# --- a backup


def test_a_backup_opens_with_its_phrase_and_no_other() -> None:
    header, chunk = raw(BACKUP["header"]), raw(BACKUP["chunk"])
    assert spec.open_backup(header, BACKUP["phrase"], chunk).hex() == BACKUP["entries"]
    for wrong in (BACKUP["phrase"].upper(), "another phrase"):
        with pytest.raises(CryptoError):
            spec.open_backup(header, wrong, chunk)


def test_entries_are_the_maps_of_the_table() -> None:
    entries = spec.backup_entries(raw(BACKUP["entries"]))
    assert [sorted(each) for each in entries] == [["name", "t", "value"], ["contacts", "lines", "t"]]
    assert [each["t"] for each in entries] == [4, 9]


@pytest.mark.parametrize(("size", "padded"), BACKUP["padded"])
def test_sizes_are_padded_to_steps(size: int, padded: int) -> None:
    assert spec.padded_size(size) == padded
