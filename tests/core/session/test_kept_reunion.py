"""What a home keeps of a reunion is read in every later version."""

from __future__ import annotations

import pytest

from p2pchat.core.session.halves import OwnKeys
from p2pchat.core.session.kept_reunion import begin_torn, read_reunion
from p2pchat.core.values.records import RecoveryState
from p2pchat.errors import Malformed
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import ContactId
from p2pchat.wire import codec

OWN = OwnKeys.draw_first(SeededEntropy("own"))


def read(value: object) -> codec.Reader:
    return read_reunion(RecoveryState(ContactId("bob"), codec.pack(value)), SeededEntropy("read"))


def values() -> dict[str, object]:
    kept = codec.unpack(begin_torn(OWN, None), 1 << 20)
    assert isinstance(kept, dict)
    return kept


def test_at_first_there_is_a_key_and_nothing_has_happened() -> None:
    reader = read_reunion(None, SeededEntropy("first"))
    assert OwnKeys.read_kept(reader).newest.public != OWN.newest.public
    assert not reader.get_flag("torn") and reader.get_list("pending", 1) == []


def test_an_end_that_has_only_keys_is_torn() -> None:
    reader = read(values())
    assert reader.get_flag("torn")
    assert OwnKeys.read_kept(reader).newest.public == OWN.newest.public


def test_what_homes_of_before_had_asked_is_of_no_use() -> None:
    before = values() | {"knock": [{"ciphertext": b""}], "pending": [{}]}
    for name in ("asked", "contended", "alone", "doubt"):
        del before[name]
    reader = read(before)
    assert [reader.get_list(name, 1) for name in ("knock", "asked", "pending", "doubt")] == [[]] * 4
    assert not reader.get_flag("contended") and not reader.get_flag("alone")


def test_a_key_of_before_a_new_pairing_is_forgotten() -> None:
    assert read(values() | {"theirs": b"key", "anew": True}).get_bytes("theirs") == b""
    assert read(values() | {"theirs": b"key", "anew": False}).get_bytes("theirs") == b"key"


def test_what_is_no_map_is_malformed() -> None:
    with pytest.raises(Malformed):
        read([])
