"""The examples of the documents, as they stand: real nodes, two homes, one rendezvous."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.processes import PATIENCE_S, ROOT, Person, Started, environment, people

pytestmark = pytest.mark.real

EXAMPLES = ROOT / "docs" / "examples"


@pytest.fixture
def pair(tmp_path: Path, meeting: str) -> Iterator[list[Person]]:
    with people(tmp_path, meeting) as town:
        yield town.friends("ana", "bob")


@pytest.fixture
def start() -> Iterator[Callable[..., Started]]:
    """Starts a program of ours in somebody's home."""
    started: list[Started] = []

    def starting(person: Person, program: str, *arguments: str) -> Started:
        command = [sys.executable, str(EXAMPLES / program), *arguments]
        started.append(Started(command, P2PCHAT_HOME=str(person.home)))
        return started[-1]

    yield starting
    for each in started:
        each.process.kill()
        each.process.communicate()


def _said(person: Person, name: str) -> list[tuple[str, str]]:
    lines = [json.loads(line) for line in person.run("history", name, "--json").stdout.splitlines()]
    return [(line["from"], line["text"]) for line in lines]


def test_each_can_be_run() -> None:
    programs = [path for path in EXAMPLES.iterdir() if path.read_bytes().startswith(b"#!")]
    assert len(programs) >= 3
    assert all(os.access(path, os.X_OK) for path in programs)


def test_the_echo_bot_answers_once_also_after_it_was_killed(
    pair: list[Person], start: Callable[..., Started]
) -> None:
    ana, bob = pair
    ana.node()
    bot = start(bob, "echo_bot.py")
    listening = ana.start("listen", "--json", "--count", "3")
    for text in ("one", "two\nlines"):
        assert ana.run("send", "bob", text).returncode == 0
    bot.process.kill()
    bot.process.wait()
    start(bob, "echo_bot.py")
    assert ana.run("send", "bob", "שלום").returncode == 0
    assert listening.ended().returncode == 0
    assert [text for who, text in _said(ana, "bob") if who == "bob"] == ["one", "two\nlines", "שלום"]


def test_the_alert_relay_sends_each_line_once(pair: list[Person], tmp_path: Path) -> None:
    ana, bob = pair
    ana.node()
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "p2pchat").write_text(f'#!/bin/sh\nexec {sys.executable} -m p2pchat "$@"\n')
    (tools / "p2pchat").chmod(0o700)
    log = ["12:00 disk full", "-", "12:01 $(reboot) `x` \"q\" 'q' \\n", "", "x" * 1000]

    def relay(lines: list[str], to: str = "bob") -> int:
        return subprocess.run(
            [EXAMPLES / "alert-relay", to],
            input="\n".join(lines),
            text=True,
            env=environment(P2PCHAT_HOME=str(ana.home), PATH=f"{tools}:{os.environ['PATH']}"),
            timeout=PATIENCE_S,
            check=False,
        ).returncode

    assert relay(log) == 0
    assert relay([*log, "12:02 and again"]) == 0
    assert relay(["12:03"], to="nobody") == 2
    expected = [line for line in [*log, "12:02 and again"] if line]
    assert bob.run("listen", "--count", str(len(expected)), "--timeout", "40").returncode == 0
    assert _said(bob, "ana") == [("ana", line) for line in expected]


def test_the_logger_has_both_sides_once_each_and_hears_nothing_for_you(
    pair: list[Person], start: Callable[..., Started], tmp_path: Path
) -> None:
    ana, bob = pair
    ana.node()
    bob.node()
    log = tmp_path / "chats" / "bob.jsonl"

    def logged(count: int) -> list[tuple[str, str]]:
        end = time.monotonic() + PATIENCE_S
        while not log.exists() or log.read_text().count("\n") < count:
            assert time.monotonic() < end, "it is not in the log"
            time.sleep(0.05)
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        return [(line["from"], line["text"]) for line in lines]

    assert bob.run("send", "ana", "before it ran").returncode == 0
    logger = start(ana, "conversation_logger.py", str(log.parent))
    assert ana.run("send", "bob", "while it runs").returncode == 0
    assert logged(2) == [("bob", "before it ran"), ("ana", "while it runs")]
    logger.process.kill()
    logger.process.wait()
    with log.open("a") as file:
        file.write('{"id": "half a li')
    assert bob.run("send", "ana", "while it was dead").returncode == 0
    start(ana, "conversation_logger.py", str(log.parent))
    assert logged(3)[-1] == ("bob", "while it was dead")
    assert logged(3) == _said(ana, "bob")
    assert ana.run("listen", "--count", "2").returncode == 0
