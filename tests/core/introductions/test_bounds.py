"""How many introductions a home takes part in."""

from __future__ import annotations

from dataclasses import replace

from p2pchat.core.introductions.bounds import (
    KEPT_MAX,
    LIVES_S,
    OPEN_MAX,
    OPEN_OF_FRIEND,
    OPEN_OF_ROOM,
    OWN_MAX,
    QUIET_S,
    REPEAT_S,
    IntroductionBounds,
)
from p2pchat.core.values.introductions import IntroductionRecord, MemberOf, Source, Stage
from p2pchat.types import ContactId, ConversationId, IntroductionId, MemberId


def records(
    count: int, stage: Stage, source: Source | None = None
) -> dict[IntroductionId, IntroductionRecord]:
    made = {}
    for number in range(count):
        id = IntroductionId(number.to_bytes(16, "big"))
        of = source or in_room(number)
        made[id] = IntroductionRecord(id, of, "bob", float(number), stage, True, bytes(32))
    return made


def in_room(room: int, member: int = 1) -> MemberOf:
    return MemberOf(ConversationId(f"#{room}"), MemberId(bytes([member]) * 32))


def test_one_room_and_one_friend_take_a_part_of_the_questions() -> None:
    friend = ContactId("f" * 64)
    bounds = IntroductionBounds(records(OPEN_OF_ROOM, Stage.OPEN, in_room(7)))
    assert bounds.has_too_many_open(in_room(7, 9), None) and not bounds.has_too_many_open(in_room(8), None)
    bounds = IntroductionBounds(records(OPEN_OF_FRIEND, Stage.OPEN, friend))
    assert bounds.has_too_many_open(friend, None) and not bounds.has_too_many_open(ContactId("e" * 64), None)
    full = IntroductionBounds(records(OPEN_MAX, Stage.OPEN))
    assert full.has_too_many_open(friend, None) and full.has_too_many_open(in_room(999), None)


def test_so_many_are_under_way_at_once() -> None:
    assert IntroductionBounds(records(OWN_MAX, Stage.WAITING)).has_too_many_own()
    assert not IntroductionBounds(records(OWN_MAX, Stage.OPEN)).has_too_many_own()


def test_the_oldest_memories_go_first() -> None:
    surplus = IntroductionBounds(records(KEPT_MAX + 2, Stage.OVER)).list_excess()
    assert [record.at for record in surplus] == [0.0, 1.0]


def test_two_weeks_end_each() -> None:
    bounds = IntroductionBounds(records(2, Stage.OPEN))
    assert bounds.next_expiry() == LIVES_S
    assert [record.at for record in bounds.list_expired(LIVES_S + 0.5)] == [0.0]


def test_what_is_said_again_is_answered_now_and_then() -> None:
    bounds = IntroductionBounds({})
    assert bounds.may_repeat(in_room(1), 5.0) and not bounds.may_repeat(in_room(1), 5.0 + REPEAT_S / 2)
    assert bounds.may_repeat(in_room(2), 5.0) and bounds.may_repeat(in_room(1), 5.0 + REPEAT_S)


def test_a_question_that_was_taken_back_is_forgotten_after_a_day() -> None:
    withdrawn = records(KEPT_MAX, Stage.WITHDRAWN)
    bounds = IntroductionBounds(withdrawn)
    assert bounds.next_expiry() == QUIET_S
    assert [record.at for record in bounds.list_expired(QUIET_S + 0.5)] == [0.0]


def test_nobody_takes_back_so_many_that_who_was_declined_is_forgotten() -> None:
    declined = records(KEPT_MAX, Stage.OVER)
    taken_back = {
        IntroductionId(bytes([1]) + id[1:]): replace(record, at=record.at + 1e6)
        for id, record in records(KEPT_MAX + 1, Stage.WITHDRAWN).items()
    }
    surplus = IntroductionBounds({**declined, **taken_back}).list_excess()
    assert [(record.stage, record.at) for record in surplus] == [(Stage.WITHDRAWN, 1e6)]
