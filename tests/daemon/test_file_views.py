"""Files are told with the names that people know."""

from __future__ import annotations

from p2pchat.core.values.files import FileMoved, FileState
from p2pchat.daemon import file_views
from p2pchat.daemon.names import Names
from tests.support.file_records import make_file
from tests.support.homes import BOB
from tests.support.room_views import FakeRoomList

NAMES = Names("ana", [BOB], FakeRoomList([]))


def test_who_offers_a_file_is_its_sender() -> None:
    theirs = file_views.file_info(make_file(b"content"), 3, NAMES)
    assert (theirs.sender, theirs.contact, theirs.size, theirs.bytes) == (BOB.name, BOB.name, 7, 3)
    ours = file_views.file_info(make_file(b"content", outgoing=True), 3, NAMES)
    assert (ours.sender, ours.contact, ours.outgoing) == ("ana", BOB.name, True)


def test_an_event_says_what_changed() -> None:
    file = make_file(b"content", state=FileState.WHOLE)
    turned, further = (file_views.moved(FileMoved(file, 7, 12.34, turned), NAMES) for turned in (True, False))
    assert (turned.change, turned.state, turned.rate) == ("state", "whole", 12.3)
    assert further.change == "bytes"
