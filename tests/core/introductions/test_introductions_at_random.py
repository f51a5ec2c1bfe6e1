"""Whatever four people ask, agree to, decline and take back, in whatever order, while homes are killed: in
the end two are contacts of each other or neither is of the other, each once, by the right key."""

from __future__ import annotations

from itertools import permutations
from random import Random

import pytest

from p2pchat.core.introductions.bounds import LIVES_S
from p2pchat.core.values.introductions import IntroductionAnswered, IntroductionRecord, Stage
from tests.support.homes_introduced import IntroductionsWorld

NAMES = ("alice", "bob", "carol", "dave")
GUESTS = NAMES[1:]


class Crowd(IntroductionsWorld):
    """Four in a room, of whom alice knows all others."""

    def __init__(self, seed: int) -> None:
        super().__init__(*NAMES, seed=seed)
        self.random = Random(seed)
        self.with_room(*GUESTS)
        self.withdrawn = False

    def open_here(self, name: str) -> list[IntroductionRecord]:
        return [one for one in self.introductions(name) if isinstance(one, IntroductionRecord)]

    def do_something(self) -> None:
        one, other = self.random.sample(GUESTS, 2)
        match self.random.randrange(8):
            case 0 | 1:
                self.ask(one, other)
            case 2:
                self.introduce("alice", one, other)
            case 3:
                self.restart(self.random.choice(NAMES))
            case 4:
                for record in self.open_here(one):
                    self.tell(one, IntroductionAnswered(record.id, accept=False))
                    self.withdrawn |= record.stage is not Stage.OPEN
            case _:
                for record in self.open_here(one):
                    if record.stage is Stage.OPEN:
                        self.tell(one, IntroductionAnswered(record.id, accept=True))

    def settle(self) -> None:
        """All that is open is answered, and time passes."""
        for _ in range(6):
            for name in GUESTS:
                for record in self.open_here(name):
                    if record.stage is Stage.OPEN:
                        self.tell(name, IntroductionAnswered(record.id, accept=True))
            self.run(60)


@pytest.mark.parametrize("seed", [0, 1, 2, 11, 14])
def test_in_the_end_both_are_contacts_or_neither(seed: int) -> None:
    world = Crowd(seed)
    for _ in range(25):
        world.do_something()
        world.run(world.random.choice((0.05, 0.3, 2.0)))
    world.settle()
    for name in GUESTS:
        known = [one.identity_key for one in world.machines[name].store.contacts.values()]
        assert len(set(known)) == len(known) <= len(NAMES) - 1
    for one, other in permutations(GUESTS, 2):
        if not world.withdrawn:  # else the last word of one may have crossed that
            assert world.knows(one, other) == world.knows(other, one)
        if world.know_each_other(one, other):
            world.send(one, other, f"{one} to {other}")
            world.run_until(lambda one=one, other=other: f"{one} to {other}" in world.texts(other))  # type: ignore[misc]
    for name in NAMES:
        assert all(record.at > world.now - LIVES_S for record in world.introductions(name))
