"""Introductions of a node that sends nothing.

Knows: the client's methods about introductions, and what is asked of them. Does not know: keys.
"""

from __future__ import annotations

from typing import Any

from p2pchat.client.introductions import IntroductionCalls
from p2pchat.control.answers import ContactDetailInfo, ContactInfo
from p2pchat.control.introductions import IntroductionInfo
from p2pchat.control.values import read_value
from p2pchat.errors import NotInTime, UsageError
from tests.support.fake_author import AT


def introduction(name: str, **rest: Any) -> IntroductionInfo:
    """An introduction as the control socket gives it."""
    known: dict[str, object] = {
        "name": name,
        "id": (name.encode().hex() * 32)[:32],
        "state": "requested",
        "room": "#friends",
        "by": "bob",
        "agreed": [],
        "since": AT,
    }
    return read_value(IntroductionInfo, {**known, **rest})


class FakeIntroductions(IntroductionCalls):
    """Asks whom it was told to, at once."""

    people: dict[str, ContactDetailInfo]
    """The contacts, by name."""

    def __init__(self, *of: Any, **chosen: Any) -> None:
        super().__init__(*of, **chosen)
        self.introductions: dict[str, IntroductionInfo] = {}
        """By name."""

    def put_introduction(self, name: str, **rest: Any) -> None:
        """Let there be one."""
        self.introductions[name] = introduction(name, **rest)

    def _find_introduction(self, name: str) -> IntroductionInfo:
        found = self.introductions.get(name)
        if found is None:
            raise UsageError(f"there is no person who may become a contact called {name!r}")
        return found

    async def list_introductions(self) -> list[IntroductionInfo]:
        return list(self.introductions.values())

    async def add_contact(self, room: str, member: str, *, undo: bool = False) -> IntroductionInfo:
        made = introduction(member, state="waiting", room=room, by=None)
        if undo:
            return self.introductions.pop(member)
        self.introductions[member] = made
        return made

    async def introduce_contacts(self, one: str, other: str, *, undo: bool = False) -> IntroductionInfo:
        made = introduction(one, state="introducing", room=None, by=None, other=other)
        if undo:
            return self.introductions.pop(one)
        self.introductions[one] = made
        return made

    async def accept_contact(self, name: str, *, timeout: float | None = 30.0) -> ContactInfo:
        found = self._find_introduction(name)
        if found.state == "waiting":
            raise NotInTime(f"agreed, but {name} is no contact after {timeout} s")
        del self.introductions[name]
        like = next(iter(self.people.values()))
        known = self.people[name] = like.with_changes(
            name=name, how="room", through_room=found.room, introduced_by=found.by
        )
        return known

    async def decline_contact(self, name: str) -> IntroductionInfo:
        found = self._find_introduction(name)
        del self.introductions[name]
        return found
