"""What is set is kept as it was written, sealed like all else, and what was set before is gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from p2pchat.errors import StoreError
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.store import KeyFile, Store, database
from p2pchat.store.witness import PARTS_OLDER
from tests.store.test_database import opened
from tests.support.homes import CHEAP, identity, new_store

SECRET = "turn:me:hunter2@turn.example.org"


def test_what_is_set_is_there_after_the_next_start(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home")
    assert store.read_settings() == {}
    store.keep_setting("profile", "strong")
    store.keep_setting("links", "4")
    store.keep_setting("links", "5")
    store.keep_setting("profile", None)
    store.keep_setting("never", None)
    store.close()
    store = Store.open_store(tmp_path / "home", KeyFile())
    assert store.read_settings() == {"links": "5"}
    assert store.load_memory().set_back == ""
    store.close()


def test_a_password_lies_open_nowhere_and_is_gone_once_another_is_set(tmp_path: Path) -> None:
    home = tmp_path / "home"
    store = new_store(home)
    store.keep_setting("ice", SECRET)
    assert all(b"hunter2" not in each.read_bytes() for each in home.iterdir() if each.is_file())
    store.keep_setting("ice", "stun:stun.example.org")
    assert not (home / "store.db-wal").stat().st_size, "the log was cut"
    store.close()


def test_a_home_that_was_made_before_there_were_settings_opens_and_keeps_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, files = tmp_path / "home", database._schema_files()
    step = next(number for number, sql in files.items() if "CREATE TABLE setting" in sql)
    with monkeypatch.context() as then:
        then.setattr(database, "_schema_files", lambda: {n: sql for n, sql in files.items() if n < step})
        Store.create_store(home, KeyFile(), identity(), SeededEntropy("before"), CHEAP).close()
    store = Store.open_store(home, KeyFile())
    assert (store.read_settings(), store.load_memory().set_back) == ({}, "")
    store.keep_setting("proxy", "socks5h://127.0.0.1:9050")
    store.close()
    store = Store.open_store(home, KeyFile())
    assert (store.read_settings(), store.load_memory().set_back) == (
        {"proxy": "socks5h://127.0.0.1:9050"},
        "",
    )
    store.close()


def test_a_setting_that_another_program_restored_is_noticed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    store = new_store(home)
    store.keep_setting("relay-only", "yes")
    store.close()
    with opened(home) as connection:
        connection.execute("DELETE FROM setting")
    store = Store.open_store(home, KeyFile())
    assert store.load_memory().set_back == PARTS_OLDER
    store.close()


def test_a_disk_that_refuses_leaves_what_was_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = new_store(tmp_path / "home")
    store.keep_setting("links", "4")
    with monkeypatch.context() as broken:
        broken.setattr("p2pchat.store.settings._PUT", "INSERT INTO nowhere VALUES (?, ?)")
        with pytest.raises(StoreError):
            store.keep_setting("links", "5")
    assert store.read_settings() == {"links": "4"}
    store.close()
    store = Store.open_store(tmp_path / "home", KeyFile())
    assert store.load_memory().set_back == ""
    store.close()
