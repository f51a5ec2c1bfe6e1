"""Events that a person is told without asking: of contacts' decisions, messages, sessions,
rooms, introductions and files.

Knows: which events those are. Does not know: where they are shown.
"""

from __future__ import annotations

from p2pchat.control.events import ContactEvent, ListenEvents, SessionEvent
from p2pchat.control.files import FileEvent
from p2pchat.control.introductions import IntroductionEvent
from p2pchat.control.rooms import RoomEvent
from p2pchat.wording.files import file_line
from p2pchat.wording.introductions import introduction_line
from p2pchat.wording.lines import contact_line
from p2pchat.wording.references import reference_line
from p2pchat.wording.rooms import room_line
from p2pchat.wording.sessions import session_line


def notice(event: ListenEvents) -> str | None:
    """The sentence for an event that a person must see; None for any other."""
    if isinstance(event, SessionEvent):
        return session_line(event)
    if isinstance(event, FileEvent):
        return file_line(event) if event.change == "state" else None
    if isinstance(event, IntroductionEvent):
        return introduction_line(event)
    if isinstance(event, RoomEvent):
        return room_line(event)
    if isinstance(event, ContactEvent) and event.change in ("disappearing", "over quota"):
        return contact_line(event)
    return reference_line(event)
