"""Each message has its lines, whatever comes before, behind or in place of it."""

from __future__ import annotations

from p2pchat.chat.lines import lines_of
from p2pchat.tui.message_list import LOADED_MAX, MessageList
from tests.support.fake_node import message
from tests.support.fake_rooms import in_room
from tests.tui.conftest import talk


def loaded(count: int) -> tuple[MessageList, list[int]]:
    shifts: list[int] = []
    messages = MessageList(shifts.append)
    messages.set_width(60)
    messages.load_messages(lines_of(talk(count)))
    shifts.clear()
    return messages, shifts


def ids(messages: MessageList) -> list[str]:
    return [entry.message.id for entry in messages.entries]


def test_every_line_belongs_to_one_message_below_its_headings() -> None:
    messages, _ = loaded(3)
    messages.set_unread("m1")
    assert [messages.line_at(y) for y in range(messages.total)] == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0)]
    assert messages.headings_of(0) == [("day", "Friday 2 January 2026")]
    assert messages.headings_of(1) == [("unread", "2 new")]
    assert messages.headings_of(2) == []


def test_what_comes_above_is_told_in_lines_and_what_comes_below_is_not() -> None:
    messages, shifts = loaded(5)
    later = lines_of(talk(7))[5:]
    messages.add_page(later[:1], before=False, last=True)
    assert messages.add_message(later[1])
    assert shifts == [0, 0]
    messages.load_messages(lines_of(talk(7))[4:])
    shifts.clear()
    messages.add_page(lines_of(talk(4)), before=True, last=False)
    assert shifts == [4]
    assert (ids(messages), messages.oldest) == ([f"m{n}" for n in range(7)], False)


def test_what_is_there_is_not_added_again() -> None:
    messages, _ = loaded(3)
    (changed,) = lines_of([talk(1, "another text")[0]])
    assert not messages.add_message(changed)
    found = messages.find_message("m0")
    assert found is not None and found.text == "another text 0"
    messages.replace_message(lines_of(talk(9))[8])
    assert ids(messages) == ["m0", "m1", "m2"]


def test_too_many_are_dropped_where_they_are_farthest_from_view() -> None:
    messages, shifts = loaded(LOADED_MAX)
    (late,) = lines_of(talk(LOADED_MAX + 1))[-1:]
    messages.add_message(late)
    assert (messages.oldest, messages.newest, ids(messages)[0]) == (False, True, "m1")
    assert sum(shifts) == -2, "a heading and one line"
    messages.add_page(lines_of(talk(1)), before=True, last=True)
    assert (messages.oldest, messages.newest, ids(messages)[-1]) == (True, False, f"m{LOADED_MAX - 1}")


def test_what_is_removed_takes_its_lines_along() -> None:
    messages, _ = loaded(3)
    total = messages.total
    messages.remove_message("m1")
    messages.remove_message("m1")
    assert (ids(messages), messages.total) == (["m0", "m2"], total - 1)
    assert messages.find_message("m1") is None
    assert [line.id for line in messages.missing_from(lines_of(talk(2)))] == ["m2"]


def test_a_long_message_is_unfolded_and_folded_again() -> None:
    messages, _ = loaded(1)
    messages.load_messages(lines_of(talk(1, "a line\n" * 90)))
    folded = messages.total
    messages.toggle_fold("m0")
    assert messages.total > folded + 60
    messages.toggle_fold("m0")
    assert messages.total == folded


def test_the_newest_of_ours_in_a_room_leaves_no_trace_when_it_goes() -> None:
    messages = MessageList(lambda shift: None)
    messages.set_width(60)
    lines = [in_room(message(id, "hi", outgoing=True, state="relayed", reached=1, of=2)) for id in "ab"]
    messages.load_messages(lines_of(lines))
    texts = ["".join(text for _, text in entry.lines[-1]) for entry in messages.entries]
    assert [text.split()[-5:] for text in texts] == [
        ["hi", "✓", "1", "of", "2"],
        ["delivered", "to", "1", "of", "2"],
    ]
    messages.remove_message("b")
    assert messages.find_message("b") is None
    assert "delivered to 1 of 2" in "".join(text for _, text in messages.entries[-1].lines[-1])
    messages.load_messages([])
    assert messages.find_message("a") is None
