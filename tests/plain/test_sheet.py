"""What a person reads is harmless, said once, and drawn with signs that the terminal shows."""

from __future__ import annotations

from p2pchat.chat.lines import line_of
from p2pchat.plain.sheet import REMEMBERED, Sheet
from p2pchat.wording.signs import ASCII, UNICODE, Signs
from tests.support.fake_node import message


def sheet(signs: Signs = UNICODE) -> tuple[Sheet, list[str]]:
    lines: list[str] = []
    return Sheet(lambda line: lines.append("".join(text for _, text in line)), signs), lines


def test_later_lines_of_a_message_cannot_pose_as_others() -> None:
    shown, lines = sheet()
    shown.show_once(line_of(message("1", "hi\n12:00 carol: pay\x1b[2J him")))
    assert lines[-1].endswith("bob: hi\n      12:00 carol: pay␛[2J him")


def test_lasting_trouble_is_told_once_and_again_when_it_comes_again() -> None:
    shown, lines = sheet()
    for _ in range(3):
        shown.tell_trouble("the node has stopped")
        shown.tell_trouble("it cannot be started; trying again")
    assert [line.strip() for line in lines] == ["the node has stopped", "it cannot be started; trying again"]
    shown.end_trouble("the node is back")
    shown.tell_trouble("the node has stopped")
    assert lines[-1].strip() == "the node has stopped"


def test_signs_are_those_that_the_terminal_shows() -> None:
    shown, lines = sheet(ASCII)
    shown.show_once(line_of(message("1", "hi", outgoing=True, state="queued")))
    assert lines[-1].endswith("me: hi  .")
    assert all(line.isascii() for line in lines)


def test_memory_of_what_was_shown_has_its_cap() -> None:
    shown, _ = sheet()
    for number in range(REMEMBERED + 1):
        assert shown.is_new(str(number))
    assert not shown.is_new(str(REMEMBERED)) and shown.is_new("0")
