"""A home is made once, knowingly."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_without_a_passphrase_it_is_said_what_that_means(p2pchat: Run, home: Path) -> None:
    ran = p2pchat("--home", str(home), "init", "--name", "ana", "--no-passphrase")
    assert (ran.code, ran.out) == (0, f"{home}\n")
    assert "Everyone with access to this disk" in ran.err


def test_an_identity_is_never_overwritten(p2pchat: Run, home: Path) -> None:
    p2pchat("--home", str(home), "init", "--name", "ana", "--no-passphrase")
    before = {path.name: path.read_bytes() for path in home.iterdir()}
    assert p2pchat("--home", str(home), "init", "--name", "eve", "--no-passphrase").code == 2
    assert {path.name: path.read_bytes() for path in home.iterdir()} == before


def test_json_tells_what_was_made(p2pchat: Run, home: Path) -> None:
    url = "wss://meet.example.org"
    ran = p2pchat(
        "--home", str(home), "--json", "init", "--name", "ana", "--no-passphrase", "--rendezvous", url
    )
    made = {"name": "ana", "home": str(home), "rendezvous": [url], "passphrase": False}
    assert json.loads(ran.out) == made


@pytest.mark.parametrize(
    "flags", [["--name", ""], ["--name", "a\x1bb"], ["--name", "a", "--rendezvous", "http://x"], []]
)
def test_what_cannot_be_is_refused(flags: list[str], p2pchat: Run, home: Path) -> None:
    assert p2pchat("--home", str(home), "init", "--no-passphrase", *flags).code == 2
    assert not (home / "keys").exists()


def test_one_kind_of_lock_only(p2pchat: Run, home: Path, tmp_path: Path) -> None:
    (tmp_path / "p").write_text("secret")
    ran = p2pchat(
        "--home",
        str(home),
        "init",
        "--name",
        "a",
        "--no-passphrase",
        "--passphrase-file",
        str(tmp_path / "p"),
    )
    assert ran.code == 2


def test_wipe_asks_and_then_leaves_nothing(p2pchat: Run, home: Path) -> None:
    p2pchat("--home", str(home), "init", "--name", "ana", "--no-passphrase")
    assert p2pchat("--home", str(home), "wipe").code == 2
    assert (home / "keys").exists()
    assert p2pchat("--home", str(home), "wipe", "--yes").code == 0
    assert not any(path.is_file() and path.stat().st_size for path in home.iterdir())
    assert p2pchat("--home", str(home), "wipe", "--yes").code == 2


def test_a_folder_of_other_things_does_not_become_a_home(p2pchat: Run, home: Path) -> None:
    home.mkdir(mode=0o755)
    (home / "letters").touch()
    ran = p2pchat("--home", str(home), "init", "--name", "ana", "--no-passphrase")
    assert (ran.code, ran.out) == (2, "")
    assert "holds something else (letters)" in ran.err
    assert [each.name for each in home.iterdir()] == ["letters"]
    assert home.stat().st_mode & 0o777 == 0o755


def test_what_an_interrupted_attempt_has_left_does_not_stop_the_next(p2pchat: Run, home: Path) -> None:
    home.mkdir()
    for name in ("node.lock", "store.db", "store.db-wal", "keys.new", "store.count", "lost+found"):
        (home / name).touch()
    assert p2pchat("--home", str(home), "init", "--name", "ana", "--no-passphrase").code == 0
