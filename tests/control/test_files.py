"""A file as a value of the control socket."""

from __future__ import annotations

from p2pchat.control.events import read_event
from p2pchat.control.files import FileEvent
from tests.support.fake_files import file, moved


def test_an_event_of_a_file_comes_back_and_has_all_of_the_file() -> None:
    event = moved(file())
    record = dict(event.as_record())
    assert record["type"] == "file" and (record["from"], record["with"]) == ("bob", "bob")
    assert set(file().as_record()) | {"type", "change", "rate"} == set(record)
    read = read_event(record)
    assert isinstance(read, FileEvent) and read.name == "report.pdf"
