"""A disk that fills up is reported in one line and costs nothing that was accepted; then all goes on."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from p2pchat.core.values.changes import PutMessage
from p2pchat.core.values.records import Message
from p2pchat.errors import StoreError
from p2pchat.store import KeyFile, Store
from p2pchat.types import MessageId, MessageState, conversation_with
from tests.support.processes import People, Person, Started

pytestmark = pytest.mark.real

LONG = "x" * 60_000
"""A message for which there is no room left, not even in what the store has taken already."""


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@contextmanager
def small_disk(folder: Path, size: str = "6m") -> Iterator[Path]:
    """A disk of 3 MB, or a skipped test."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "p2pchat-small", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a small disk (root)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Take all the space that is left."""
    filling = disk / "filling"
    with filling.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            return filling
    raise AssertionError("a disk without end")


def complaint(node: Started) -> str:
    """The next line of its stderr."""
    assert node.process.stderr is not None
    return node.process.stderr.readline()


def texts(person: Person, other: str) -> list[str]:
    lines = person.run("history", other, "--json").stdout.splitlines()
    return [json.loads(line)["text"] for line in lines]


def test_a_full_disk_loses_nothing_and_is_waited_for(stack: ExitStack, tmp_path: Path, meeting: str) -> None:
    disk = stack.enter_context(small_disk(tmp_path / "ana"))
    ana, bob = People(tmp_path, meeting, stack).friends("ana", "bob")
    node = ana.node()
    assert ana.run("send", "bob", "--wait", "queued", "accepted").returncode == 0
    filling = fill(disk)

    refused = ana.run("send", "bob", "--wait", "queued", LONG)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "the disk is full" in refused.stderr
    assert refused.stderr.count("\n") == 1
    bob.node()
    assert bob.run("send", "ana", LONG, "--timeout", "3").returncode == 6

    assert "nothing leaves" in complaint(node)

    filling.unlink()
    assert complaint(node) == "the disk takes data again\n"
    assert ana.run("send", "bob", "after", "--timeout", "50").returncode == 0
    assert bob.run("send", "ana", "after all", "--timeout", "100").returncode == 0, "in order: LONG is there"
    node.process.terminate()
    assert node.ended().stderr == ""
    for person, other in ((ana, "bob"), (bob, "ana")):
        assert sorted(texts(person, other)) == ["accepted", "after", "after all", LONG]


def fill_with_lines(home: Path) -> int:
    """Have a home take all the disk there is for what was said with bob; how many lines."""
    store = Store.open_store(home, KeyFile())
    bob = store.load_memory().contacts[0].id
    lines = 0
    try:
        while True:
            id = MessageId(f"{lines:032x}")
            line = Message(id, conversation_with(bob), bob, 1e9, "words " * 3000, MessageState.DELIVERED)
            store.commit_changes([PutMessage(line)])
            lines += 1
    except StoreError:
        store.close()
    return lines


def test_a_home_that_filled_its_own_disk_is_emptied_by_its_owner(
    stack: ExitStack, tmp_path: Path, meeting: str
) -> None:
    disk = stack.enter_context(small_disk(tmp_path / "ana", "8m"))
    ana, _ = People(tmp_path, meeting, stack).friends("ana", "bob")
    lines = fill_with_lines(ana.home)
    fill(disk)
    assert lines > 10
    assert (ana.home / "store.db-wal").exists() is False, "a stop leaves no log behind"

    while (refused := ana.run("send", "bob", "--wait", "queued", LONG, "--timeout", "20")).returncode == 0:
        lines += 1
    assert refused.returncode == 1 and "history forget" in refused.stderr
    assert len(texts(ana, "bob")) == lines

    node = ana.node()
    while (status := json.loads(ana.run("node", "status", "--json").stdout))["waits_for"] is None:
        ana.run("send", "bob", "--wait", "queued", LONG, "--timeout", "20")
    assert "the disk is full" in status["waits_for"]
    assert "waits for room" in ana.run("node", "status").stdout

    forgotten = ana.run("history", "forget", "bob", "--yes", "--json")
    assert forgotten.returncode == 0, forgotten.stderr
    assert texts(ana, "bob") == []
    assert "nothing leaves" in complaint(node)
    assert complaint(node) == "the disk takes data again\n", "what was forgotten is room"
    assert ana.run("send", "bob", "--wait", "queued", "room again").returncode == 0
    node.process.terminate()
    assert node.ended().returncode == 0


def test_a_home_that_cannot_be_written_can_be_read(
    stack: ExitStack, tmp_path: Path, meeting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = stack.enter_context(small_disk(tmp_path / "ana", "8m"))
    ana, _ = People(tmp_path, meeting, stack).friends("ana", "bob")
    assert ana.run("send", "bob", "--wait", "queued", "kept").returncode == 0
    copies = tmp_path / "copies"
    copies.mkdir()
    monkeypatch.setenv("TMPDIR", str(copies))
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    stack.callback(subprocess.run, ["mount", "-o", "remount,rw", str(disk)], check=True)
    assert texts(ana, "bob") == ["kept"]
    assert "ana" in ana.run("whoami").stdout
    assert ana.run("contacts", "list").stdout.endswith("bob\n")
    assert "bob" in ana.run("mesh", "list").stdout and meeting in ana.run("rendezvous", "list").stdout
    assert "a file system that takes no writes" in ana.run("node", "status").stderr
    asked = json.loads(ana.run("doctor", "--json").stdout)["checks"]
    assert [each["found"] for each in asked if not each["ok"]] == ["takes no writes: read-only"]
    for refused in (
        ana.run("send", "bob", "no"),
        ana.run("history", "forget", "bob", "--yes"),
        ana.run("listen", "--timeout", "60"),
    ):
        assert refused.returncode == 1
        assert "Read-only file system" in refused.stderr and refused.stderr.count("\n") == 1
    assert list(copies.iterdir()) == [], "a copy goes with the command that made it"
