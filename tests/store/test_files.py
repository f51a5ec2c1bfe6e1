"""What a home consists of is known, and nothing else is taken into it."""

from __future__ import annotations

from pathlib import Path

import pytest

from p2pchat.cli.keyring import MARK
from p2pchat.control.address import SOCKET
from p2pchat.daemon.home import LOCK, TRIAL
from p2pchat.errors import UsageError
from p2pchat.store.files import OWN, refuse_foreign


def test_what_others_write_into_a_home_is_known() -> None:
    assert {MARK, SOCKET, LOCK, TRIAL} <= OWN


@pytest.mark.parametrize("name", sorted(OWN))
def test_what_was_left_of_a_home_is_no_obstacle(name: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()
    refuse_foreign(tmp_path)


def test_a_folder_that_is_not_there_is_none() -> None:
    refuse_foreign(Path("/nowhere/at/all"))


@pytest.mark.parametrize("name", ["letters", ".git", "keys.old", "a\nb"])
def test_anything_else_is_named(name: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()
    with pytest.raises(UsageError) as refused:
        refuse_foreign(tmp_path)
    assert "holds something else" in str(refused.value) and "\n" not in str(refused.value)
