"""What is kept of introductions comes back."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.core.introductions.introductions import Introductions
from p2pchat.core.introductions.kept import decode_record, encode_record
from p2pchat.core.node import NodeMachine
from p2pchat.core.values.introductions import IntroductionRecord, MediationRecord, MemberOf, Stage
from p2pchat.core.values.records import Memory
from p2pchat.errors import Malformed, RefusedInput
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import ContactId, ConversationId, IntroductionId, MemberId
from p2pchat.wire import codec
from tests.support.homes import identity

ID, FRIEND = IntroductionId(b"i" * 16), ContactId("f" * 64)
IN_ROOM = MemberOf(ConversationId("#" + "0" * 64), MemberId(b"m" * 32))
RECORDS: list[IntroductionRecord | MediationRecord] = [
    IntroductionRecord(
        ID, IN_ROOM, "bob", 7.0, Stage.KEYS_SENT, True, b"s" * 32, b"secrets", b"keys", b"said"
    ),
    IntroductionRecord(ID, FRIEND, "bob", 7.0, Stage.OPEN, False, b"s" * 32),
    IntroductionRecord(
        ID, FRIEND, "bob", 7.0, Stage.WAITING, False, b"s" * 32, rivals=(b"r" * 32, b"q" * 32)
    ),
    IntroductionRecord(ID, IN_ROOM, "bob", 7.0, Stage.WITHDRAWN, True, bytes(32), quiet=True),
    MediationRecord(ID, FRIEND, ContactId("e" * 64), 7.0),
    MediationRecord(ID, FRIEND, ContactId("e" * 64), 7.0, True, b"keys", True),
]


@pytest.mark.parametrize("record", RECORDS)
def test_each_record_comes_back(record: IntroductionRecord | MediationRecord) -> None:
    assert decode_record(encode_record(record)) == record


def test_a_record_that_an_older_version_kept_comes_back() -> None:
    fields = codec.unpack(encode_record(RECORDS[1]), 4096)
    assert isinstance(fields, dict)
    del fields["quiet"]
    assert decode_record(codec.pack(fields)) == RECORDS[1]


def test_a_stage_that_is_not_known_is_refused() -> None:
    fields = codec.unpack(encode_record(RECORDS[0]), 4096)
    assert isinstance(fields, dict)
    with pytest.raises(Malformed):
        decode_record(codec.pack({**fields, "stage": "later"}))


@given(st.sampled_from(RECORDS), st.integers(0, 200), st.binary(max_size=8))
def test_a_damaged_record_is_refused_or_read(
    record: IntroductionRecord | MediationRecord, at: int, instead: bytes
) -> None:
    data = encode_record(record)
    with suppress(RefusedInput):
        decode_record(data[:at] + instead + data[at + len(instead) :])


def test_a_node_goes_on_without_what_is_damaged() -> None:
    states = (b"ruined", *(encode_record(record) for record in (RECORDS[1], RECORDS[5])))
    node = NodeMachine(Memory(identity(), introductions=states), SeededEntropy(1))
    assert isinstance(node.introductions, Introductions)
    assert node.introductions.list_introductions() == (RECORDS[1],)  # the other has keys that are none
    assert node.get_status().counters["introductions not restored"] == 2
