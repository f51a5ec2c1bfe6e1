"""An answer waits until its asker is heard, until a home that lives shows itself, or until it is too old."""

from __future__ import annotations

import pytest

from p2pchat.core.session.challenges import REPEAT_S
from p2pchat.core.session.handshake import NewSession, SessionEnds
from p2pchat.core.session.inquiry import LISTEN_S, Inquiry
from p2pchat.core.session.rivals import Claimant
from p2pchat.core.session.session import Session
from p2pchat.core.session.unconfirmed import PENDING_S, QUESTIONED_MAX, UnconfirmedAnswer
from p2pchat.crypto.envelope import EPOCH_SECONDS, FUTURE_EPOCHS
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import Tag
from p2pchat.wire.cell import decode_cell
from p2pchat.wire.codec import Reader, pack, unpack
from p2pchat.wire.fragment import Lane
from p2pchat.wire.recovery import AskKeys, Living, RecoveryAnswer
from tests.support.session_ends import NOW, two_ends, two_sessions

ENTROPY = SeededEntropy("unconfirmed")
NAME, KNOCK, SECRET = b"a" * 16, b"k" * 16, b"s" * 32


@pytest.fixture
def ends() -> tuple[SessionEnds, SessionEnds]:
    return two_ends()


@pytest.fixture
def waiting(ends: tuple[SessionEnds, SessionEnds]) -> UnconfirmedAnswer:
    """Ana has answered."""
    new, _ = two_sessions(*ends)
    new.follow_epochs(NOW)
    keys = AskKeys(bytes(32), bytes(1184), bytes(16))
    inquiry = Inquiry(ENTROPY, NOW, LISTEN_S)
    claimant = Claimant(NAME, KNOCK, bytes(32), SECRET, keys, inquiry, b"")
    answer = UnconfirmedAnswer(ends[0], ENTROPY, [])
    answer.put_answer(claimant, NewSession(new, b"t" * 32, b"box"), NOW)
    return answer


def ask(waiting: UnconfirmedAnswer, session: Session) -> None:
    """A question is asked in the old session."""
    assert waiting.pending is not None and waiting.pending.inquiry is not None
    waiting.pending.inquiry.on_sent(session.current_position(), NOW)


def show_seen(old: tuple[Session, Session]) -> None:
    """Bob shows that he has seen what Ana wrote."""
    ana, bob = old
    for one, other in ((ana, bob), (bob, ana)):
        other.follow_epochs(NOW)
        plain, _ = other.open_cell(
            decode_cell(one.seal_fragment(one.make_fragment(Lane.NOTICE, 0, 0, 0, 1, b""), NOW))
        )
        other.read(plain)


def test_nothing_waits_at_first(ends: tuple[SessionEnds, SessionEnds]) -> None:
    answer = UnconfirmedAnswer(ends[0], ENTROPY, [])
    old, _ = two_sessions(*ends)
    assert answer.list_tags() == [] and answer.repeat_answer(KNOCK, NOW) == []
    assert answer.follow_clock(NOW) is None and answer.find_session(Tag(b"tag")) is None
    assert answer.as_values() == []
    assert answer.on_old_session(old, NOW) == ([], None)
    answer.note_silence()
    answer.end_inquiry()
    assert not answer.moved


def test_the_asker_is_found_by_the_tags_of_the_new_session(waiting: UnconfirmedAnswer) -> None:
    tag = waiting.list_tags()[0]
    assert waiting.pending is not None and waiting.find_session(tag) is waiting.pending.session
    assert waiting.find_session(Tag(b"other")) is None
    session, transcript = waiting.take_session()
    assert tag in session.list_tags() and transcript == b"t" * 32
    assert waiting.pending is None


def test_it_is_said_again_to_the_one_it_is_for_but_not_at_once(waiting: UnconfirmedAnswer) -> None:
    assert waiting.repeat_answer(KNOCK, NOW + REPEAT_S - 1.0) == []
    assert waiting.repeat_answer(b"other", NOW + REPEAT_S) == []
    assert waiting.repeat_answer(KNOCK, NOW + REPEAT_S) == [RecoveryAnswer(NAME, b"box")]
    assert waiting.repeat_answer(KNOCK, NOW + REPEAT_S) == []


def test_who_is_heard_in_the_old_session_is_asked_and_keeps_it_by_an_answer(
    waiting: UnconfirmedAnswer, ends: tuple[SessionEnds, SessionEnds]
) -> None:
    old = two_sessions(*ends)
    assert waiting.on_old_session(old[0], NOW) == ([], None)
    tag = waiting.list_tags()[0]
    assert waiting.find_session(tag) is None, "the asker is not heard meanwhile"
    ask(waiting, old[0])
    assert waiting.on_old_session(old[0], NOW) == ([], None), "that may have been a cell of before"
    show_seen(old)
    (word,), gone = waiting.on_old_session(old[0], NOW)
    assert isinstance(word, Living) and word.ask == NAME
    assert gone is not None and tag in gone.removed
    assert waiting.pending is None


def test_silence_lets_the_asker_be_heard_and_cells_that_were_kept_back_hold_it_up_a_few_times(
    waiting: UnconfirmedAnswer, ends: tuple[SessionEnds, SessionEnds]
) -> None:
    old, _ = two_sessions(*ends)
    tag = waiting.list_tags()[0]
    for _ in range(QUESTIONED_MAX):
        waiting.on_old_session(old, NOW)
        assert waiting.pending is not None and waiting.pending.inquiry is not None
        waiting.note_silence()
        assert waiting.find_session(tag) is None, "it is not known yet"
        waiting.pending.inquiry.end_unanswered()
        waiting.note_silence()
        assert waiting.find_session(tag) is not None
    waiting.on_old_session(old, NOW)
    assert waiting.find_session(tag) is not None


def test_no_home_is_asked_for_in_a_useless_session(
    waiting: UnconfirmedAnswer, ends: tuple[SessionEnds, SessionEnds]
) -> None:
    old, _ = two_sessions(*ends)
    waiting.on_old_session(old, NOW)
    waiting.end_inquiry()
    assert waiting.find_session(waiting.list_tags()[0]) is not None


def test_an_answer_by_a_clock_that_was_ahead_is_as_old_as_it_can_be(waiting: UnconfirmedAnswer) -> None:
    assert waiting.expires_at == NOW + PENDING_S
    waiting.correct_clock(NOW + 1.0)
    assert waiting.expires_at == NOW + PENDING_S
    waiting.correct_clock(NOW - 60.0)
    assert waiting.expires_at == NOW - 60.0 + PENDING_S
    far = NOW - (FUTURE_EPOCHS + 2) * EPOCH_SECONDS
    waiting.correct_clock(far)
    assert waiting.expires_at == far, "the asker has no use for it"


@pytest.mark.parametrize("questioned", [False, True])
def test_what_waits_goes_on_in_the_next_run(
    waiting: UnconfirmedAnswer, ends: tuple[SessionEnds, SessionEnds], questioned: bool
) -> None:
    if questioned:
        waiting.on_old_session(two_sessions(*ends)[0], NOW)
    value = unpack(pack({"pending": waiting.as_values()}), 1 << 20)
    kept = UnconfirmedAnswer(ends[0], ENTROPY, Reader(value).get_list("pending", 1))
    assert kept.as_values() == waiting.as_values() and not kept.moved
    assert kept.pending is not None and (kept.pending.inquiry is not None) is questioned


def test_what_homes_of_before_kept_is_read_too(
    waiting: UnconfirmedAnswer, ends: tuple[SessionEnds, SessionEnds]
) -> None:
    (value,) = waiting.as_values()
    for name in ("knocked", "key", "questioned", "inquiry"):
        del value[name]
    kept = UnconfirmedAnswer(ends[0], ENTROPY, [value])
    assert kept.pending is not None and kept.pending.inquiry is None
    once_more = UnconfirmedAnswer(ends[0], ENTROPY, kept.as_values())
    assert once_more.as_values() == kept.as_values()
