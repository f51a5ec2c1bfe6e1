"""Introductions as they are declared."""

from __future__ import annotations

from p2pchat.control.events import read_event
from p2pchat.control.introductions import IntroductionEvent
from p2pchat.control.values import given


def test_an_event_has_what_belongs_to_it() -> None:
    told = {"type": "introduction", "name": "dora", "change": "requested", "room": "#friends"}
    event = read_event(told)
    assert isinstance(event, IntroductionEvent) and event.as_record() == told
    assert (given(event.room), given(event.by)) == ("#friends", None)
