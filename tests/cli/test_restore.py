"""``p2pchat restore``: a home out of a backup, or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.mark.real
def test_a_restore_that_fails_leaves_no_home(p2pchat: Run, home: Path, phrase: Path, tmp_path: Path) -> None:
    place, new = tmp_path / "ana.backup", tmp_path / "new"
    given = "--backup-passphrase-file", str(phrase)
    assert p2pchat("--home", str(home), "backup", str(place), *given).code == 0
    wrong = tmp_path / "wrong"
    wrong.write_text("another\n")
    wrong.chmod(0o600)
    other = p2pchat(
        "--home", str(new), "restore", str(place), "--backup-passphrase-file", str(wrong), "--no-passphrase"
    )
    assert (other.code, other.err.count("\n")) == (4, 1)
    whole = place.read_bytes()
    place.write_bytes(whole[:-1])
    cut = p2pchat("--home", str(new), "restore", str(place), *given, "--no-passphrase")
    assert (cut.code, cut.err.count("\n")) == (1, 1)
    assert "damaged or cut off" in cut.err
    assert not new.exists()
    new.mkdir()
    (new / "thesis").write_text("years of work")
    place.write_bytes(whole)
    assert p2pchat("--home", str(new), "restore", str(place), *given, "--no-passphrase").code == 2
    assert [each.name for each in new.iterdir()] == ["thesis"]
