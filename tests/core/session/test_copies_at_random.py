"""Homes that are put back, copied, killed and cut off at random, beside a member without keys that repeats
and alters what it hears: nothing is false, lost, double or out of order, and in the end all talk."""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import pytest

from p2pchat.core.values import effects
from p2pchat.types import MessageState
from tests.core.messaging.test_messages import friends
from tests.support.copies import copied, cut, forged, held, inject, put_back, repeated, together, turns, twin
from tests.support.world import World

SEEDS = int(os.environ.get("P2PCHAT_TEST_SEEDS", "4"))


class Story:
    """r1 and r2 talk; r2 is what is put back. r3 has no key of theirs."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.world = friends("r1", "r2", "r3", seed=seed)
        self.sent: dict[str, list[str]] = {"r1": [], "r2": []}
        self.kept = copied(self.world, "r2")
        self.kept_sent: list[str] = []
        self.put_back = 0
        self.mend: Callable[[], None] = lambda: None
        self.down: set[str] = set()

    def go(self, steps: int, copies: bool) -> None:
        """So many things happen."""
        does = [self.say] * 5 + [self.wait] * 3 + [self.stop, self.start, self.start, self.cut, self.meddle]
        does += [self.keep, self.restore] if copies else []
        for step in range(steps):
            self.draw.choice(does)(step)
            self.world.run(self.draw.choice((0.01, 0.3, 3.0)))
        self.mend()
        for name in sorted(self.down):
            self.start(0, name)

    def say(self, step: int) -> None:
        name = self.draw.choice(sorted({"r1", "r2"} - self.down) or ["r3"])
        if name != "r3":
            self.say_as(name, step)

    def say_as(self, name: str, step: int) -> None:
        self.sent[name].append(f"{name} says {step}")
        self.world.send(name, "r2" if name == "r1" else "r1", self.sent[name][-1])

    def wait(self, step: int) -> None:
        self.world.idle(self.draw.choice((1.0, 15.0, 50.0, 200.0)))

    def stop(self, step: int) -> None:
        name = self.draw.choice(("r1", "r2"))
        if name not in self.down:
            self.down.add(name)
            self.draw.choice((self.world.kill, self.world.stop))(name)

    def start(self, step: int, name: str | None = None) -> None:
        for each in [name] if name is not None else sorted(self.down):
            self.down.discard(each)
            self.world.start(each)

    def cut(self, step: int) -> None:
        self.mend()
        self.mend = cut(self.world, self.draw.choice(("r1", "r2")))
        self.world.run(self.draw.choice((5.0, 40.0, 100.0)))
        self.mend()
        self.mend = lambda: None

    def meddle(self, step: int) -> None:
        cells = held(self.world, "r3")
        for raw in self.draw.sample(cells, min(8, len(cells))):
            inject(self.world, "r3", self.draw.choice((forged, repeated))(raw))
            self.world.run(0.5)

    def keep(self, step: int) -> None:
        self.kept, self.kept_sent = copied(self.world, "r2"), list(self.sent["r2"])

    def restore(self, step: int) -> None:
        self.down.discard("r2")
        put_back(self.world, "r2", self.kept)
        self.sent["r2"] = list(self.kept_sent)
        self.put_back += 1

    def arrived(self, name: str) -> list[str]:
        """In every life of the home."""
        return [event.message.text for event in self.world.machines[name].events(effects.MessageArrived)]

    def check(self) -> None:
        """What must hold, once all had time."""
        for name, other in (("r1", "r2"), ("r2", "r1")):
            lines = [line for line in self.world.machines[name].store.history if line.outgoing]
            texts = {line.text for line in lines}
            delivered = {line.text for line in lines if line.state is MessageState.DELIVERED}
            assert delivered <= set(self.arrived(other)), "nothing is called delivered that was not"
            assert set(self.sent[name]) <= delivered, "nothing is lost"
            assert not self.world.machines[name].store.outbox
            there = self.world.machines[other].store.received()
            assert len(there) == len(set(there)), "nothing is there twice"
            in_order = [text for text in there if text in texts]
            assert in_order == [line.text for line in lines if line.text in set(in_order)]
        assert len(self.arrived("r1")) == len(set(self.arrived("r1"))), "nothing is announced twice"
        assert together(self.world, "r1", "r2")


def talking(world: World) -> None:
    for source, target in (("r1", "r2"), ("r2", "r1")):
        world.send(source, target, f"{source} is here")
        world.run(20.0)
        assert world.machines[target].store.received()[-1] == f"{source} is here"


@pytest.mark.parametrize("seed", range(SEEDS))
def test_with_no_copy_no_session_ever_begins_anew(seed: int) -> None:
    story = Story(seed)
    story.go(60, copies=False)
    story.world.idle(600.0)
    story.check()
    assert turns(story.world, "r1") == turns(story.world, "r2") == []
    talking(story.world)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_homes_put_back_at_any_time_end_well(seed: int) -> None:
    story = Story(seed)
    story.go(60, copies=True)
    story.world.idle(1200.0)
    story.check()
    told = turns(story.world, "r1") + turns(story.world, "r2")
    assert not {"copied", "two", "twin", "lost"} & set(told), "there is no second home"
    assert told.count("renewed") <= story.put_back
    talking(story.world)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_second_home_that_comes_and_goes_takes_nothing_from_the_first(seed: int) -> None:
    story = Story(seed)
    older = copied(story.world, "r2")
    for step in range(6):
        story.say(step)
        story.world.run(3.0)
    # A copy that differs from the home by nothing is the home, to a contact: the first to speak is.
    story.say_as("r2", 6)
    story.world.run(3.0)
    other = twin(story.world, "r2", older)
    for step in range(7, 40):
        story.draw.choice((story.say, story.say, story.wait, story.meddle))(step)
        story.world.send(other, "r1", f"the second says {step}")
        story.world.run(story.draw.choice((1.0, 20.0, 60.0)))
    story.world.kill(other)
    story.world.idle(1200.0)
    story.check()
    assert "restored" not in turns(story.world, "r1")
    assert "copied" in turns(story.world, "r2")
    talking(story.world)
