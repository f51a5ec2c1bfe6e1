"""The asker and the answerer have the same new session, and no other has it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from p2pchat.core.session.handshake import NewSession, SessionEnds, answer_ask, name_of, take_answer
from p2pchat.crypto.envelope import EPOCH_SECONDS, FUTURE_EPOCHS, PAST_EPOCHS
from p2pchat.crypto.exchange import KemKey
from p2pchat.crypto.olm import OlmAccount
from p2pchat.errors import Unreadable
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.wire.cell import decode_cell
from p2pchat.wire.fragment import Lane
from p2pchat.wire.recovery import AskKeys, RecoveryAsk
from tests.support.session_ends import NOW, two_ends

NAME, SECRET, UNHEARD = b"n" * 16, b"s" * 32, bytes(16)


@dataclass
class Initiator:
    """Ana, who asks."""

    ends: SessionEnds
    account: OlmAccount
    kem: KemKey
    keys: AskKeys

    def take(self, answer: NewSession, now: float = NOW, secret: bytes = SECRET) -> NewSession:
        return take_answer(self.ends, self.account, self.kem, NAME, secret, answer.box, now)


@pytest.fixture
def ends() -> tuple[SessionEnds, SessionEnds]:
    return two_ends()


@pytest.fixture
def ana(ends: tuple[SessionEnds, SessionEnds]) -> Initiator:
    account, kem = ends[0].account, KemKey.generate(SeededEntropy("kem"))
    return Initiator(ends[0], account, kem, AskKeys(account.one_time_key(), kem.encapsulation_key, UNHEARD))


def answer(ends: tuple[SessionEnds, SessionEnds], ana: Initiator) -> NewSession:
    return answer_ask(ends[1], NAME, SECRET, ana.keys, SeededEntropy("bob"), NOW)


def test_both_ends_have_one_session_and_read_each_other_in_it(
    ends: tuple[SessionEnds, SessionEnds], ana: Initiator
) -> None:
    theirs = answer(ends, ana)
    ours = ana.take(theirs)
    assert ours.transcript == theirs.transcript and ours.session.name == theirs.session.name
    for one, other in ((ours.session, theirs.session), (theirs.session, ours.session)):
        other.follow_epochs(NOW)
        cell = decode_cell(one.seal_fragment(one.make_fragment(Lane.NOTICE, 0, 0, 0, 1, b"hello"), NOW))
        plain, _ = other.open_cell(cell)
        assert other.read(plain).data == b"hello"


def test_an_answer_is_sealed_for_the_asker_that_proved_its_presence(
    ends: tuple[SessionEnds, SessionEnds], ana: Initiator
) -> None:
    with pytest.raises(Unreadable):
        ana.take(answer(ends, ana), secret=b"x" * 32)


@pytest.mark.parametrize("epochs", [PAST_EPOCHS + 1, -FUTURE_EPOCHS - 1])
def test_an_answer_from_another_time_is_of_no_use(
    ends: tuple[SessionEnds, SessionEnds], ana: Initiator, epochs: int
) -> None:
    with pytest.raises(Unreadable):
        ana.take(answer(ends, ana), NOW + epochs * EPOCH_SECONDS)


def test_a_home_with_another_identity_key_is_not_the_contact(
    ends: tuple[SessionEnds, SessionEnds], ana: Initiator
) -> None:
    stranger, _ = two_ends()
    ana.ends = replace(ana.ends, theirs=stranger.identity.identity_key)
    with pytest.raises(Unreadable):
        ana.take(answer(ends, ana))


def test_words_with_other_contents_have_other_names() -> None:
    assert name_of(RecoveryAsk(NAME, b"a" * 1300)) != name_of(RecoveryAsk(NAME, b"b" * 1300))
