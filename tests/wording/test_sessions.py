"""What is told of sessions that are out of step can be typed as it stands."""

from __future__ import annotations

import shlex

import pytest

from p2pchat.control.events import SessionEvent
from p2pchat.text import harmless_name
from p2pchat.wording.sessions import session_line, standing
from tests.support.fake_node import contact


@pytest.mark.parametrize("name", ["bob", "-x", "a b", "$(reboot)", "eve\x1b[2J", "\u202eeve"])
def test_what_is_to_be_typed_is_one_harmless_word(name: str) -> None:
    for line in (
        session_line(SessionEvent(turn="restored", name=name, waiting=2)),
        standing(contact(name, session="behind")) or "",
    ):
        assert line.isprintable()
        what, *words = shlex.split(line.rpartition("p2pchat contacts ")[2])
        dashes = ["--"] if name.startswith("-") else []
        assert (what, words) == ("renew", [*dashes, harmless_name(name)])
