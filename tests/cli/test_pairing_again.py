"""A person who pairs again keeps the earlier decisions, and sees them; what one decides, the other sees."""

from __future__ import annotations

from pathlib import Path

import pytest

from p2pchat.control.events import InviteEvent
from tests.cli.conftest import Run
from tests.support.fake_node import FakeNode, added, told
from tests.support.processes import people

INVITE = told(InviteEvent, code="42-tango-marble-orbit")


def test_what_still_holds_after_pairing_again_is_said(p2pchat: Run, node: FakeNode) -> None:
    node.invitation = [INVITE, added("bob", verified=True, disappear=3600.0, muted=True)]
    said = p2pchat("invite").err
    assert "bob has the same keys as before, and stays verified here." in said
    assert "what you and bob say disappears after 1 hour" in said
    assert "p2pchat contacts disappear bob off" in said
    assert "bob is still muted here" in said


def test_for_a_new_contact_nothing_is_said_to_hold_still(p2pchat: Run, node: FakeNode) -> None:
    node.invitation = [INVITE, added("bob")]
    said = p2pchat("invite").err
    assert not any(word in said for word in ("before", "disappears", "still"))


@pytest.mark.real
def test_a_timer_is_seen_where_it_is_set_where_it_comes_and_after_pairing_again(
    tmp_path: Path, meeting: str
) -> None:
    with people(tmp_path, meeting) as those:
        ana, bob = those.friends("ana", "bob")
        watched = ana.terminal("node", "run")
        watched.until("running")
        bob.node()
        assert bob.run("contacts", "disappear", "ana", "1h").returncode == 0
        watched.until("what you two say from now on disappears after 1 hour (set by bob)")
        assert "What you say with bob now disappears after 1 hour." in ana.run("history", "bob").stderr
        assert (
            ana.run("contacts", "disappear", "bob").stdout
            == "What you and bob say disappears after 1 hour.\n"
        )

        assert ana.run("contacts", "remove", "bob", "--yes").returncode == 0
        invite = ana.start("invite")
        joined = bob.run("join", invite.line())
        assert joined.returncode == 0, joined.stderr
        assert "As before, what you and ana say disappears after 1 hour." in joined.stderr
        assert invite.ended().returncode == 0
        watched.until("what you two say from now on disappears after 1 hour (set by bob)", times=2)
