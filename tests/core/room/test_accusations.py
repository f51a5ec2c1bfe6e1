"""What is told against a member is told once an hour, however often it does it."""

from __future__ import annotations

from p2pchat.core.room.accusations import ACCUSED_MAX, GAP_S, Accusations
from p2pchat.core.room.outputs import MemberSpoke, MemberUneven, OtherToldOtherwise, RoomOutput
from p2pchat.types import EntryId, MemberId

ANN, BOB = MemberId(b"a" * 32), MemberId(b"b" * 32)


def test_the_same_is_told_of_the_same_member_once_an_hour() -> None:
    told, outputs = Accusations(), list[RoomOutput]([OtherToldOtherwise(ANN)] * 5)
    assert told.pace_news(outputs, 0.0) == outputs[:1]
    assert told.pace_news(outputs, GAP_S - 1) == []
    assert told.pace_news(outputs, GAP_S) == outputs[:1]


def test_other_members_other_deeds_and_two_entries_of_the_log_are_told() -> None:
    told = Accusations()
    outputs: list[RoomOutput] = [
        OtherToldOtherwise(ANN),
        OtherToldOtherwise(BOB),
        MemberUneven(ANN),
        OtherToldOtherwise(ANN, (EntryId(ANN), EntryId(BOB))),
        MemberSpoke(ANN),
        MemberSpoke(ANN),
    ]
    assert told.pace_news(outputs, 0.0) == outputs


def test_a_clock_that_went_back_silences_nothing() -> None:
    told, accused = Accusations(), [OtherToldOtherwise(ANN)]
    assert told.pace_news(accused, 9 * GAP_S) == accused == told.pace_news(accused, GAP_S)


def test_few_are_remembered() -> None:
    told = Accusations()
    for number in range(2 * ACCUSED_MAX):
        assert told.pace_news([MemberUneven(MemberId(number.to_bytes(32, "big")))], 0.0)
    assert len(told._latest) == ACCUSED_MAX
