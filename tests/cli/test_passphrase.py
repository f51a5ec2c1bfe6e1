"""A home's lock is changed knowingly, and a keyring is asked only where that was wanted."""

from __future__ import annotations

import os
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from tests.cli.conftest import Run


class Memory(KeyringBackend):
    """A keyring of a desktop that forgets at the end of the test."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}
        self.works = True

    def get_password(self, service: str, username: str) -> str | None:
        if not self.works:
            raise RuntimeError("the desktop is locked")
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.kept:
            raise PasswordDeleteError("none is kept")
        del self.kept[service, username]


@pytest.fixture
def desktop() -> Iterator[Memory]:
    before, memory = keyring.get_keyring(), Memory()
    keyring.set_keyring(memory)
    yield memory
    keyring.set_keyring(before)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    for name in ("old", "new"):
        (tmp_path / name).write_text(f"{name} secret\n")
        (tmp_path / name).chmod(0o600)
    return {name: str(tmp_path / name) for name in ("old", "new")}


@pytest.fixture
def home(p2pchat: Run, tmp_path: Path, files: dict[str, str]) -> str:
    home = str(tmp_path / "home")
    made = p2pchat("--home", home, "--passphrase-file", files["old"], "init", "--name", "ana")
    assert made.code == 0, made.err
    return home


def opens(p2pchat: Run, home: str, *unlock: str) -> bool:
    ran = p2pchat("--home", home, *unlock, "whoami")
    assert ran.code in (0, 2, 4), ran.err
    return ran.code == 0


@pytest.mark.real
def test_the_new_one_opens_the_home_and_the_old_one_does_not(
    p2pchat: Run, home: str, files: dict[str, str]
) -> None:
    old, new = ("--passphrase-file", files["old"]), ("--passphrase-file", files["new"])
    assert p2pchat("--home", home, *new, "passphrase", "--remove").code == 4
    assert p2pchat("--home", home, *old, "passphrase", "--new-file", files["new"]).code == 0
    assert not opens(p2pchat, home, *old)
    assert opens(p2pchat, home, *new)
    removed = p2pchat("--home", home, *new, "passphrase", "--remove")
    assert (removed.code, "everyone with access to this disk" in removed.err) == (0, True)
    assert opens(p2pchat, home)


def composed_files(folder: Path) -> dict[str, str]:
    """One passphrase in two files: its letters composed, and as macOS may write them."""
    for form in ("NFC", "NFD"):
        (folder / form).write_bytes(unicodedata.normalize(form, "Zażółć gęślą jaźń\n").encode())
        (folder / form).chmod(0o600)
    return {form: str(folder / form) for form in ("NFC", "NFD")}


@pytest.mark.real
def test_a_file_opens_the_home_however_the_letters_in_it_are_composed(p2pchat: Run, tmp_path: Path) -> None:
    home, files = str(tmp_path / "home"), composed_files(tmp_path)
    made, other = (("--passphrase-file", files[form]) for form in ("NFC", "NFD"))
    assert p2pchat("--home", home, *made, "init", "--name", "ana").code == 0
    assert opens(p2pchat, home, *other)
    assert p2pchat("--home", home, *other, "passphrase", "--new-file", files["NFD"]).code == 0
    assert opens(p2pchat, home, *made)


@pytest.mark.real
def test_a_phrase_file_opens_a_backup_however_the_letters_in_it_are_composed(
    p2pchat: Run, tmp_path: Path
) -> None:
    home, backup, files = str(tmp_path / "home"), str(tmp_path / "ana.backup"), composed_files(tmp_path)
    phrase = "--backup-passphrase-file"
    assert p2pchat("--home", home, "init", "--name", "ana", "--no-passphrase").code == 0
    assert p2pchat("--home", home, "backup", backup, phrase, files["NFC"]).code == 0
    assert p2pchat("backup", "--check", backup, phrase, files["NFD"]).code == 0


@pytest.mark.real
def test_a_keyring_opens_the_home_until_the_passphrase_changes(
    p2pchat: Run, home: str, files: dict[str, str], desktop: Memory
) -> None:
    old = ("--passphrase-file", files["old"])
    assert not opens(p2pchat, home)
    assert p2pchat("--home", home, *old, "passphrase", "--keyring").code == 0
    assert list(desktop.kept.values()) == ["old secret"]
    assert opens(p2pchat, home)
    desktop.works = False
    assert not opens(p2pchat, home)
    desktop.works = True
    assert p2pchat("--home", home, *old, "passphrase", "--new-file", files["new"]).code == 0
    assert desktop.kept == {}
    assert not opens(p2pchat, home)


def test_a_wrong_passphrase_is_not_kept(
    p2pchat: Run, home: str, files: dict[str, str], desktop: Memory
) -> None:
    assert p2pchat("--home", home, "--passphrase-file", files["new"], "passphrase", "--keyring").code == 4
    assert desktop.kept == {}


def test_where_there_is_no_keyring_one_line_says_so(
    p2pchat: Run, home: str, files: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "keyring", None)
    ran = p2pchat("--home", home, "--passphrase-file", files["old"], "passphrase", "--keyring")
    assert ran.code == 2
    assert "pip install keyring" in ran.err
    assert ran.err.count("\n") == 1


def test_what_excludes_itself_is_refused(p2pchat: Run, home: str) -> None:
    assert p2pchat("--home", home, "passphrase", "--remove", "--keyring").code == 2
    assert p2pchat("--home", f"{home}-not", "passphrase").code == 2


def test_a_passphrase_file_that_others_can_read_is_warned_of_and_used(
    p2pchat: Run, home: str, files: dict[str, str]
) -> None:
    Path(files["old"]).chmod(0o644)
    ran = p2pchat("--home", home, "--passphrase-file", files["old"], "passphrase", "--remove")
    assert ran.code == 0
    assert f"others can read the passphrase file; change that:  chmod 600 {files['old']}" in ran.err


READ: Final = """
import re, sys
from pathlib import Path
from p2pchat.cli.connection import read_passphrase

length = len(read_passphrase(Path(sys.argv[1])))
wanted = Path(sys.argv[1]).name.encode()
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", buffering=0) as memory:
    for span, rights in (line.split()[:2] for line in maps.readlines()):
        start, end = (int(each, 16) for each in span.split("-"))
        if rights.startswith("rw"):
            memory.seek(start)
            found = len(re.findall(b"open[ ]" + wanted, memory.read(end - start)))
            print(found) if found else None
print(length)
"""
"""Looks for what the file holds in all that the process may write to: ``open`` and the file's own name."""


@pytest.mark.skipif(sys.platform != "linux", reason="a process reads its own memory in /proc")
def test_what_was_read_from_a_file_does_not_stay_in_memory(tmp_path: Path) -> None:
    place = tmp_path / os.urandom(12).hex()
    place.write_text(f"open {place.name}\n")
    place.chmod(0o600)
    ran = subprocess.run(
        [sys.executable, "-c", READ, str(place)], capture_output=True, text=True, check=False
    )
    assert (ran.stdout, ran.stderr) == ("29\n", "")
