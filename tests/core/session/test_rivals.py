"""Two homes with a contact's keys want a new session: nothing tells which is the contact's home, and neither
is heeded before the person says so. No attacker without keys causes that, nor does a home that is put back
again."""

from __future__ import annotations

import pytest

from p2pchat.core.session import answering
from p2pchat.core.session.key_announcement import KeyAnnouncement
from p2pchat.core.values import user_inputs
from tests.core.messaging.test_messages import friends
from tests.support.copies import (
    another_knock,
    copied,
    cut,
    inject,
    put_back,
    received,
    repeated,
    said,
    talk,
    together,
    turns,
    twin,
    verified,
)
from tests.support.memory_store import MemoryStore
from tests.support.world import World


def stopped(world: World, name: str) -> None:
    """Its session with r1 does not work: an attacker wrote in r1's name."""
    known = talk(world, name, "r1")
    known._reunion.mark_torn(world.now)
    world.tell(name, user_inputs.ContactRenewed(known.contact.id))


def copied_home(seed: int = 0) -> tuple[World, MemoryStore]:
    world = friends("r1", "r2", "r3", seed=seed)
    verified(world, "r1", "r2")
    said(world, "r2", "r1", 1, "before")
    older = copied(world, "r2")
    said(world, "r2", "r1", 1, "after the copy")
    return world, older


def trusted(world: World) -> tuple[bool, bool, str]:
    known = world.machines["r1"].store.contacts[world.contact("r1", "r2")]
    return known.trust.verified, known.trust.verified_before, known.standing


@pytest.mark.parametrize(
    ("first", "between", "seed"), [("home", 0.0, 0), ("home", 20.0, 1), ("copy", 3.0, 0)]
)
def test_of_two_askers_neither_is_answered_and_the_person_is_told(
    first: str, between: float, seed: int
) -> None:
    world, older = copied_home(seed)
    other = twin(world, "r2", older)
    effect = ["r2", other] if first == "home" else [other, "r2"]
    world.send("r1", "r2", "for r2 alone")
    for name in effect:
        stopped(world, name)
        world.run(between)
    world.idle(600.0)
    assert turns(world, "r1") == ["rivals"]
    assert trusted(world) == (False, True, "rivals")
    assert "twin" in turns(world, "r2") and "twin" in turns(world, other)
    assert not together(world, "r1", "r2") or "restored" not in turns(world, "r1")
    world.idle(3600.0)
    assert turns(world, "r1") == ["rivals"], "nothing happens without the person"


@pytest.mark.parametrize("restarted", [False, True])
def test_when_the_other_is_stopped_the_person_has_the_one_that_is_left_begin_anew(restarted: bool) -> None:
    world, older = copied_home()
    other = twin(world, "r2", older)
    for name in ("r2", other):
        stopped(world, name)
    world.idle(300.0)
    assert turns(world, "r1") == ["rivals"]
    world.send("r1", "r2", "for r2 alone")
    world.kill(other)
    if restarted:
        world.stop("r1")
        world.start("r1")
    world.idle(600.0)
    assert turns(world, "r1") == ["rivals"]
    world.tell("r1", user_inputs.ContactRenewed(world.contact("r1", "r2")))
    world.tell("r2", user_inputs.ContactRenewed(world.contact("r2", "r1")))
    world.run(200.0)
    assert turns(world, "r1") == ["rivals", "restored"]
    assert together(world, "r1", "r2")
    assert "for r2 alone" not in world.machines["r2"].store.received()
    world.tell("r1", user_inputs.ContactRenewed(world.contact("r1", "r2")))
    world.run(20.0)
    assert world.machines["r2"].store.received()[-1] == "for r2 alone"


def test_pairing_anew_ends_it_and_shuts_the_copy_out() -> None:
    world, older = copied_home()
    other = twin(world, "r2", older)
    for name in ("r2", other):
        stopped(world, name)
    world.idle(300.0)
    assert turns(world, "r1") == ["rivals"]
    code = world.invite("r1")
    world.tell("r2", user_inputs.InviteEntered(77, code, None, (), world.now + 60))
    world.run(60.0)
    assert trusted(world) == (False, True, "")
    said(world, "r1", "r2", 1, "paired anew")
    assert received(world, "r2", "paired anew")
    world.kill("r2")
    world.tell(other, user_inputs.ContactRenewed(world.contact(other, "r1")))
    world.idle(300.0)
    assert turns(world, "r1") == ["rivals"]
    assert talk(world, "r1", "r2")._reunion.answering.answered is False


def test_to_compare_the_number_again_does_not_end_it() -> None:
    """The copy shows the same number."""
    world, older = copied_home()
    other = twin(world, "r2", older)
    for name in ("r2", other):
        stopped(world, name)
    world.idle(300.0)
    world.tell("r1", user_inputs.ContactVerified(world.contact("r1", "r2"), True))
    assert trusted(world) == (True, False, "rivals")
    assert talk(world, "r1", "r2")._reunion.contended


def test_when_both_still_run_the_person_is_told_again() -> None:
    world, older = copied_home()
    other = twin(world, "r2", older)
    for _ in range(2):
        for name in ("r2", other):
            stopped(world, name)
        world.tell("r1", user_inputs.ContactRenewed(world.contact("r1", "r2")))
        world.run(200.0)
    assert turns(world, "r1") == ["rivals", "rivals"]


def test_an_answer_that_is_not_confirmed_gives_way_to_another_only_when_its_asker_is_gone() -> None:
    world, older = copied_home()
    other = twin(world, "r2", older)
    world.kill("r2")
    stopped(world, other)
    answers = talk(world, "r1", "r2")._reunion.answering
    world.run_until(lambda: answers.listening, 300.0)
    mend = cut(world, other)
    world.run_until(lambda: answers.answered, 120.0)
    world.run(answering.SURE_S)
    mend()
    talk(world, other, "r1")._reunion.asking._find_ask = lambda name: None  # type: ignore[method-assign]
    world.start("r2")
    stopped(world, "r2")
    world.run(30.0)
    world.tell(other, user_inputs.ContactRenewed(world.contact(other, "r1")))
    world.idle(300.0)
    assert "restored" not in turns(world, "r1")
    assert "rivals" in turns(world, "r1")


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("gap", [1.0, 40.0, 70.0])
def test_a_home_that_is_put_back_twice_is_not_two(
    gap: float, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[bytes] = []
    original = KeyAnnouncement.make_cells

    def cells(self: KeyAnnouncement, *given: object) -> list[bytes]:
        made = original(self, *given)  # type: ignore[arg-type]
        kept.extend(made)
        return made

    monkeypatch.setattr(KeyAnnouncement, "make_cells", cells)
    world, older = copied_home(seed)
    put_back(world, "r2", older)
    stopped(world, "r2")
    answers = talk(world, "r1", "r2")._reunion.answering
    world.run_until(lambda: answers.listening, 300.0)
    world.run(gap)
    put_back(world, "r2", older)
    stopped(world, "r2")
    for _ in range(8):  # a member without keys repeats all that was said outside the session
        for raw in kept:
            inject(world, "r3", repeated(raw))
        world.run(20.0)
    world.idle(300.0)
    assert "rivals" not in turns(world, "r1") + turns(world, "r2")
    assert together(world, "r1", "r2")
    said(world, "r2", "r1", 1, "restored")
    assert received(world, "r1", "restored")


@pytest.mark.parametrize(("hurry", "seed"), [(False, 0), (True, 1)], ids=["by the rules", "at once"])
def test_of_two_answerers_neither_is_accepted(hurry: bool, seed: int) -> None:
    world, _ = copied_home(seed)
    other = twin(world, "r2", copied(world, "r2"))
    if hurry:  # its program was changed
        thief = talk(world, other, "r1")._reunion.answering
        thief.is_silent = lambda now: thief._claimant is not None  # type: ignore[method-assign]
    known = talk(world, "r1", "r2")
    known._reunion.mark_torn(world.now)
    world.tell("r1", user_inputs.ContactRenewed(known.contact.id))
    world.idle(300.0)
    assert turns(world, "r1") == ["rivals"]
    assert trusted(world) == (False, True, "rivals")
    assert known._reunion.torn
    world.kill(other)
    world.stop("r1")
    world.start("r1")
    world.idle(600.0)
    assert turns(world, "r1") == ["rivals"], "nothing happens without the person"
    world.tell("r1", user_inputs.ContactRenewed(known.contact.id))
    world.tell("r2", user_inputs.ContactRenewed(world.contact("r2", "r1")))
    world.idle(400.0)
    assert turns(world, "r1") in (["rivals", "renewed"], ["rivals", "restored"])
    assert together(world, "r1", "r2")


def test_of_an_asker_and_an_answerer_neither_is_accepted() -> None:
    """Both sessions were stopped; the home asks, and the copy, whose program was changed, answers."""
    world = next(
        made for seed in range(20) if not talk(made := copied_home(seed)[0], "r1", "r2")._reunion._first
    )
    other = twin(world, "r2", copied(world, "r2"))
    thief = talk(world, other, "r1")._reunion.answering
    thief.is_silent = lambda now: thief._claimant is not None  # type: ignore[method-assign]
    known = talk(world, "r1", "r2")
    known._reunion.mark_torn(world.now)
    stopped(world, "r2")
    world.tell("r1", user_inputs.ContactRenewed(known.contact.id))
    world.idle(300.0)
    assert turns(world, "r1") == ["rivals"]


def test_a_contact_that_is_started_anew_while_it_is_asked_is_not_two() -> None:
    world, _ = copied_home()
    known = talk(world, "r1", "r2")
    known._reunion.mark_torn(world.now)
    world.tell("r1", user_inputs.ContactRenewed(known.contact.id))
    world.run(20.0)
    for _ in range(4):
        world.run(25.0)
        world.kill("r2")
        world.start("r2")
    world.idle(300.0)
    assert turns(world, "r1") == ["renewed"]
    assert together(world, "r1", "r2")


def test_a_copy_that_knocks_without_end_is_not_answered_meanwhile() -> None:
    world, older = copied_home()
    other = twin(world, "r2", older)
    world.kill("r2")
    stopped(world, other)
    thief = talk(world, other, "r1")._reunion
    for _ in range(60):
        for cell in thief.keys.make_cells(another_knock(thief), world.now):
            inject(world, other, cell)
        world.run(2.0)
    assert not talk(world, "r1", "r2")._reunion.answering.answered
    assert turns(world, "r1") == []
