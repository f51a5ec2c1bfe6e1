"""The chat at a real terminal takes what is typed in order, however it comes, and outlives any byte."""

from __future__ import annotations

import json
import re
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from rich.cells import cell_len

from p2pchat.chat.widths import count_columns, drawable
from p2pchat.control.events import LinkEvent, ListenEvents, MessageEvent
from p2pchat.control.values import plain
from tests.support.fake_node import message, told
from tests.support.processes import environment
from tests.support.screen import Screen
from tests.support.terminal import Terminal

pytestmark = pytest.mark.real

At = Callable[..., Terminal]
Sent = Callable[[Terminal], list[tuple[str, str]]]
CTRL_C, CTRL_N, CTRL_P, CTRL_Q = "\x03", "\x0e", "\x10", "\x11"
CTRL_S, CTRL_U, CTRL_Z = "\x13", "\x15", "\x1a"
ESCAPE, UP, RIGHT, END, DELETE = "\x1b", "\x1b[A", "\x1b[C", "\x1b[F", "\x1b[3~"


@pytest.fixture
def at_terminal(tmp_path: Path) -> Iterator[At]:
    """Open a chat with bob and carol at a terminal."""
    with ExitStack() as stack:

        def opened(
            said: Sequence[MessageEvent] = (),
            rows: int = 24,
            columns: int = 80,
            screen: Screen | None = None,
            events: Sequence[ListenEvents] = (),
            early: str = "",
        ) -> Terminal:
            setting = json.dumps(
                {
                    "names": ["bob", "carol"],
                    "said": [plain(each) for each in said],
                    "events": [plain(each) for each in events],
                    "sent": str(tmp_path / "sent"),
                }
            )
            command = [sys.executable, "-m", "tests.support.lone_chat", setting]
            terminal = stack.enter_context(Terminal(command, environment(), rows, columns, screen=screen))
            terminal.type(early)
            terminal.until("F1 help")
            return terminal

        yield opened


@pytest.fixture
def sent(tmp_path: Path) -> Sent:
    """Leave the chat; what was sent, and to whom."""

    def ended(terminal: Terminal) -> list[tuple[str, str]]:
        terminal.type(CTRL_Q)
        assert terminal.ended() == 0, terminal.text
        return [(to, text) for to, text in json.loads((tmp_path / "sent").read_text())["sent"]]

    return ended


@pytest.mark.parametrize(
    ("burst", "reaches"),
    [
        (f"for bob only\r{CTRL_N}hi carol\r", [("bob", "for bob only"), ("carol", "hi carol")]),
        ("u1\ru2\ru3\r", [("bob", "u1"), ("bob", "u2"), ("bob", "u3")]),
        ("one\ntwo\r", [("bob", "one\ntwo")]),
        (f"no{CTRL_C}yes\r", [("bob", "yes")]),
        ("/sw\t c\t\rhi\r", [("carol", "hi")]),
        ("//x\rab\x7fc\r", [("bob", "/x"), ("bob", "ac")]),
    ],
)
def test_one_write_is_taken_as_keys_one_after_another(
    at_terminal: At, sent: Sent, burst: str, reaches: list[tuple[str, str]]
) -> None:
    terminal = at_terminal()
    terminal.type(burst + "the end")
    terminal.until("the end")
    assert sent(terminal) == reaches


@pytest.mark.parametrize(("rows", "columns"), [(24, 80), (20, 60)])
def test_what_is_typed_before_the_chat_is_there_is_taken_in_order(
    at_terminal: At, sent: Sent, rows: int, columns: int
) -> None:
    terminal = at_terminal(rows=rows, columns=columns, early=f"early\r{CTRL_N}for carol\r{CTRL_P}half")
    terminal.until("half")
    terminal.type(" a line\rone\ntwo\r")
    terminal.until("two")
    assert sent(terminal) == [
        ("bob", "early"),
        ("carol", "for carol"),
        ("bob", "half a line"),
        ("bob", "one\ntwo"),
    ]


CLICK = "\x1b[<0;40;3M\x1b[<0;40;3m"


@pytest.mark.parametrize(
    ("burst", "reaches"),
    [
        (f"{CLICK}see you later\r", [("bob", "see you later")]),
        ("\x1bhey you\r", [("bob", "hey you")]),
        (f"\x1b/disappear banana\r{CTRL_C}x\r", [("bob", "x")]),
        ("\x1b[3~ex\r", [("bob", "ex")]),
    ],
)
def test_a_text_is_sent_and_history_stays_after_any_command(
    at_terminal: At, sent: Sent, tmp_path: Path, burst: str, reaches: list[tuple[str, str]]
) -> None:
    said = [message("1", "said before", at="2026-01-02T03:04:05Z")]
    terminal = at_terminal(said)
    terminal.until("bob said before")
    terminal.type(burst + "the end")
    terminal.until("the end")
    assert sent(terminal) == reaches
    assert json.loads((tmp_path / "sent").read_text())["said"] == [plain(each) for each in said]


@pytest.mark.parametrize(
    "data",
    [
        b"\xfc",
        b"\xf0\x9fabc",
        b"\x1b[200~x\xffy\x1b[201~",
        b"\x8d",
        b"\x1b[M\xff\xfe\xfd",
        b"\x1b[1114112u",
        b"\x1b[99999999999999999999u",
    ],
)
def test_no_byte_ends_it(at_terminal: At, sent: Sent, data: bytes) -> None:
    terminal = at_terminal()
    terminal.send(data)
    terminal.type(f"{CTRL_C}alive\r")
    terminal.until("me alive")
    assert sent(terminal)[-1] == ("bob", "alive")


LONG = "https://example.org/a/path/with?query=1&" + "and=another&" * 12 + "the=endZ"


@pytest.mark.parametrize(("rows", "columns"), [(24, 80), (30, 100), (20, 60)])
def test_a_talk_opens_at_its_newest_message_with_every_letter(
    at_terminal: At, sent: Sent, rows: int, columns: int
) -> None:
    said = [message(str(n), f"line {n}", at=f"2026-01-02T03:{n % 60:02d}:05Z") for n in range(59)]
    said.append(message("60", LONG, at="2026-01-02T03:59:06Z"))
    terminal = at_terminal(said, rows, columns)
    terminal.until("Z")
    talk = (line[-columns + 30 :] if columns > 72 else line for line in terminal.text.splitlines())
    assert LONG[8:] in "".join(re.sub(r"[│▕▐█▁-▇\s]", "", line) for line in talk)
    assert sent(terminal) == []


def test_what_was_sent_right_before_leaving_is_sent(at_terminal: At, tmp_path: Path) -> None:
    terminal = at_terminal()
    terminal.type(f"bye\r{CTRL_Q}")
    assert terminal.ended() == 0
    assert json.loads((tmp_path / "sent").read_text())["sent"] == [["bob", "bye"]]


@pytest.mark.parametrize("how", [CTRL_Z, signal.SIGSTOP])
def test_after_a_suspension_all_is_drawn_again(
    at_terminal: At, sent: Sent, how: str | signal.Signals
) -> None:
    terminal = at_terminal([message("1", "said before", at="2026-01-02T03:04:05Z")])
    terminal.until("said before")
    terminal.type("half a line")
    terminal.until("half a line")
    if isinstance(how, str):
        terminal.type(how)
    else:
        terminal.process.send_signal(how)
    terminal.resumed()
    for part in ("carol", "bob  here", "said before", "half a line", "1 link", "F1 help"):
        terminal.until(part)
    terminal.type("\r")
    terminal.until("me  half a line")
    assert sent(terminal) == [("bob", "half a line")]


def test_pasted_code_keeps_its_columns(at_terminal: At, sent: Sent) -> None:
    code = "for i in y:\n\tif i:\n\t\tprint(i)\na\tb"
    terminal = at_terminal([message("1", code, at="2026-01-02T03:04:05Z")], columns=70)
    terminal.until("a   b")
    rows = terminal.text.splitlines()
    column = next(row for row in rows if "for i in y" in row).index("for i")
    lines = [row for row in rows if "if i:" in row or "print(i)" in row or "a   b" in row]
    shown = [row[column:].rstrip() for row in lines]
    assert shown == ["    if i:", "        print(i)", "a   b"]
    assert sent(terminal) == []


F4 = "\x1bOS"


@pytest.mark.parametrize(("rows", "columns"), [(24, 80), (24, 100), (20, 60)])
def test_the_panel_of_the_mesh_leaves_in_sight_what_one_writes(
    at_terminal: At, sent: Sent, rows: int, columns: int
) -> None:
    terminal = at_terminal([message("1", "said before", at="2026-01-02T03:04:05Z")], rows, columns)
    terminal.until("bob said before")
    terminal.pressed(F4)
    terminal.until_gone("bob said before")
    terminal.type("blind?")
    terminal.until("blind?")
    terminal.type("\x1b")
    terminal.until("bob said before")
    terminal.until("F1 help")
    terminal.pressed(F4)
    terminal.until_gone("bob said before")
    terminal.type(" no\r")
    terminal.until("me  blind? no")
    terminal.until("bob said before")
    assert sent(terminal) == [("bob", "blind? no")]


def test_who_lists_everyone_and_takes_no_letter_away(at_terminal: At, sent: Sent) -> None:
    terminal = at_terminal()
    terminal.type("/who\r")
    terminal.until("here · not verified", times=2)
    terminal.type("still writing\r")
    terminal.until("me still writing")
    assert sent(terminal) == [("bob", "still writing")]


@pytest.mark.parametrize(
    ("columns", "privacy"),
    [(120, "hidden among 8 computers"), (80, "hidden among 8"), (60, "hidden among 8")],
)
def test_no_half_a_sentence_is_said_of_privacy(at_terminal: At, columns: int, privacy: str) -> None:
    terminal = at_terminal(columns=columns)
    terminal.until(privacy)
    terminal.type("on its way\r")
    terminal.until("1 on the way")
    (line,) = [row for row in terminal.text.splitlines() if "1 link" in row]
    told = {part.strip() for part in line.split(" · ")}
    assert told <= {"1 link", "1 on the way", "hidden among 8 computers", "hidden among 8"}
    assert len(told) == 3


def test_without_a_link_no_contact_is_said_to_be_here(at_terminal: At) -> None:
    terminal = at_terminal(events=[told(LinkEvent, links=0, change="down")])
    terminal.until("bob  here")
    terminal.until("● bob")
    terminal.type("hi\r")
    terminal.until("? bob")
    terminal.until("? carol")
    terminal.until_gone("bob  here")
    assert "●" not in terminal.text
    assert "here" not in terminal.text.replace("here or away is not known", "")


TEN = [message(str(n), f"line {n}", at=f"2026-01-02T03:04:{n:02d}Z") for n in range(10)]
"""So many that no notice covers the last."""


def test_a_line_that_was_rewritten_is_marked(at_terminal: At, sent: Sent, tmp_path: Path) -> None:
    terminal = at_terminal(TEN)
    terminal.until("bob line 9")
    terminal.pressed(ESCAPE)
    terminal.type("\r")
    terminal.until("Rewrite my copy")
    terminal.type(f"{UP}{UP}\r")
    terminal.until("Ctrl-S rewrites it")
    terminal.type(f"{END}{CTRL_U}never said{CTRL_S}")
    terminal.until("bob never said ✎ rewritten here")
    assert terminal.text.count("rewritten here") == 1
    assert sent(terminal) == []
    said = json.loads((tmp_path / "sent").read_text())["said"]
    assert [(line["text"], line["rewritten"]) for line in said[-2:]] == [
        ("line 8", False),
        ("never said", True),
    ]


@pytest.mark.parametrize(
    ("selects", "act", "question", "done", "left"),
    [
        (True, DELETE, "Delete this message here?", "deleted here", 9),
        (False, "/forget\r", "Delete all messages with bob here?", "10 messages with bob deleted here", 0),
    ],
)
def test_what_deletes_asks_first_and_says_what_it_did(
    at_terminal: At, sent: Sent, tmp_path: Path, selects: bool, act: str, question: str, done: str, left: int
) -> None:
    terminal = at_terminal(TEN)
    terminal.until("bob line 9")
    if selects:
        terminal.pressed(ESCAPE)
    terminal.type(act)
    terminal.until(question)
    terminal.type("\r")
    terminal.until_gone(question)
    assert done not in terminal.text
    terminal.until("bob line 9")
    terminal.type(act)
    terminal.until(question)
    terminal.type(f"{RIGHT}\r")
    terminal.until(done)
    terminal.until_gone("bob line 9")
    assert sent(terminal) == []
    assert json.loads((tmp_path / "sent").read_text())["said"] == [plain(each) for each in TEN[:left]]


def joining(before: str, new: str) -> int:
    """A terminal that draws what belongs together as one sign."""
    return max(0, cell_len(before + new) - cell_len(before)) if before else cell_len(new)


def apart(before: str, new: str) -> int:
    """A terminal that draws each character for itself."""
    return count_columns(new)


SCRIPTS = (
    "👩\u200d👩\u200d👧👍🏽👍🏿",
    "नमस्ते दुनिया कि कोई",
    "வணக்கம் கொடு",
    "日本語、です。",
    "שָׁלוֹם اَلسَّلَامُ",
    "a\u200db\u200dc",
    "❤️ 1️⃣",
    "e\u0301u\u0308",
)


@pytest.mark.parametrize("columns", [60, 110])
@pytest.mark.parametrize("width", [joining, apart])
def test_every_part_of_the_screen_stays_in_its_columns(
    at_terminal: At, sent: Sent, width: Callable[[str, str], int], columns: int
) -> None:
    said = [
        message(str(n), f"{text} " * 8 + f"end{n}", at="2026-01-02T03:04:05Z")
        for n, text in enumerate(SCRIPTS)
    ]
    screen = Screen(40, columns, width)
    terminal = at_terminal(said, 40, columns, screen)
    terminal.until("end7")
    for keys in (CTRL_N, CTRL_P, F4, F4):
        terminal.pressed(keys)
    shown = "".join("".join(row) for row in terminal.cells)
    for number, text in enumerate(SCRIPTS):
        assert f"end{number}" in shown
        for letter in drawable(text).replace("\u200d", "").replace(" ", ""):
            assert shown.count(letter) >= 8, (letter, text)
    if columns > 72:
        borders = {row.index("▕") for row in terminal.cells[:-2]}
        assert len(borders) == 1, "where the list ends"
    assert all(len(row) == columns for row in terminal.cells)
    assert sent(terminal) == []
