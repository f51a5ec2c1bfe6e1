"""What tests of the command line share: a fake node in place of the client's, and a way to run commands."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from p2pchat.cli.run import run
from p2pchat.client import create_home
from tests.support.fake_node import FakeNode


class Ran(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


Run = Callable[..., Ran]


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> FakeNode:
    """The node that every command finds."""
    fake = FakeNode("bob", "carol")
    monkeypatch.setattr("p2pchat.client.connect", lambda *_, **__: fake)
    return fake


@pytest.fixture
def p2pchat(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run one command in this process, with ``stdin`` as its input."""

    def command(*arguments: str, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = run(arguments)
        return Ran(code, *capsys.readouterr())

    return command


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home of ana's."""
    create_home(tmp_path / "home", "ana")
    return tmp_path / "home"


@pytest.fixture
def phrase(tmp_path: Path) -> Path:
    """A file with the phrase of a backup."""
    place = tmp_path / "phrase"
    place.write_text("a phrase of my own\n")
    place.chmod(0o600)
    return place
