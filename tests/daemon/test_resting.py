"""A node that rests, or reads a home that cannot be written, says of that home what one that runs would."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from p2pchat.core.values.changes import PutContact
from p2pchat.daemon.resting import RestingNode
from p2pchat.store import KeyFile, Store
from p2pchat.store.copying import note_backup
from p2pchat.store.witness import ALL_OLDER
from tests.support.homes import BOB, new_store


@pytest.mark.parametrize("only_reads", [False, True])
async def test_a_backup_is_known_and_that_a_home_was_set_back(tmp_path: Path, only_reads: bool) -> None:
    home = tmp_path / "home"
    store = new_store(home)
    note_backup(store, 5.0)
    store.close()
    older = (home / "store.db").read_bytes()
    store = Store.open_store(home, KeyFile())
    store.commit_changes([PutContact(replace(BOB, blocked=True))])
    store.close()
    (home / "store.db").write_bytes(older)
    resting = RestingNode(home, KeyFile())
    if only_reads:
        (await resting.start_reading()).close()
    else:
        await resting.start()
    assert (resting.backed_up_at, resting.set_back) == (5.0, ALL_OLDER)
    await resting.stop()
