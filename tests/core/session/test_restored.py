"""A home out of a backup meets its contacts again by itself; an older backup, or a second home, does not."""

from __future__ import annotations

import copy

import pytest

from p2pchat.core.session.halves import BEFORE_S
from p2pchat.core.session.restored import begin_restored, kept_keys
from p2pchat.core.values import user_inputs
from p2pchat.crypto.recovery import PublicKey
from p2pchat.errors import RefusedInput
from tests.core.messaging.test_messages import friends
from tests.support.copies import (
    false_deliveries,
    put_back,
    received,
    said,
    talk,
    their_key,
    together,
    turns,
    twin,
    verified,
)
from tests.support.memory_store import MemoryStore
from tests.support.world import World


def backed_up(world: World, name: str) -> MemoryStore:
    """What a new home would be made of, from a backup made now."""
    world.tell(name, user_inputs.RecoveryKeysDrawn())
    made = made_of(world, name)
    world.tell(name, user_inputs.RecoveryKeysTold(alone=False))
    world.run(20.0)
    return made


def made_of(world: World, name: str) -> MemoryStore:
    old = world.machines[name].store
    made = MemoryStore(old.identity)
    made.meshes = copy.deepcopy(old.meshes)
    made.history = copy.deepcopy(old.history)
    made.tried = dict(old.tried)
    entropy = world.sim.entropy.make_child(f"restored {name} {world.now}")
    for them in old.contacts.values():
        keys = kept_keys(old.recoveries[them.id]) if them.id in old.recoveries else b""
        for change in begin_restored(them, keys, old.identity, entropy, world.now):
            made.apply_change(change)
    return made


def test_a_restored_home_writes_both_ways_again_and_nothing_is_false_lost_or_double() -> None:
    world = friends("r1", "r2")
    verified(world, "r1", "r2")
    said(world, "r1", "r2", 2, "before")
    said(world, "r2", "r1", 2, "before")
    made = backed_up(world, "r2")
    said(world, "r1", "r2", 2, "not in the backup")
    world.run(5.0)
    put_back(world, "r2", made)
    world.send("r2", "r1", "at once")
    world.run_until(lambda: together(world, "r1", "r2"), 120.0)
    world.run(10.0)
    for name, turn in (("r1", "restored"), ("r2", "renewed")):
        assert turns(world, name) == [turn]
        (known,) = [
            them for them in world.machines[name].store.contacts.values() if them.trust.verified_before
        ]
        assert not known.trust.verified
    for name in ("r1", "r2"):
        world.tell(name, user_inputs.ContactRenewed(world.contact(name, {"r1": "r2", "r2": "r1"}[name])))
    said(world, "r1", "r2", 3, "again")
    said(world, "r2", "r1", 3, "again")
    world.run(20.0)
    assert received(world, "r1", "at once") == ["at once"]
    assert (
        received(world, "r1", "again") == received(world, "r2", "again") == [f"again {n}" for n in range(3)]
    )
    assert false_deliveries(world, "r1", "r2") == ["not in the backup 0", "not in the backup 1"]
    assert false_deliveries(world, "r2", "r1") == []


def test_every_contact_is_met_again() -> None:
    world = friends("r1", "r2", "r3")
    for name in ("r2", "r3"):
        said(world, "r1", name, 1, "before")
    put_back(world, "r1", backed_up(world, "r1"))
    world.run_until(lambda: all(together(world, "r1", name) for name in ("r2", "r3")), 180.0)


@pytest.mark.parametrize("late_s", [60.0, BEFORE_S + 3600.0])
def test_a_backup_before_the_last_one_is_good_for_a_week(late_s: float) -> None:
    world = friends("r1", "r2")
    said(world, "r1", "r2", 1, "before")
    older = backed_up(world, "r2")
    said(world, "r1", "r2", 1, "between")
    backed_up(world, "r2")
    said(world, "r2", "r1", 1, "heard")
    world.kill("r2")
    if late_s > BEFORE_S:
        theirs = talk(world, "r1", "r2")._reunion.keys.theirs
        assert theirs is not None
        theirs._until -= BEFORE_S
    world.start("r2")
    put_back(world, "r2", older)
    world.run(100.0)
    assert together(world, "r1", "r2") is (late_s < BEFORE_S)


def test_no_backup_of_before_is_good_once_they_were_revoked() -> None:
    world = friends("r1", "r2")
    said(world, "r1", "r2", 1, "before")
    older = backed_up(world, "r2")
    said(world, "r1", "r2", 1, "between")
    world.tell("r2", user_inputs.RecoveryKeysDrawn())
    world.tell("r2", user_inputs.RecoveryKeysTold(alone=True))
    world.run(20.0)
    said(world, "r2", "r1", 1, "heard")
    put_back(world, "r2", older)
    world.run(100.0)
    assert not together(world, "r1", "r2")
    assert turns(world, "r1") == []


def test_a_revocation_that_was_not_heard_yet_is_not_lost_by_a_backup_after_it() -> None:
    world = friends("r1", "r2")
    said(world, "r1", "r2", 1, "before")
    older = backed_up(world, "r2")
    said(world, "r2", "r1", 1, "heard")
    world.kill("r1")
    world.tell("r2", user_inputs.RecoveryKeysDrawn())
    world.tell("r2", user_inputs.RecoveryKeysTold(alone=True))
    world.run(20.0)
    backed_up(world, "r2")
    world.start("r1")
    said(world, "r2", "r1", 2, "heard after all")
    world.run(20.0)
    put_back(world, "r2", older)
    world.run(100.0)
    assert not together(world, "r1", "r2")


def test_contacts_are_told_one_after_the_other_at_moments_of_our_own() -> None:
    world = friends("r1", "r2", "r3", "r4")
    world.run(20.0)
    counters = world.machines["r1"].running._counters
    world.tell("r1", user_inputs.RecoveryKeysDrawn())
    before = counters["cells originated"]
    world.tell("r1", user_inputs.RecoveryKeysTold(alone=False))
    assert counters["cells originated"] == before
    told = []
    for _ in range(300):
        world.run(0.1)
        told.append(
            sum(their_key(world, name, "r1") == own_key(world, "r1", name) for name in ("r2", "r3", "r4"))
        )
    assert sorted(set(told)) == [0, 1, 2, 3]


def own_key(world: World, of: str, name: str) -> PublicKey:
    return talk(world, of, name)._reunion.keys.own.newest.public


def test_a_backup_that_contacts_were_not_told_of_is_good() -> None:
    world = friends("r1", "r2")
    said(world, "r1", "r2", 1, "before")
    world.tell("r2", user_inputs.RecoveryKeysDrawn())
    made = made_of(world, "r2")  # killed between the file's rename and the word to contacts
    put_back(world, "r2", made)
    world.run_until(lambda: together(world, "r1", "r2"), 120.0)


def test_a_contact_whose_backup_knows_an_older_key_of_ours_meets_us_again() -> None:
    world = friends("r1", "r2")
    said(world, "r1", "r2", 1, "before")
    made = backed_up(world, "r2")
    for _ in range(3):
        said(world, "r1", "r2", 1, "between")
        backed_up(world, "r1")
    said(world, "r1", "r2", 1, "between")
    put_back(world, "r2", made)
    world.run_until(lambda: together(world, "r1", "r2"), 120.0)


def test_after_a_backup_is_restored_twice_both_are_refused_until_a_person_decides() -> None:
    world = friends("r1", "r2")
    said(world, "r1", "r2", 1, "before")
    made = backed_up(world, "r2")
    world.run(5.0)
    put_back(world, "r2", made)
    twin(world, "r2", made)
    world.run_until(lambda: turns(world, "r1") == ["rivals"], 300.0)
    assert not together(world, "r1", "r2")


def test_the_living_home_is_kept() -> None:
    world = friends("r1", "r2")
    said(world, "r1", "r2", 1, "before")
    made = backed_up(world, "r2")
    other = twin(world, "r2", made)
    world.run(100.0)
    assert turns(world, "r1") == ["two"]
    assert "twin" in turns(world, other)
    assert together(world, "r1", "r2")


def test_a_home_of_before_there_were_recovery_keys_has_to_pair_again() -> None:
    world = friends("r1", "r2")
    said(world, "r1", "r2", 1, "before")
    world.machines["r2"].store.recoveries.clear()
    made = made_of(world, "r2")
    assert {them.standing for them in made.contacts.values()} == {"lost"}
    put_back(world, "r2", made)
    world.run(60.0)
    assert not together(world, "r1", "r2")


def test_keys_that_are_none_are_refused() -> None:
    world = friends("r1", "r2")
    store = world.machines["r2"].store
    (them,) = store.contacts.values()
    for keys in (b"\x80", b"x", kept_keys(store.recoveries[them.id])[:-1]):
        with pytest.raises(RefusedInput):
            begin_restored(them, keys, store.identity, world.sim.entropy, world.now)
