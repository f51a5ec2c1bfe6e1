"""A closed home says whether it is there, and ends whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from p2pchat.errors import StoreError
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.store import KeyFile, Passphrase
from p2pchat.store.home import change_unlock, exists, needs_passphrase, refuse_lost_key, wipe
from tests.support.homes import CHEAP, new_store


def test_a_home_is_there_until_it_is_wiped(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert not exists(home)
    new_store(home).close()
    assert exists(home)
    wipe(home)
    assert not exists(home)
    assert list(home.iterdir()) == []
    wipe(home)


def test_wiping_leaves_what_is_not_ours(tmp_path: Path) -> None:
    home = tmp_path / "home"
    new_store(home).close()
    (home / "a letter").write_text("mine")
    wipe(home)
    assert [entry.name for entry in home.iterdir()] == ["a letter"]


def test_a_home_without_its_key_is_there_and_is_said_to_have_lost_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    new_store(home).close()
    refuse_lost_key(home)
    (home / "keys").unlink()
    assert exists(home)
    for refused in (refuse_lost_key, needs_passphrase):
        with pytest.raises(StoreError, match="is missing; put it back"):
            refused(home)


def test_whether_a_passphrase_opens_it_follows_each_change(tmp_path: Path) -> None:
    home = tmp_path / "home"
    new_store(home).close()
    assert not needs_passphrase(home)
    change_unlock(home, KeyFile(), Passphrase("one"), SeededEntropy(2), CHEAP)
    assert needs_passphrase(home)
