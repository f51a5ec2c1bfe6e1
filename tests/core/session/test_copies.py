"""Homes that were put back, copied or ran twice: no delivery is told of that was none, and all go on."""

from __future__ import annotations

import random

import pytest

from p2pchat.core.session.ordered_payloads import SALT_BYTES
from p2pchat.core.session.session import Session
from p2pchat.core.values import effects, user_inputs
from p2pchat.types import MessageState
from tests.core.messaging.test_messages import friends
from tests.support.copies import copied, false_deliveries, put_back, said, turns, twin
from tests.support.world import World


@pytest.mark.parametrize("since", [0, 1, 2, 5, 60])
def test_a_home_that_was_put_back_and_its_contact_begin_anew_by_themselves_and_lose_nothing(
    since: int,
) -> None:
    world = friends("r1", "r2")
    said(world, "r2", "r1", 1, "before")
    older = copied(world, "r2")
    said(world, "r2", "r1", since, "after the copy")
    said(world, "r1", "r2", since, "r1 after the copy")
    put_back(world, "r2", older)
    said(world, "r2", "r1", 6, "restored")
    said(world, "r1", "r2", 6, "to the restored")
    world.run(400.0)
    # What the old session still took comes before what waited for the new one.
    assert [t for t in world.machines["r1"].store.received() if t.startswith("restored")] == [
        f"restored {n}" for n in range(6)
    ]
    assert [t for t in world.machines["r2"].store.received() if t.startswith("to the")] == [
        f"to the restored {n}" for n in range(6)
    ]
    assert not world.machines["r1"].store.outbox and not world.machines["r2"].store.outbox
    if since:
        # Its own tags in use may show before it is sure to be the one that went back.
        assert turns(world, "r2") == ["behind", "renewed"]
        assert turns(world, "r1") == ["restored"]


def test_of_two_copies_that_run_at_once_the_one_that_lives_is_kept_and_both_are_told() -> None:
    world = friends("r1", "r2")
    said(world, "r2", "r1", 1, "before")
    older = copied(world, "r2")
    said(world, "r2", "r1", 3, "after the copy")
    other = twin(world, "r2", older)
    world.run(60.0)
    for number in range(4):
        world.send("r2", "r1", f"original {number}")
        world.send(other, "r1", f"copy {number}")
        world.run(20.0)
    world.run(200.0)
    assert [t for t in world.machines["r1"].store.received() if t.startswith("original")] == [
        f"original {n}" for n in range(4)
    ]
    assert false_deliveries(world, "r2", "r1") == false_deliveries(world, other, "r1") == []
    assert "twin" in turns(world, other)
    assert "copied" in turns(world, "r2")
    assert "two" in turns(world, "r1")


def test_when_the_first_home_is_gone_its_copy_takes_over() -> None:
    world = friends("r1", "r2")
    older = copied(world, "r2")
    said(world, "r2", "r1", 3, "after the copy")
    other = twin(world, "r2", older)
    world.run(30.0)
    world.run(100.0)
    world.kill("r2")
    message = world.send(other, "r1", "I am the one now")
    world.tell(other, user_inputs.ContactRenewed(world.contact(other, "r1")))
    world.run(120.0)
    assert "I am the one now" in world.machines["r1"].store.received()
    assert world.machines[other].store.state(message) is MessageState.DELIVERED
    assert "restored" in turns(world, "r1")


def test_what_waited_for_a_verified_contact_goes_to_the_restored_home_only_when_the_person_says_so() -> None:
    world = friends("r1", "r2")
    contact = world.contact("r1", "r2")
    world.tell("r1", user_inputs.ContactVerified(contact, True))
    older = copied(world, "r2")
    said(world, "r2", "r1", 2, "after the copy")
    said(world, "r1", "r2", 2, "to the first home")
    said(world, "r2", "r1", 2, "again after the copy")
    world.kill("r2")
    waiting = world.send("r1", "r2", "for your eyes only")
    world.run(10.0)
    put_back(world, "r2", older)
    world.run(400.0)
    known = world.machines["r1"].store.contacts[contact]
    assert (known.trust.verified, known.trust.verified_before, known.standing) == (False, True, "held")
    assert world.machines["r2"].store.received() == []
    world.send("r1", "r2", "who is there?")
    world.run(10.0)
    assert world.machines["r2"].store.received() == ["who is there?"]
    world.tell("r1", user_inputs.ContactRenewed(contact))
    world.run(10.0)
    assert world.machines["r2"].store.received() == ["who is there?", "for your eyes only"]
    assert world.machines["r1"].store.state(waiting) is MessageState.DELIVERED


def test_a_home_put_back_to_before_two_renewals_hears_nothing_and_still_finds_out() -> None:
    world = friends("r1", "r2")
    said(world, "r2", "r1", 1, "before")
    older = copied(world, "r2")
    for _ in range(3):
        said(world, "r2", "r1", 52, "after the copy")
    world.run(60.0)
    put_back(world, "r2", older)
    world.send("r2", "r1", "who hears me?")
    world.run(2400.0)
    assert "who hears me?" in world.machines["r1"].store.received()


def test_a_copy_from_before_recovery_keys_were_told_is_told_to_pair_anew() -> None:
    world = World(0)
    for name in ("r1", "r2"):
        world.add(name)
        world.start(name)
    world.pair("r1", "r2")
    world.run(10.0)
    older = copied(world, "r2")
    older.recoveries.clear()
    said(world, "r2", "r1", 3, "after the copy")
    put_back(world, "r2", older)
    said(world, "r2", "r1", 3, "restored")
    assert "lost" in turns(world, "r2")
    assert false_deliveries(world, "r2", "r1") == []


@pytest.mark.parametrize("since", [1, 2, 5, 40])
def test_after_a_restore_nothing_is_called_delivered_that_was_not(since: int) -> None:
    world = friends("r1", "r2")
    said(world, "r2", "r1", 1, "before")
    said(world, "r1", "r2", 1, "before, too")
    older = copied(world, "r2")
    said(world, "r2", "r1", since, "after the copy")
    said(world, "r1", "r2", since, "r1 after the copy")
    put_back(world, "r2", older)
    world.run(30.0)
    said(world, "r2", "r1", 6, "restored")
    said(world, "r1", "r2", 6, "to the restored")
    world.run(120.0)
    assert false_deliveries(world, "r2", "r1") == []
    lost = false_deliveries(world, "r1", "r2")
    assert [text for text in lost if not text.startswith("r1 after the copy")] == []


def test_what_olm_encrypts_twice_under_one_key_has_no_block_in_common() -> None:
    world = friends("alice", "bob")
    world.send("alice", "bob", "the ratchet stays where it is until bob writes")
    world.run(10.0)
    store = world.machines["alice"].store
    (state,) = store.sessions.values()

    def sealed(salt: bytes) -> bytes:
        """By a copy of alice's home."""
        return Session.restore(state, store.identity.pickle_key).encrypt(b"x" * 64, salt)[1]

    one, two = sealed(b"1" * SALT_BYTES), sealed(b"2" * SALT_BYTES)
    assert sealed(b"1" * SALT_BYTES) == one, "copies use the same key"
    begin = next(at for at in range(len(one)) if one[at] != two[at])
    assert begin < len(one) - 80
    assert all(one[at : at + 16] != two[at : at + 16] for at in range(begin, begin + 80, 16))


def test_a_delivered_text_is_announced_once_even_if_homes_are_put_back() -> None:
    world = friends("r1", "r2")
    older = copied(world, "r2")
    said(world, "r2", "r1", 3, "said")
    put_back(world, "r2", older)
    said(world, "r2", "r1", 3, "said")
    world.run(60.0)
    arrived = [event.message.id for event in world.machines["r1"].events(effects.MessageArrived)]
    assert len(arrived) == len(set(arrived))


@pytest.mark.parametrize("seed", range(6))
def test_homes_put_back_at_any_time_say_nothing_false_and_lose_nothing_said_since(seed: int) -> None:
    draw = random.Random(seed)
    world = friends("r1", "r2", seed=seed)
    kept = {name: copied(world, name) for name in ("r1", "r2")}
    sent: dict[str, list[str]] = {"r1": [], "r2": []}
    for step in range(14):
        name = draw.choice(("r1", "r2"))
        other = "r2" if name == "r1" else "r1"
        match draw.choice(("send", "send", "send", "copy", "put back", "wait")):
            case "send":
                sent[name].append(f"{name} {step}")
                world.send(name, other, sent[name][-1])
                world.run(draw.choice((0.01, 0.3, 3.0)))
            case "copy":
                kept[name] = copied(world, name)
            case "put back":
                put_back(world, name, kept[name])
                sent[name].clear()  # what the copy knows nothing of is gone
            case _:
                world.run(draw.choice((1.0, 30.0, 200.0)))
    world.run(1500.0)
    for name, other in (("r1", "r2"), ("r2", "r1")):
        arrived = {event.message.text for event in world.machines[other].events(effects.MessageArrived)}
        lines = [line for line in world.machines[name].store.history if line.outgoing]
        assert {line.text for line in lines if line.state is MessageState.DELIVERED} <= arrived
        assert set(sent[name]) <= arrived
        assert not world.machines[name].store.outbox
