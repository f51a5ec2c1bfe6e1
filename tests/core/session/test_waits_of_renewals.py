"""What cells cause while two begin anew does not leave in the moment in which they came: otherwise the node
that brought them would see their recipient."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest

from p2pchat.core.messaging.conversation import Conversation
from p2pchat.core.messaging.letterbox import ReceivedCell
from p2pchat.core.messaging.outputs import Output, SendCell
from p2pchat.core.session.answering import Answering
from p2pchat.core.session.inquiry import LISTEN_S, SAY_S
from p2pchat.core.session.reunion import Reunion
from p2pchat.core.session.turns import Nudge, SendWord, Step
from p2pchat.wire.recovery import RecoveryAnswer
from tests.core.messaging.test_messages import friends
from tests.support.copies import add_copy_that_asks, copied, put_back, received, said, turns
from tests.support.world import World


def sent_at_once(monkeypatch: pytest.MonkeyPatch) -> list[Output]:
    """Cells that leave in the moment in which others are opened, from now on."""
    kept: list[Output] = []
    original = Conversation.open_cells

    def cells(self: Conversation, received: Iterable[ReceivedCell], now: float) -> list[Output]:
        out = original(self, received, now)
        kept.extend(each for each in out if isinstance(each, SendCell))
        return out

    monkeypatch.setattr(Conversation, "open_cells", cells)
    return kept


def restored() -> World:
    world = friends("r1", "r2", "r3")
    said(world, "r2", "r1", 1, "before")
    older = copied(world, "r2")
    said(world, "r2", "r1", 3, "after the copy")
    put_back(world, "r2", older)
    world.send("r2", "r1", "restored")
    world.send("r1", "r2", "to the restored")
    return world


def test_nothing_leaves_at_once_when_two_begin_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = sent_at_once(monkeypatch)
    world = restored()
    world.run(300.0)
    assert received(world, "r1", "restored") == ["restored"]
    assert received(world, "r2", "to the") == ["to the restored"]
    assert at_once == []


def test_nothing_leaves_at_once_when_a_copy_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = sent_at_once(monkeypatch)
    world = friends("r1", "r2", "r3")
    add_copy_that_asks(world)
    world.run(300.0)
    assert ("two" in turns(world, "r1"), "copied" in turns(world, "r2")) == (True, True)
    assert at_once == []


def test_an_asker_who_only_needs_to_hear_us_does_not_hear_us_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at_once = sent_at_once(monkeypatch)
    heard: list[object] = []

    def asked(self: Answering, *given: object) -> bool:
        heard.append(given)
        return True

    monkeypatch.setattr(Answering, "on_ask", asked)
    world = restored()
    world.run(60.0)
    assert heard
    assert at_once == []


def test_neither_the_first_question_nor_the_answer_follows_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[tuple[float, str]] = []
    ask, tick = Answering.on_ask, Reunion.tick

    def asked(self: Answering, *given: object) -> bool:
        before, result = self.listening, ask(self, *given)  # type: ignore[arg-type]
        steps.extend([(float(given[-1]), "asked")] * (self.listening and not before))  # type: ignore[arg-type]
        return result

    def ticked(self: Reunion, *given: object) -> list[Step]:
        out = tick(self, *given)  # type: ignore[arg-type]
        did = ["question" for each in out if isinstance(each, Nudge)]
        did += [
            "answer" for each in out if isinstance(each, SendWord) and isinstance(each.word, RecoveryAnswer)
        ]
        steps.extend((float(given[-1]), each) for each in did)  # type: ignore[arg-type]
        return out

    monkeypatch.setattr(Answering, "on_ask", asked)
    monkeypatch.setattr(Reunion, "tick", ticked)
    restored().run(120.0)
    begun = next(number for number, (_, did) in enumerate(steps) if did == "asked")
    times = [at for at, _ in steps[begun : begun + 6]]
    assert [did for _, did in steps[begun : begun + 6]] == ["asked", *["question"] * 4, "answer"]
    gaps = [after - before for before, after in pairwise(times)]
    assert SAY_S[0] <= gaps[0] <= SAY_S[1]
    assert all(LISTEN_S + SAY_S[0] <= gap <= LISTEN_S + SAY_S[1] for gap in gaps[1:-1])
    assert len({round(gap, 3) for gap in gaps}) == len(gaps), "no period is seen"
    assert gaps[-1] >= LISTEN_S + 2 * SAY_S[0]
