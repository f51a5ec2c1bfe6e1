"""Homes that run for some seconds now and then: they renew too, and displace no home that is alive."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.core.messaging.test_messages import friends
from tests.support.copies import (
    add_copy_that_asks,
    copied,
    cut,
    put_back,
    received,
    said,
    talk,
    together,
    turns,
    twin,
)
from tests.support.world import World


def in_short_runs(world: World, name: str, seconds: float, done: Callable[[], bool], most: int = 60) -> int:
    """Have it run for so many seconds, once in a quarter of an hour; how often until it is done."""
    world.stop(name)
    for number in range(most):
        if done():
            return number
        world.idle(900.0)
        world.start(name)
        world.run(seconds)
        world.stop(name)
    return most


def restored() -> World:
    world = friends("r1", "r2", "r3")
    said(world, "r2", "r1", 1, "before")
    older = copied(world, "r2")
    said(world, "r2", "r1", 2, "after the copy")
    said(world, "r1", "r2", 2, "after the copy")
    put_back(world, "r2", older)
    world.send("r2", "r1", "restored")
    return world


@pytest.mark.parametrize("seconds", [6.0, 10.0])
def test_a_restored_home_that_runs_for_seconds_talks_again(seconds: float) -> None:
    world = restored()
    runs = in_short_runs(world, "r2", seconds, lambda: bool(received(world, "r1", "restored")))
    assert received(world, "r1", "restored") == ["restored"]
    assert runs <= 6


def test_a_contact_that_runs_for_ten_seconds_answers_a_restored_home() -> None:
    """Knock, challenge and ask in one run."""
    world = restored()
    in_short_runs(world, "r1", 10.0, lambda: bool(received(world, "r1", "restored")))
    assert received(world, "r1", "restored") == ["restored"]


@pytest.mark.parametrize("seconds", [6.0, 10.0])
def test_a_home_that_lives_is_not_displaced_by_a_contact_that_runs_for_seconds(seconds: float) -> None:
    world = friends("r1", "r2", "r3")
    add_copy_that_asks(world)
    listening = talk(world, "r1", "r2")._reunion.answering
    world.run_until(lambda: listening.listening, 300.0)
    in_short_runs(world, "r1", seconds, lambda: False, most=8)
    world.start("r1")
    world.idle(300.0)
    assert together(world, "r1", "r2")
    assert (set(turns(world, "r1")), set(turns(world, "r2"))) == ({"two"}, {"copied"})


def test_a_doubt_goes_on_in_the_next_run() -> None:
    world = friends("r1", "r2", "r3")
    said(world, "r2", "r1", 1, "before")
    world.kill("r1")
    talk(world, "r2", "r1")._reunion.on_doubt(world.now)
    world.run(5.0)
    world.stop("r2")
    world.start("r2")
    assert talk(world, "r2", "r1")._reunion._doubt is not None
    world.start("r1")
    world.run(60.0)
    assert talk(world, "r2", "r1")._reunion._doubt is None
    world.stop("r2")
    world.start("r2")
    assert talk(world, "r2", "r1")._reunion._doubt is None
    assert turns(world, "r1") == turns(world, "r2") == []


def test_a_home_heard_in_the_old_session_is_asked_for_in_the_next_run_too() -> None:
    world = friends("r1", "r2", "r3")
    said(world, "r2", "r1", 1, "before")
    older = copied(world, "r2")
    said(world, "r2", "r1", 3, "after the copy")
    world.kill("r2")
    other = twin(world, "r2", older)
    world.send(other, "r1", "the thief tries")
    answers = talk(world, "r1", "r2")._reunion.answering
    world.run_until(lambda: answers.listening, 900.0)
    mend = cut(world, other)
    world.run_until(lambda: answers.answered, 120.0)
    world.start("r2")
    waits = answers._unconfirmed
    world.run_until(lambda: waits.pending is not None and waits.pending.inquiry is not None, 60.0)
    world.stop("r1")
    mend()
    world.start("r1")
    pending = talk(world, "r1", "r2")._reunion._unconfirmed.pending
    assert pending is not None and pending.inquiry is not None and pending.questioned == 1
    world.idle(300.0)
    assert together(world, "r1", "r2")
    assert turns(world, "r1") == ["two"]
