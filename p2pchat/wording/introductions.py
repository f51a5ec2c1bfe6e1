"""The words for introductions: who asks, who introduces, what became of it.

Knows: the words. Does not know: where they are shown.
"""

from __future__ import annotations

from typing import Final

from p2pchat.control.answers import ContactInfo
from p2pchat.control.introductions import IntroductionEvent, IntroductionInfo
from p2pchat.control.values import given
from p2pchat.text import harmless_name, typed

_HOW: Final = {"words": "by an invite's words", "link": "by an invite's link"}

_OVER: Final = {
    "declined": "{who} declines",
    "withdrawn": "the request about {name} was taken back",
    "expired": "the request about {name} was not answered in two weeks",
    "void": "nothing comes of the request about {name}: you two are no longer brought together by anything",
    "full": "{name} has too many requests open; try later",
    "failed": "nothing comes of the request about {name}: what the other node said does not fit",
}


def meeting(contact: ContactInfo) -> str:
    """How one met a contact: ``met through #friends, brought by ana``, ``introduced by ivo``, or by an
    invite."""
    by = harmless_name(contact.introduced_by) if contact.introduced_by else ""
    if contact.through_room:
        room = f"met through {harmless_name(contact.through_room)}"
        return f"{room}, brought by {by}" if by else room
    return f"introduced by {by}" if by else _HOW.get(contact.how, contact.how)


def introduction_row(info: IntroductionInfo) -> str:
    """One line about an introduction that is not over; the name comes after what it could pretend."""
    if info.other is not None:
        agreed = ", ".join(map(harmless_name, info.agreed)) or "none yet"
        return f"you introduce  {harmless_name(info.name)} and {harmless_name(info.other)} (agreed: {agreed})"
    state = "asks you" if info.state == "requested" else "waiting"
    return f"{state:<13}  {_origin(info.room, info.by)}{harmless_name(info.name)}"


def introduction_request(name: str, room: str | None, by: str | None) -> str:
    """``through #friends, brought by ana: dora wants to be a contact of yours``; a name cannot pretend what
    comes before it."""
    return f"{_origin(room, by)}{harmless_name(name)} wants to be a contact of yours"


def introduction_line(event: IntroductionEvent) -> str:
    """A sentence for an event."""
    name, other = harmless_name(event.name), given(event.other)
    contact = given(event.contact)
    if other is not None:
        return _tell_friend(event.change, name, harmless_name(other), harmless_name(contact or ""))
    origin = _origin(given(event.room), given(event.by))
    match event.change:
        case "requested":
            asks = introduction_request(event.name, given(event.room), given(event.by))
            return f"{asks}. To agree:  p2pchat contacts accept {typed(event.name)}"
        case "made":
            return f"{origin}{name} is asked to be a contact of yours"
        case "agreed":
            return f"{origin}you agree to be a contact of {name}"
        case "completed":
            return f"{origin}{name} is a contact of yours now. Compare the safety number with {name}"
        case change:
            return _OVER.get(change, "{name}: " + change).format(name=name, who=name)


def _tell_friend(change: str, one: str, other: str, who: str) -> str:
    match change:
        case "made":
            return f"{one} and {other} are asked whether they want to be contacts"
        case "agreed":
            return f"{who} agrees to be introduced ({one} and {other})"
        case "completed":
            return f"{one} and {other} are contacts now"
        case "declined":
            return f"{who} does not want to be introduced ({one} and {other})"
        case _:
            return f"nothing comes of the introduction of {one} and {other}"


def _origin(room: str | None, by: str | None) -> str:
    if room is not None:
        brought = f", brought by {harmless_name(by)}" if by is not None else ""
        return f"through {harmless_name(room)}{brought}: "
    return f"introduced by {harmless_name(by)}: " if by is not None else ""
