"""Two people reply, react, correct and withdraw while frames are lost and nodes are killed: both see the same
in the end."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from p2pchat.core.messaging.content_records import name_message
from p2pchat.core.messaging.referring import next_turn
from p2pchat.core.values import user_inputs
from p2pchat.core.values.records import Message
from p2pchat.core.values.references import ReferenceKind, Referred
from p2pchat.core.values.user_inputs import ReferenceSubmitted, Target
from p2pchat.crypto.identity import fingerprint
from p2pchat.types import ContactId, MessageId, MessageName
from tests.core.messaging.test_messages import friends
from tests.support.world import World

REACTION, CORRECTION, WITHDRAWAL = ReferenceKind
PEOPLE = ("alice", "bob")
OTHER = {"alice": "bob", "bob": "alice"}


def own_id(world: World, name: str) -> ContactId:
    return fingerprint(world.machines[name].store.identity.identity_key)


class Talker:
    """Says something at random of what is here, as a person at the node would."""

    def __init__(self, world: World, random: Random) -> None:
        self._world = world
        self._random = random
        self.count = 0

    def act(self, name: str) -> None:
        lines = [line for line in self._world.machines[name].store.history if not _is_withdrawn(line)]
        ours = [line for line in lines if line.outgoing]
        kind = self._random.choice([None, None, REACTION, REACTION, CORRECTION, WITHDRAWAL])
        if kind is None or not (lines if kind is REACTION else ours):
            answers = self._random.choice([None, *lines[-3:]])
            target = Target(answers.id, answers.outgoing) if answers is not None else None
            message = self._new_id()
            talk = self._world.conversation(name, OTHER[name])
            self._world.tell(name, user_inputs.MessageSubmitted(message, talk, f"text {self.count}", target))
            return
        self._refer(name, kind, self._random.choice(lines if kind is REACTION else ours))

    def _refer(self, name: str, kind: ReferenceKind, line: Message) -> None:
        referred = line.referred or Referred()
        text, turn = "", 0
        if kind is REACTION:
            last = next((one for one in referred.reactions if one.author is None), None)
            text, turn = self._random.choice(["👍", "🎉", ""]), next_turn(last, self._world.now)
        elif kind is CORRECTION:
            text, turn = f"corrected {self.count}", next_turn(referred.correction, self._world.now)
        talk, target = self._world.conversation(name, OTHER[name]), Target(line.id, line.outgoing)
        self._world.tell(name, ReferenceSubmitted(self._new_id(), talk, kind, target, turn, text))

    def _new_id(self) -> MessageId:
        self.count += 1
        return MessageId(f"{self.count + 2**64:032x}")


def _is_withdrawn(line: Message) -> bool:
    return line.referred is not None and line.referred.withdrawal is not None


def shown(world: World, name: str) -> dict[MessageName, Any]:
    """What a person sees of each line that is not withdrawn; authors by their fingerprints."""
    own, other = own_id(world, name), own_id(world, OTHER[name])
    seen: dict[MessageName, Any] = {}
    for line in world.machines[name].store.history:
        referred = line.referred or Referred()
        reactions = {one.author or own: one.text for one in referred.reactions if one.text}
        known = name_message(own, line.id) if line.outgoing else MessageName(line.id)
        author = own if line.outgoing else other
        seen[known] = author, line.text, line.answers, referred.correction is not None, reactions
        if _is_withdrawn(line):
            assert (line.text, referred.reactions, referred.correction) == ("", (), None)
            del seen[known]
    return seen


@pytest.mark.parametrize("seed", range(6))
def test_two_who_refer_to_each_other_s_lines_see_the_same_in_the_end(seed: int) -> None:
    world, random = friends(*PEOPLE, seed=seed), Random(seed)
    world.on_frame = lambda source, target, data: None if random.random() < 0.1 else data
    talker, away = Talker(world, random), ""
    for _ in range(60):
        world.run(random.choice([0.05, 1.0, 8.0]))
        if random.random() < 0.15:
            if away:
                world.start(away)
            away = random.choice(PEOPLE) if not away else ""
            if away:
                world.kill(away)
        for name in PEOPLE:
            if name != away and random.random() < 0.7:
                talker.act(name)
    if away:
        world.start(away)
    world.on_frame = lambda source, target, data: data
    world.idle(900.0)

    assert all(not world.machines[name].store.outbox for name in PEOPLE)
    alice, bob = (shown(world, name) for name in PEOPLE)
    assert alice == bob and len(alice) > 5
    waiting = [one for name in PEOPLE for one in world.machines[name].store.waiting]
    assert {(one.kind, one.text) for one in waiting} <= {(WITHDRAWAL, "")}, "of lines that never left"
