"""What a contact without recovery keys can bring about, or one whose session is stopped already: nothing."""

from __future__ import annotations

from collections import Counter

from p2pchat.core.session.reunion import Reunion
from p2pchat.core.session.turns import Tell, Turn
from p2pchat.sim.entropy import SeededEntropy
from tests.core.messaging.test_messages import friends
from tests.support.copies import said, session, talk


def test_without_recovery_keys_nothing_is_asked_and_a_stop_is_final() -> None:
    world = friends("r1", "r2")
    said(world, "r1", "r2", 1, "before")
    known = talk(world, "r1", "r2")
    identity = world.machines["r1"].store.identity
    assert identity is not None
    reunion = Reunion(
        known.contact.id, known.contact.identity_key, identity, SeededEntropy(1), Counter(), None
    )
    here = session(world, "r1", "r2")
    reunion.ask_soon(here, world.now)
    reunion.on_doubt(world.now)
    assert reunion.tick(here, world.now) == []
    assert reunion.mark_torn(world.now) == [Tell(Turn.LOST)]


def test_a_session_is_stopped_once() -> None:
    world = friends("r1", "r2")
    said(world, "r1", "r2", 1, "before")
    reunion = talk(world, "r1", "r2")._reunion
    assert reunion.mark_torn(world.now) == [Tell(Turn.BEHIND)]
    assert reunion.mark_torn(world.now) == []
    assert reunion.on_warned(world.now) == [Tell(Turn.COPIED)]
    assert reunion.on_warned(world.now) == []
