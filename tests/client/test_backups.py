"""A backup is written whole, and its keys can be made worthless."""

from __future__ import annotations

from pathlib import Path

import pytest

from p2pchat.client import Node, check_backup, draw_phrase

pytestmark = pytest.mark.real


async def test_a_backup_says_what_is_in_it(lone: Node, tmp_path: Path) -> None:
    path = tmp_path / "ana.backup"
    made = await lone.make_backup(str(path), draw_phrase())
    assert (made.path, made.size, made.contacts, made.messages) == (str(path), path.stat().st_size, 0, 0)
    assert await lone.revoke_backups() == 0


async def test_a_backup_opens_with_its_phrase(lone: Node, tmp_path: Path) -> None:
    path, phrase = tmp_path / "ana.backup", draw_phrase()
    await lone.make_backup(str(path), phrase)
    check_backup(path, phrase)
