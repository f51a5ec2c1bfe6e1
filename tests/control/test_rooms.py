"""What is told of rooms is read as it was declared, and what is newer is kept."""

from __future__ import annotations

from p2pchat.control import events
from p2pchat.control.events import MessageEvent, UnknownEvent
from p2pchat.control.rooms import RoomEvent


def test_an_event_of_a_room_has_only_what_belongs_to_its_change() -> None:
    event = RoomEvent(room="#friends", change="joined", member="carol", by="bob")
    assert event.as_record() == {
        "type": "room",
        "room": "#friends",
        "change": "joined",
        "member": "carol",
        "by": "bob",
    }
    assert events.read_event(event.as_record()) == event


def test_a_change_of_a_later_version_is_still_an_event_of_a_room() -> None:
    read = events.read_event({"type": "room", "room": "#friends", "change": "painted", "colour": "red"})
    assert isinstance(read, RoomEvent) and read.as_record()["colour"] == "red"


def test_an_office_that_is_not_known_makes_an_unknown_event() -> None:
    read = events.read_event({"type": "room", "room": "#friends", "change": "role", "role": "jester"})
    assert isinstance(read, UnknownEvent)


def test_an_older_node_tells_of_no_rooms_in_a_message() -> None:
    line = {"type": "message", "id": "1", "from": "bob", "with": "bob", "room": None, "at": "", "text": "hi"}
    rest = {"outgoing": False, "state": "delivered", "expires_at": None, "rewritten": False}
    read = events.read_event({**line, **rest})
    assert isinstance(read, MessageEvent)
    assert (read.room, read.reached, read.of, read.could_read) == (None, None, None, [])
