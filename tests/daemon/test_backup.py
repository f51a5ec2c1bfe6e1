"""A backup is made while its node runs, as it was at one moment; contacts are told when it is on the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from p2pchat.client import check_backup, connect, create_home
from p2pchat.errors import P2PChatError, StoreError, UsageError
from p2pchat.store.archive import ArchiveFile
from tests.support.nodes import friends

pytestmark = pytest.mark.real


async def test_a_node_that_runs_makes_a_backup_and_goes_on(tmp_path: Path) -> None:
    place = tmp_path / "alice.backup"
    async with friends(tmp_path, "alice", "bob") as (alice, _):
        await alice.send("bob", "hi")
        made = await alice.make_backup(str(place), "phrase")
        assert (made.contacts, made.messages, made.size) == (1, 1, place.stat().st_size)
        await alice.send("bob", "after it")
        assert await alice.revoke_backups() == 1
    assert check_backup(place, "phrase").messages == 1


async def test_what_cannot_be_written_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_home(tmp_path / "home", "ana")
    place = tmp_path / "ana.backup"
    async with connect(tmp_path / "home") as node:
        await node.make_backup(str(place), "phrase")
        before = place.read_bytes()
        for path, phrase in (("ana.backup", "x"), (str(place), ""), (str(tmp_path / "home" / "x"), "x")):
            with pytest.raises(UsageError):
                await node.make_backup(path, phrase)

        def refuse(self: ArchiveFile, entries: bytes) -> None:
            raise StoreError("the disk is full")

        monkeypatch.setattr(ArchiveFile, "add_entries", refuse)
        with pytest.raises(P2PChatError, match="the disk is full"):
            await node.make_backup(str(place), "another")
        monkeypatch.undo()
        assert place.read_bytes() == before
        assert [each.name for each in tmp_path.iterdir() if each.suffix == ".new"] == []
        await node.make_backup(str(place), "another")
    assert check_backup(place, "another").name == "ana"
