"""One member makes up what the others of a room say, and a judge with all of its keys accepts it."""

from __future__ import annotations

import pytest

from p2pchat.daemon.room_forgery import ASSENT, forge_room
from p2pchat.errors import UsageError
from p2pchat.sim.entropy import SeededEntropy
from tests.support.rooms import NOW, founded


def test_the_judge_accepts_what_was_invented_and_refuses_what_was_altered() -> None:
    room = founded("ann", "bob", "cid")
    names = {member.id: member.name for member in room.members}
    shown = forge_room("#friends", room[0].state, names, "I owe ann a million", SeededEntropy("f"), NOW)
    assert [(one.name, one.accepted) for one in shown.transcripts] == [("invented", True), ("altered", False)]
    sayings = {saying.sender: saying.text for saying in shown.transcripts[0].sayings}
    assert set(sayings) == {"bob", "cid"}
    assert set(sayings.values()) == {"I owe ann a million", ASSENT}
    assert shown.transcripts[1].sayings == []


def test_who_is_alone_can_put_nothing_into_another_mouth() -> None:
    room = founded("ann")
    with pytest.raises(UsageError, match="alone in this room"):
        forge_room("#friends", room[0].state, {}, "x", SeededEntropy("f"), NOW)
