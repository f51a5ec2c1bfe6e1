"""A member that was away gets everything when it is back: once, in order, byte for byte."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.processes import People, Person, Started

pytestmark = pytest.mark.real

EVERY_CONTROL = "".join(map(chr, (*range(0x20), *range(0x7F, 0xA0))))
HOSTILE = (
    EVERY_CONTROL,
    "\x1b]0;owned\x07\x1b[2J\x1b[31m\x1b]52;c;cm0gLXJm\x07\x1bP+q\x1b\\ \x9b31m",
    "\u202eevil\u202c \u2066isolated\u2069 \u200f\u061c",
    "שלום مرحبا 👩‍👩‍👧‍👦🏴󠁧󠁢󠁳󠁣󠁴󠁿 e\u0301 Z̸̢͎͚̑̽ \u2028\u2029",
    "line\r\nbreaks\rof\nevery\x0bkind\x0c" + "2026-01-02 03:04:05  bob: forged",
    "👩‍🚀" * 5957 + "123456789",
)
"""The last has 64 KiB."""


@pytest.fixture
def pair(tmp_path: Path, meeting: str) -> Iterator[tuple[Person, Person]]:
    with ExitStack() as stack:
        ana, bob = People(tmp_path, meeting, stack).friends("ana", "bob")
        yield ana, bob


def messages(listener: Started) -> list[str]:
    events = [json.loads(line) for line in listener.ended().stdout.splitlines()]
    return [event["text"] for event in events if event["type"] == "message"]


def history(of: Person, name: str) -> list[tuple[str, str]]:
    lines = [json.loads(line) for line in of.run("history", name, "--json").stdout.splitlines()]
    return [(line["id"], line["text"]) for line in lines]


def test_what_was_sent_meanwhile_arrives_once_though_both_were_killed(pair: tuple[Person, Person]) -> None:
    ana, bob = pair
    node = ana.node()
    queued = ana.run("send", "bob", "--wait", "queued", "first")
    waited = ana.run("send", "bob", "--wait", "delivered", "--timeout", "5", "second")
    assert (queued.returncode, waited.returncode) == (0, 6)
    sent = [(queued.stdout.strip(), "first"), (waited.stdout.strip(), "second")]
    node.process.kill()
    node.ended()
    assert messages(bob.start("listen", "--json", "--timeout", "1")) == []
    node = ana.node()
    assert messages(bob.start("listen", "--json", "--count", "2", "--timeout", "50")) == ["first", "second"]
    node.process.kill()
    node.ended()
    listening = bob.start("listen", "--json", "--count", "1", "--timeout", "50")
    third = ana.run("send", "bob", "third", "--timeout", "50")
    assert third.returncode == 0
    assert messages(listening) == ["third"]
    sent.append((third.stdout.strip(), "third"))
    assert history(ana, "bob") == sent
    assert [text for _, text in history(bob, "ana")] == [text for _, text in sent]


def test_hostile_text_arrives_as_sent_and_is_shown_harmless(pair: tuple[Person, Person]) -> None:
    assert len(HOSTILE[-1].encode()) == 1 << 16
    ana, bob = pair
    ana.node()
    for text in HOSTILE:
        # A last line break is the shell's, not the text's.
        assert ana.run("send", "bob", "--wait", "queued", "-", stdin=text + "\n").returncode == 0
    listening = bob.start("listen", "--json", "--count", str(len(HOSTILE)), "--timeout", "50")
    assert messages(listening) == list(HOSTILE)
    shown = bob.run("history", "ana").stdout
    assert len(shown.splitlines()) == len(HOSTILE)
    assert not [each for each in shown.replace("\n", "") if unicodedata.category(each) in ("Cc", "Zl", "Zp")]
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert HOSTILE[-1] in shown
    assert "שלום مرحبا 👩‍👩‍👧‍👦" in shown
