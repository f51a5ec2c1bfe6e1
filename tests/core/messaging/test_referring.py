"""A line and its references look the same in any order of arrival."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from p2pchat.core.messaging.referring import (
    VERSIONS_MAX,
    apply_reference,
    apply_references,
    next_turn,
)
from p2pchat.core.values.records import Message
from p2pchat.core.values.references import Reference, ReferenceKind, Version
from p2pchat.types import ContactId, MessageId, MessageName, MessageState, conversation_with
from p2pchat.wire.content import TURN_MAX

BOB = ContactId("b" * 64)
LINE = Message(MessageId("1" * 32), conversation_with(BOB), BOB, 1.0, "at eight", MessageState.DELIVERED)
REACTION, CORRECTION, WITHDRAWAL = ReferenceKind


def reference(
    number: int, kind: ReferenceKind, turn: int = 1, text: str = "", author: ContactId | None = BOB
) -> Reference:
    name = MessageName(LINE.id)
    id = MessageId(f"{number:032x}")
    return Reference(id, LINE.conversation, author, kind, name, turn, 2.0, text, MessageState.DELIVERED)


def correction(turn: int, text: str) -> Reference:
    return reference(turn, CORRECTION, turn, text)


REFERENCES = st.builds(
    lambda kind, turn, text, author, expires: replace(
        reference(0, kind, 0 if kind is WITHDRAWAL else turn, "" if kind is WITHDRAWAL else text, author),
        expires_at=None if kind is WITHDRAWAL else expires,
    ),
    st.sampled_from(ReferenceKind),
    st.integers(1, 4),
    st.sampled_from(["", "a", "b"]),
    st.sampled_from([BOB, None]),
    st.sampled_from([None, 5.0, 6.0]),
)


@st.composite
def orders(draw: st.DrawFn) -> tuple[list[Reference], list[Reference]]:
    """The same references in two orders; no two have one id."""
    drawn = draw(st.lists(REFERENCES, max_size=8))
    numbered = [replace(one, id=MessageId(f"{number + 16:032x}")) for number, one in enumerate(drawn)]
    return draw(st.permutations(numbered)), draw(st.permutations(numbered))


@given(orders(), st.booleans())
def test_the_order_of_arrival_does_not_matter(
    two: tuple[list[Reference], list[Reference]], keep: bool
) -> None:
    one, other = (apply_references(LINE, order, keep=keep) for order in two)
    assert one == other


@given(orders(), st.booleans())
def test_the_same_again_changes_nothing(two: tuple[list[Reference], list[Reference]], keep: bool) -> None:
    line = apply_references(LINE, two[0], keep=keep)
    assert apply_references(line, two[1], keep=keep) == line


@given(orders())
def test_only_its_author_changes_what_a_line_says(two: tuple[list[Reference], list[Reference]]) -> None:
    others = [one for one in two[0] if one.author is None]
    line = apply_references(LINE, others, keep=True)
    assert replace(line, referred=None) == LINE
    assert line.referred is None or {one.kind for one in line.referred.reactions} == {REACTION}


@given(orders())
def test_nothing_of_before_is_there_where_it_is_not_kept(
    two: tuple[list[Reference], list[Reference]],
) -> None:
    line = apply_references(LINE, two[0], keep=False)
    assert line.referred is None or line.referred.earlier == ()
    assert line.referred is None or line.referred.withdrawal is None or line.text == ""


def test_a_correction_says_what_the_line_says() -> None:
    line = apply_references(LINE, [correction(1, "at nine"), correction(2, "at ten")], keep=False)
    assert line.text == "at ten" and line.referred is not None
    assert line.referred.correction == replace(correction(2, "at ten"), text="")


def test_both_versions_are_there_where_they_are_kept() -> None:
    line = apply_references(LINE, [correction(2, "at ten"), correction(1, "at nine")], keep=True)
    assert line.referred is not None
    assert line.referred.earlier == (
        Version(LINE.id, 0, 1.0, "at eight"),
        Version(correction(1, "").id, 1, 2.0, "at nine"),
    )
    gone = apply_reference(line, reference(9, WITHDRAWAL, 0), keep=True)
    assert gone.text == "" and gone.referred is not None
    assert [one.text for one in gone.referred.earlier] == ["at eight", "at nine", "at ten"]


def test_earlier_versions_are_bounded() -> None:
    line = apply_references(LINE, [correction(turn, str(turn)) for turn in range(1, 100)], keep=True)
    assert line.referred is not None and len(line.referred.earlier) == VERSIONS_MAX
    assert line.referred.earlier[-1].text == "98"


def test_of_each_person_one_reaction_counts() -> None:
    mine, theirs = reference(1, REACTION, 1, "👍", None), reference(2, REACTION, 1, "🎉")
    instead = reference(3, REACTION, 2, "❤", None)
    line = apply_references(LINE, [mine, theirs, instead, mine], keep=False)
    assert line.referred is not None and line.referred.reactions == (instead, theirs)
    assert line.text == LINE.text


def test_nothing_refers_to_a_line_that_was_withdrawn() -> None:
    gone = apply_references(
        LINE,
        [
            reference(1, REACTION, 1, "👍", None),
            reference(2, WITHDRAWAL, 0),
            reference(3, REACTION, 2, "❤", None),
        ],
        keep=False,
    )
    assert gone.referred is not None and gone.referred.reactions == ()
    assert apply_reference(gone, correction(7, "again"), keep=False) is gone


def test_of_two_withdrawals_the_later_one_is_told_of() -> None:
    first, second = reference(1, WITHDRAWAL, 0), reference(2, WITHDRAWAL, 0)
    for order in ([first, second], [second, first], [first, second, second]):
        gone = apply_references(LINE, order, keep=False)
        assert gone.referred is not None and gone.referred.withdrawal == second


def test_who_did_not_write_a_line_neither_corrects_nor_withdraws_it() -> None:
    for kind in (CORRECTION, WITHDRAWAL):
        assert apply_reference(LINE, reference(1, kind, 1, "never", None), keep=True) is LINE


def test_what_its_owner_has_rewritten_is_no_earlier_version() -> None:
    mine = replace(LINE, text="my own words", rewritten=True)
    line = apply_reference(mine, correction(1, "at nine"), keep=True)
    assert (line.text, line.rewritten) == ("at nine", False)
    assert line.referred is not None and line.referred.earlier == ()


def test_a_corrected_line_is_forgotten_with_its_first_version_to_go() -> None:
    lasting = apply_reference(LINE, replace(correction(1, "x"), expires_at=9.0), keep=False)
    assert lasting.expires_at == 9.0
    short = replace(LINE, expires_at=5.0)
    assert apply_reference(short, replace(correction(1, "x"), expires_at=9.0), keep=False).expires_at == 5.0


def test_each_reference_is_numbered_above_the_last_one_even_if_that_is_forgotten() -> None:
    now = 1_800_000_000.0
    first = next_turn(None, now)
    second = next_turn(correction(first, "a"), now)
    assert 1 <= first < second
    assert next_turn(None, now + 60.0) > second, "a home from a backup knows neither"
    assert next_turn(correction(second, "b"), 0.0) == second + 1, "a clock that went back"
    assert next_turn(None, 0.0) == 1


def test_a_clock_of_the_far_future_leaves_numbers() -> None:
    turn = next_turn(None, 1e12)
    assert next_turn(correction(turn, "a"), 1e12) == turn + 1
    assert turn + 1_000_000 < TURN_MAX
    assert next_turn(correction(TURN_MAX, "a"), 1e12) == TURN_MAX


def test_what_is_not_known_cannot_be_corrected() -> None:
    unknown = replace(LINE, text="", unknown=63)
    assert apply_reference(unknown, correction(1, "at nine"), keep=True) is unknown
