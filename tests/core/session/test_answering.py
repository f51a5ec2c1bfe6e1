"""An asker gets an answer when no home is alive in the session, unless two askers are there."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pytest

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.session.answering import RIVALS_S, SURE_S, Answering
from p2pchat.core.session.asking import UNHEARD, Asking
from p2pchat.core.session.challenges import REPEAT_S
from p2pchat.core.session.halves import OwnKeys, TheirKeys
from p2pchat.core.session.handshake import SessionEnds
from p2pchat.core.session.session import Session
from p2pchat.core.session.unconfirmed import UnconfirmedAnswer
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.wire.codec import Reader, pack, unpack
from p2pchat.wire.recovery import Challenge, Knock, Living, RecoveryAnswer, RecoveryAsk
from tests.support.session_ends import NOW, two_ends, two_sessions

ANAS, BOBS = (OwnKeys.draw_first(SeededEntropy(name)) for name in ("ana's", "bob's"))


class Bob:
    """A home of Bob's, or a copy of it, which wants to begin anew."""

    def __init__(self, ends: SessionEnds, seed: int = 0) -> None:
        self.asking = Asking(ends, SeededEntropy(f"bob {seed}"), [])

    def knock(self, now: float) -> Knock:
        word = self.asking.make_knock(ANAS.newest.public, BOBS, now)
        assert isinstance(word, Knock)
        return word

    def ask(self, challenge: Challenge, now: float, unheard: bytes = UNHEARD) -> RecoveryAsk:
        assert self.asking.on_challenge(challenge, BOBS, now)
        (word,) = self.asking.make_asks(BOBS, unheard, now)
        assert isinstance(word, RecoveryAsk)
        return word


@dataclass
class Ana:
    """Whose contact asks, and the session of before."""

    answering: Answering
    session: Session

    def challenge(self, bob: Bob, now: float) -> Challenge:
        (word,) = self.answering.on_knock(bob.knock(now), ANAS, TheirKeys(BOBS.newest.public), now)
        assert isinstance(word, Challenge)
        return word

    def listens(self) -> bool:
        return self.answering.listening

    def is_contended(self) -> bool:
        return self.answering.contended

    def has_answered(self) -> bool:
        return self.answering.answered

    def is_asked(self, bob: Bob, now: float) -> bool:
        return self.answering.on_ask(bob.ask(self.challenge(bob, now), now), self.session, False, now)


@pytest.fixture
def ends() -> tuple[SessionEnds, SessionEnds]:
    return two_ends()


@pytest.fixture
def ana(ends: tuple[SessionEnds, SessionEnds]) -> Ana:
    entropy = SeededEntropy("ana")
    answering = Answering(ends[0], entropy, Counter(), UnconfirmedAnswer(ends[0], entropy, []), [])
    return Ana(answering, two_sessions(*ends)[0])


@pytest.fixture
def bob(ends: tuple[SessionEnds, SessionEnds]) -> Bob:
    return Bob(ends[1])


def test_an_asker_is_answered_when_no_home_is_alive_and_no_other_may_be_about_to_ask(
    ana: Ana, bob: Bob
) -> None:
    assert not ana.is_asked(bob, NOW)
    assert ana.listens() and ana.answering.next_wakeup() == NEVER, "it is asked in the session"
    assert not ana.answering.is_silent(NOW + RIVALS_S), "a home may be alive there"
    ana.answering.nobody_lives()
    assert ana.answering.next_wakeup() == NOW + RIVALS_S
    assert not ana.answering.is_silent(NOW + RIVALS_S - 1.0) and ana.answering.is_silent(NOW + RIVALS_S)
    made = ana.answering.make_answer(NOW + RIVALS_S)
    assert made is not None and ana.has_answered() and not ana.listens()
    word, session = made
    assert isinstance(word, RecoveryAnswer)
    assert not bob.asking.on_answer(word, NOW + RIVALS_S)
    theirs = bob.asking.heed_answer(bob.asking.heed_at)
    assert theirs is not None and theirs.session.name == session.name
    session.follow_epochs(NOW)
    assert ana.answering.session_for(session.list_tags()[0]) is session


def test_an_ask_without_our_challenge_is_passed_over(ana: Ana, bob: Bob) -> None:
    counters = ana.answering._counters
    ask = bob.ask(ana.challenge(bob, NOW), NOW)
    stranger = RecoveryAsk(bytes(len(ask.knock)), ask.box)
    assert not ana.answering.on_ask(stranger, ana.session, False, NOW)
    assert not ana.listens() and counters["asks to begin anew passed over"] == 1


def test_who_was_not_heard_yet_in_this_very_session_needs_to_hear_us_there(ana: Ana, bob: Bob) -> None:
    ask = bob.ask(ana.challenge(bob, NOW), NOW, ana.session.name)
    assert ana.answering.on_ask(ask, ana.session, False, NOW)
    assert not ana.listens()


def test_a_useless_session_has_no_home_in_it(ana: Ana, bob: Bob) -> None:
    ask = bob.ask(ana.challenge(bob, NOW), NOW)
    ana.answering.on_ask(ask, ana.session, True, NOW)
    assert ana.answering.is_silent(NOW + RIVALS_S)


def test_two_askers_are_challenged_once_more_and_neither_is_answered_if_both_are_there(
    ana: Ana, bob: Bob, ends: tuple[SessionEnds, SessionEnds]
) -> None:
    copy, later = Bob(ends[1], 1), NOW + REPEAT_S
    ana.is_asked(bob, NOW)
    ana.is_asked(copy, later)
    assert ana.listens() and not ana.is_contended()
    first, second = ana.answering.due_challenges(later)
    for home, challenge in ((bob, first), (copy, second)):
        ana.answering.on_ask(home.ask(challenge, later), ana.session, False, later)
    assert ana.is_contended() and ana.answering.due_challenges(later + 60.0) == []
    words, gone = ana.answering.refuse_all()
    assert [type(word) for word in words] == [Living, Living] and gone.removed == ()
    assert not ana.listens()


def test_of_two_askers_the_one_that_is_there_is_answered(
    ana: Ana, bob: Bob, ends: tuple[SessionEnds, SessionEnds]
) -> None:
    copy, later = Bob(ends[1], 1), NOW + REPEAT_S
    ana.is_asked(bob, NOW)
    ana.is_asked(copy, later)
    _, second = ana.answering.due_challenges(later)
    ana.answering.on_ask(copy.ask(second, later), ana.session, False, later)
    ana.answering.nobody_lives()
    assert ana.answering.next_wakeup() == later + RIVALS_S or ana.answering.due_challenges(later + RIVALS_S)
    assert ana.answering.is_silent(later + RIVALS_S)
    assert ana.answering.make_answer(later + RIVALS_S) is not None


def test_another_ask_has_to_wait_until_an_answer_had_its_time(
    ana: Ana, bob: Bob, ends: tuple[SessionEnds, SessionEnds]
) -> None:
    ana.is_asked(bob, NOW)
    ana.answering.nobody_lives()
    ana.answering.is_silent(NOW + RIVALS_S)
    ana.answering.make_answer(NOW + RIVALS_S)
    ana.is_asked(Bob(ends[1], 1), NOW + RIVALS_S + SURE_S - 1.0)
    assert not ana.listens()
    ana.is_asked(Bob(ends[1], 2), NOW + RIVALS_S + SURE_S + REPEAT_S)
    assert ana.listens()


def test_an_end_that_is_answered_by_the_other_answers_none(ana: Ana, bob: Bob) -> None:
    ana.is_asked(bob, NOW)
    ana.answering.pass_over()
    assert not ana.listens() and ana.answering.moved


def test_what_was_asked_goes_on_in_the_next_run(
    ana: Ana, bob: Bob, ends: tuple[SessionEnds, SessionEnds]
) -> None:
    ana.is_asked(bob, NOW)
    kept = Reader(unpack(pack({"asked": ana.answering.snapshot()}), 1 << 20)).get_list("asked", 1)
    entropy = SeededEntropy("next run")
    again = Answering(ends[0], entropy, Counter(), UnconfirmedAnswer(ends[0], entropy, []), kept)
    assert again.listening and again.snapshot() == ana.answering.snapshot()
    again.nobody_lives()
    assert again.is_silent(NOW + RIVALS_S) and again.make_answer(NOW + RIVALS_S) is not None
