"""What is kept of a message is given to whom it was written to, with the MAC for each."""

from __future__ import annotations

from p2pchat.core.room.kept_messages import as_message, decode_record, encode_record, record_message
from p2pchat.core.room.messages import RoomMessage
from p2pchat.types import MemberId
from p2pchat.wire.room_cells import Parents, RoomKind
from p2pchat.wire.room_letters import KeptMessage, NotForMember, NotHere

ANNA, BEN, CARL, DORA = (MemberId(name.encode() * 32) for name in "abcd")
MESSAGE = RoomMessage(BEN, b"p" * 32, 7, RoomKind.MESSAGE, 9, b"h" * 32, Parents(), b"text")
RECORD = record_message(MESSAGE, (ANNA, BEN, CARL), b"for anna" + b"for carl")


def test_each_is_given_its_own_mac() -> None:
    for member, mac in ((ANNA, b"for anna"), (CARL, b"for carl")):
        given = RECORD.for_member(member)
        assert isinstance(given, KeptMessage)
        assert (given.mac, as_message(given)) == (mac, MESSAGE)


def test_to_whom_it_was_not_written_it_is_not_given() -> None:
    given = RECORD.for_member(DORA)
    assert isinstance(given, NotForMember)
    assert (given.span.sender, given.span.first, given.span.count) == (b"b" * 8, 9, 1)


def test_without_macs_it_is_given_on_our_word() -> None:
    given = record_message(MESSAGE, (ANNA, BEN, CARL), b"").for_member(CARL)
    assert isinstance(given, KeptMessage) and given.mac == b""


def test_where_it_is_not_known_for_whom_it_was_it_is_given_to_nobody() -> None:
    assert isinstance(record_message(MESSAGE, (), b"").for_member(ANNA), NotHere)


def test_a_record_is_read_back() -> None:
    assert decode_record(encode_record(RECORD)) == RECORD
