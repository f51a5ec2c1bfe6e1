"""The words for rooms: who is in, and what happens there.

Knows: the words. Does not know: where they are shown, or lines of the history (``references``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from p2pchat.control.rooms import MemberInfo, Role, RoomCountsInfo, RoomEvent, RoomInfo
from p2pchat.control.values import given
from p2pchat.text import harmless_name, typed
from p2pchat.wording.lines import lifetime

SILENT: Final = "not heard yet"


def member_trust(member: MemberInfo) -> str:
    """What is known of who a member is, in a word."""
    if member.own:
        return "you"
    return "verified" if member.verified else "contact" if member.contact else "unknown"


def member_origin(member: MemberInfo) -> str:
    """``brought by bob``, or that the member has founded the room."""
    if member.brought_by is None:
        return "founded the room"
    return f"brought by {harmless_name(member.brought_by)}"


def member_role(role: Role) -> str:
    """The office, in a sentence."""
    return {"owner": "the owner", "admin": "an admin", "member": "an ordinary member"}[role]


def member_row(member: MemberInfo) -> str:
    """One line about a member; the name comes after what it could pretend."""
    silent = "" if member.spoke or member.own else SILENT
    name, origin = harmless_name(member.name), member_origin(member)
    return f"{member.role:<6} {member_trust(member):<8} {silent:<13}  {name}, {origin}"


def room_members(room: RoomInfo) -> str:
    """``4 members, 2 heard today, 1 not heard yet``, or who invites us."""
    told = [f"{room.members} member{'s' * (room.members != 1)}"]
    if room.state == "in":
        told.append(f"{room.lately} heard today")
        if room.silent:
            told.append(f"{room.silent} {SILENT}")
    elif room.state != "out" and room.invited_by is not None:
        told.append(f"{harmless_name(room.invited_by)} invites you")
    return ", ".join(told)


def room_counts(counts: RoomCountsInfo) -> str:
    """``2, 1 invitation, 3 members not heard yet``."""
    told = [str(counts.rooms)]
    for count, what in ((counts.offers, "invitation"), (counts.silent, "member")):
        if count:
            told.append(f"{count} {what}{'s' * (count != 1)}{f' {SILENT}' * (what == 'member')}")
    if counts.put_back:
        told.append(f"{counts.put_back} waiting for other members, because a copy was put back")
    return ", ".join(told)


_SAYINGS: Final[dict[str, Callable[[RoomEvent], str]]] = {
    "offered": lambda event: f"{_by(event)} invites you: p2pchat room accept {typed(event.room)}",
    "withdrawn": lambda event: f"{_by(event)} no longer invites you",
    "failed": lambda event: f"the invitation came to nothing: {given(event.why) or 'it is over'}",
    "accepted": lambda event: f"{_member(event)} accepted the invitation, and is let in as soon as possible",
    "declined": lambda event: f"{_member(event)} declined the invitation",
    "entered": lambda event: "you are in",
    "joined": lambda event: f"{_member(event)} is in, brought by {_by(event)}",
    "left": lambda event: f"{_member(event)} left",
    "removed": lambda event: f"{_by(event)} removed {_member(event)}",
    "out": lambda event: f"{_by(event)} removed you" if given(event.by) else "you are out",
    "role": lambda event: f"{_member(event)} is {member_role(given(event.role) or 'member')} now",
    "renamed": lambda event: f"was called {harmless_name(given(event.before) or '')} before",
    "disappearing": lambda event: f"what is written from now on {lifetime(given(event.disappear))}",
    "kept in": lambda event: f"{_member(event)} is still in: {_by(event)} has undone the removal",
    "gap": lambda event: f"no member has {_count(event)} of {_member(event)}",
    "told otherwise": lambda event: f"{_member(event)} has told other members something else than you",
    "withheld": lambda event: f"{_member(event)} builds upon changes of the room that no member has",
    "uneven": lambda event: f"{_member(event)} has given you other keys than the other members",
    "put back": lambda event: (
        "the other members have later messages of yours: this home was put back to a copy, or runs twice; "
        "nothing is written before the others were heard"
    ),
}
"""What a person is told without asking, by the change."""


def room_change(event: RoomEvent) -> str | None:
    """``carol is in, brought by bob``; None for what a person need not be told."""
    saying = _SAYINGS.get(event.change)
    return saying(event) if saying is not None else None


def room_line(event: RoomEvent) -> str | None:
    """``#friends: carol is in, brought by bob``; None for what a person need not be told."""
    change = room_change(event)
    return f"{harmless_name(event.room)}: {change}" if change is not None else None


def _member(event: RoomEvent) -> str:
    return harmless_name(given(event.member) or "a member")


def _by(event: RoomEvent) -> str:
    return harmless_name(given(event.by) or "a member")


def _count(event: RoomEvent) -> str:
    count = given(event.count) or 1
    return f"{count} message{'s' * (count != 1)}"
