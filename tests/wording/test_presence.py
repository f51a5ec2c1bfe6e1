"""A contact counts as here only if it was heard lately."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from p2pchat.wording.presence import LATELY_S, presence, seen, whereabouts
from tests.support.fake_node import contact

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)


def ago(seconds: float) -> str:
    return (NOW - timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("here", "silent_s", "linked", "known", "said", "in_short"),
    [
        (True, 0, True, True, "here", "here"),
        (True, LATELY_S - 1, True, True, "here", "here"),
        (True, LATELY_S, True, None, "heard 3 min ago", "3 min ago"),
        (True, 1199, True, None, "heard 19 min ago", "19 min ago"),
        (True, -3600, True, True, "here", "here"),
        (False, 60, True, False, "away", "away"),
        (False, 4000, True, False, "away", "away"),
        (True, 0, False, None, "no link: here or away is not known", "unknown"),
        (None, 0, True, None, "no link: here or away is not known", "unknown"),
    ],
)
def test_what_is_said_is_known(
    here: bool | None, silent_s: float, linked: bool, known: bool | None, said: str, in_short: str
) -> None:
    them = contact("bob", here=here, heard_at=ago(silent_s))
    assert seen(them, linked, NOW) is known
    assert presence(them, linked, NOW) == said
    assert whereabouts(them, linked, NOW) == in_short


def test_a_contact_not_heard_since_the_node_started_has_no_date() -> None:
    assert presence(contact("bob", here=False, heard_at=None), True, NOW) == "away"
