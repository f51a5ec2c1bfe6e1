"""One question in the session serves all parts that need to know whether a home is there."""

from __future__ import annotations

import pytest

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.session.inquiry import SAY_S, Inquiry
from p2pchat.core.session.questions import Questions
from p2pchat.core.session.session import Session
from p2pchat.sim.entropy import SeededEntropy
from tests.support.session_ends import NOW, two_ends, two_sessions


@pytest.fixture
def inquiries() -> list[Inquiry]:
    return [Inquiry(SeededEntropy(seed), NOW, 10.0) for seed in range(2)]


@pytest.fixture
def questions(inquiries: list[Inquiry]) -> Questions:
    return Questions(lambda: inquiries)


@pytest.fixture(scope="module")
def session() -> Session:
    return two_sessions(*two_ends())[0]


def test_nothing_is_asked_without_a_reason() -> None:
    questions = Questions(list)
    assert questions.next_wakeup() == NEVER and not questions.ask_due(NOW) and not questions.moved


def test_all_that_are_due_are_asked_at_once(
    questions: Questions, inquiries: list[Inquiry], session: Session
) -> None:
    assert questions.next_wakeup() == min(inquiry.at for inquiry in inquiries)
    assert not questions.ask_due(NOW)
    at = NOW + SAY_S[1]
    assert questions.ask_due(at)
    for inquiry in inquiries:
        inquiry.snapshot()
    questions.note_question(session.current_position(), at)
    assert all(inquiry.moved for inquiry in inquiries) and questions.moved


def test_who_was_not_due_is_not_asked(
    questions: Questions, inquiries: list[Inquiry], session: Session
) -> None:
    inquiries[1].at = NEVER
    for inquiry in inquiries:
        inquiry.snapshot()
    questions.ask_due(NOW + SAY_S[1])
    questions.note_question(session.current_position(), NOW + SAY_S[1])
    assert [inquiry.moved for inquiry in inquiries] == [True, False]


def test_a_link_that_came_up_begins_the_wait_anew(questions: Questions, inquiries: list[Inquiry]) -> None:
    questions.interrupt_all(NOW + 100.0)
    assert all(inquiry.at >= NOW + 100.0 for inquiry in inquiries)


def test_a_node_that_stops_has_listened_until_then(
    questions: Questions, inquiries: list[Inquiry], session: Session
) -> None:
    questions.ask_due(NOW + SAY_S[1])
    questions.note_question(session.current_position(), NOW + SAY_S[1])
    questions.stop_all(NOW + SAY_S[1] + 5.0)
    assert [inquiry.snapshot()["listened_s"] for inquiry in inquiries] == [5.0, 5.0]
