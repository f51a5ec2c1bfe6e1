"""A file that cannot be used is named with the reason, and with its owner where that is the reason."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from p2pchat.errors import UsageError
from p2pchat.store.owner import refuse_others, unusable

REFUSED = PermissionError(13, "Permission denied")
STRANGER = 65534


def test_the_system_has_the_word_where_permission_is_not_the_reason(tmp_path: Path) -> None:
    assert unusable(tmp_path, OSError(5, "Input/output error")) == "Input/output error"


def test_a_file_that_cannot_be_looked_at_is_refused_without_its_owner(tmp_path: Path) -> None:
    assert unusable(Path("/proc/1/mem"), REFUSED).startswith("Permission denied")
    assert unusable(tmp_path / "missing", REFUSED) == "Permission denied"


def test_an_owner_is_sent_to_the_mode_of_the_file(tmp_path: Path) -> None:
    assert unusable(tmp_path, REFUSED) == f"Permission denied: see the mode of {tmp_path}"


def test_the_owner_may_use_a_home_and_so_may_all_where_there_is_none(tmp_path: Path) -> None:
    refuse_others(tmp_path)
    refuse_others(tmp_path / "missing")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be another user than the owner")
def test_another_owner_is_named(tmp_path: Path) -> None:
    os.chown(tmp_path, STRANGER, STRANGER)
    name = pwd.getpwuid(STRANGER).pw_name
    assert f"belongs to {name};" in unusable(tmp_path, REFUSED)
    with pytest.raises(UsageError, match=f"run p2pchat as {name}"):
        refuse_others(tmp_path)
