"""``p2pchat backup`` and ``restore``: a name is a file, a verb is what to do; what went wrong is one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from p2pchat.client import check_backup, settle_phrase
from p2pchat.wire.words import WORDS
from tests.cli.conftest import Run
from tests.support.fake_node import FakeNode


def test_a_drawn_phrase_is_shown_before_anything_is_written(
    p2pchat: Run, node: FakeNode, tmp_path: Path
) -> None:
    ran = p2pchat("backup", str(tmp_path / "ana.backup"))
    assert ran.code == 0, ran.err
    (shown,) = ran.lines
    assert node.backups == [(str(tmp_path / "ana.backup"), shown)]
    assert len(shown.split()) == 10
    assert set(shown.split()) <= set(WORDS)
    assert settle_phrase(shown.upper()) == shown


def test_a_script_gets_the_phrase_and_what_was_written(p2pchat: Run, node: FakeNode, phrase: Path) -> None:
    drawn, made = map(json.loads, p2pchat("backup", "x.backup", "--json").lines)
    assert node.backups[-1][1] == drawn["phrase"]
    assert made["path"] == str(Path.cwd() / "x.backup")
    p2pchat("backup", "make", "x.backup", "--backup-passphrase-file", str(phrase))
    assert node.backups[-1][1] == "a phrase of my own"


@pytest.mark.parametrize("arguments", [("backup", "--check"), ("restore",)])
def test_no_phrase_is_asked_for_of_a_file_that_is_not_there(arguments: tuple[str, ...], p2pchat: Run) -> None:
    ran = p2pchat(*arguments, "nothere")
    assert (ran.code, ran.err) == (2, "p2pchat: there is no backup nothere: No such file or directory\n")


@pytest.mark.parametrize("arguments", [("--check",), ("make",), ("revoke", "all"), ("a\nb",)])
def test_what_makes_no_sense_is_exit_code_2(arguments: tuple[str, ...], p2pchat: Run, node: FakeNode) -> None:
    assert p2pchat("backup", *arguments).code == 2
    assert node.backups == []


def test_all_are_revoked(p2pchat: Run, node: FakeNode) -> None:
    ran = p2pchat("--json", "backup", "revoke")
    assert json.loads(ran.out) == {"contacts": 2}


@pytest.mark.real
def test_made_checked_and_restored_for_real(p2pchat: Run, home: Path, phrase: Path, tmp_path: Path) -> None:
    place, new = str(tmp_path / "ana.backup"), str(tmp_path / "new")
    given = "--backup-passphrase-file", str(phrase)
    assert p2pchat("--home", str(home), "backup", place, *given).code == 0
    checked = p2pchat("backup", "--check", place, *given)
    assert checked.lines[0].startswith(
        f"{place}: ana, 0 contacts (0 verified), 0 messages, 0 meshes; made 20"
    )
    restored = p2pchat("--home", new, "restore", place, *given, "--no-passphrase")
    assert (restored.code, restored.out) == (0, f"{new}\n")
    assert (
        p2pchat("--home", new, "whoami").out.replace(new, str(home))
        == p2pchat("--home", str(home), "whoami").out
    )
    again = p2pchat("--home", new, "restore", place, *given, "--no-passphrase")
    assert (again.code, again.out) == (2, "")
    inside = p2pchat("--home", str(home), "backup", str(home / "ana.backup"), *given)
    assert inside.code == 2
    doctor = p2pchat("--home", str(home), "doctor").out
    assert "the last was made today" in doctor
    assert p2pchat("--home", str(home), "backup", "revoke").code == 0
    assert "none, and all works; but a lost disk" in p2pchat("--home", str(home), "doctor").out


def test_without_a_terminal_the_phrase_must_be_in_a_file(p2pchat: Run, tmp_path: Path) -> None:
    file = tmp_path / "x.backup"
    file.touch()
    for command in (
        ("backup", "--check", str(file)),
        ("--home", str(tmp_path / "new"), "restore", str(file), "--no-passphrase"),
    ):
        ran = p2pchat(*command)
        assert ran.code == 2
        assert "--backup-passphrase-file" in ran.err


def test_a_phrase_of_words_may_be_written_in_any_way(home: Path, tmp_path: Path) -> None:
    from p2pchat.sim.entropy import SeededEntropy
    from p2pchat.store.archive import ArchiveFile
    from p2pchat.store.copying import copy_records, end_entry
    from tests.support.homes import CHEAP, new_store

    store = new_store(tmp_path / "other")
    words = " ".join(WORDS[:10])
    file = ArchiveFile(tmp_path / "x", words, SeededEntropy(0), CHEAP)
    copied = copy_records(store, lambda state: b"", 5.0)
    file.add_entries(copied.entries + end_entry(copied))
    file.complete_file()
    store.close()
    assert check_backup(tmp_path / "x", "-".join(WORDS[:10]).upper()).contacts == 1
