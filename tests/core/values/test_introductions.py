"""What is wanted of introductions, where no other is known, and how people are told."""

from __future__ import annotations

import pytest

from p2pchat.core.node import NodeMachine
from p2pchat.core.values import introductions
from p2pchat.core.values.introductions import IntroductionTurn, Stage
from p2pchat.core.values.records import Memory
from p2pchat.core.values.refusals import Rejected
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import ContactId, ConversationId, IntroductionId, MemberId
from tests.support.homes import identity

STRANGER, ID = ContactId("0" * 64), IntroductionId(bytes(16))


@pytest.mark.parametrize(
    "input",
    [
        introductions.ContactRequested(ConversationId("#" + "0" * 64), MemberId(bytes(32))),
        introductions.ContactsIntroduced(STRANGER, ContactId("1" * 64)),
        introductions.IntroductionAnswered(ID, accept=True),
        introductions.IntroductionWithdrawn(ID),
    ],
    ids=lambda input: type(input).__name__,
)
def test_a_node_that_knows_no_one_refuses_plainly(input: introductions.ForIntroductions) -> None:
    (answer,) = NodeMachine(Memory(identity()), SeededEntropy(b"1")).handle(input, 1.0)
    assert isinstance(answer, Rejected)


def test_each_turn_has_one_plain_word() -> None:
    assert all(turn.value.isalpha() and turn.value.islower() for turn in IntroductionTurn)


def test_three_stages_are_under_way() -> None:
    assert [stage for stage in Stage if stage.is_agreed] == [Stage.WAITING, Stage.KEYS_SENT, Stage.ANSWERED]
