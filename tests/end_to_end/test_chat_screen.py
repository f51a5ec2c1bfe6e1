"""The chat on the whole screen at a real terminal: from nothing to talking, and through what befalls it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import People, people
from tests.support.terminal import Terminal

pytestmark = pytest.mark.real


@pytest.fixture
def town(tmp_path: Path, meeting: str) -> Iterator[People]:
    with people(tmp_path, meeting) as everyone:
        yield everyone


def begin(chat: Terminal, name: str, url: str) -> None:
    """The first minute: a name, no passphrase, a rendezvous, as fast as one can type."""
    chat.until("welcome to p2pchat")
    chat.type(f"{name}\r\r\r{url}\r")
    chat.until("You have no contacts yet")


def test_two_begin_with_nothing_and_talk(town: People) -> None:
    hers, his = town.stranger("ana").terminal("chat"), town.stranger("bob").terminal("chat")
    begin(hers, "ana", town.url)
    begin(his, "bob", "")
    hers.pressed("\x1b[15~")
    hers.until("Waiting for them")
    code = next(word for word in hers.text.split() if word.count("-") == 3)
    his.pressed("\x1b[17~")
    his.until("three words, a link")
    his.type(f"p2pchat join {code} --rendezvous {town.url}")
    his.until(town.url[-12:])
    his.pressed("\r")
    hers.until("bob  here")
    his.until("ana  here")
    hers.type("hello bob")
    hers.until("hello bob")
    hers.pressed("\r")
    his.until("ana hello bob")
    hers.until("hello bob ✓✓")
    for terminal in (hers, his):
        terminal.type("\x11")
        assert terminal.ended() == 0


def test_it_outlives_its_node_and_keeps_what_is_typed(town: People) -> None:
    ana, bob = town.friends("ana", "bob")
    bob.node()
    node = ana.node()
    chat = ana.terminal("chat", "bob")
    chat.until("bob  here")
    assert ana.run("send", "bob", "from another program").returncode == 0
    chat.until("from another program ✓✓")
    chat.type("typed before,")
    chat.until("typed before,")
    node.process.kill()
    chat.type(" sent in that moment\r")
    chat.until("! the node has stopped")
    chat.until("typed before, sent in that moment ✓✓")
    chat.type("\x11")
    assert chat.ended() == 0
    assert "typed before, sent in that moment" in bob.run("listen", "--count", "2").stdout


def test_a_terminal_that_goes_away_ends_it_cleanly(town: People) -> None:
    ana, _ = town.friends("ana", "bob")
    chat = ana.terminal("chat", "bob")
    chat.until("bob  ")
    chat.process.send_signal(signal.SIGHUP)
    assert chat.ended() == 0, "one way to leave"
    assert ana.run("send", "bob", "--wait", "queued", "still well").returncode == 0
