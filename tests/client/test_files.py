"""Files by the Python interface, between real nodes; what is not there is refused in words."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from p2pchat.client import Node
from p2pchat.control.files import FileEvent
from p2pchat.errors import Ended, LimitError, NotInTime, UsageError
from tests.support.nodes import friends

pytestmark = pytest.mark.real


async def test_a_file_is_offered_accepted_followed_and_saved(tmp_path: Path) -> None:
    (tmp_path / ".config\n.txt").write_bytes(b"content")
    async with friends(tmp_path, "ana", "bob") as (ana, bob):
        offered = await ana.offer_file("bob", tmp_path / ".config\n.txt")
        assert (offered.name, offered.state, offered.kind) == ("config␊.txt", "offered", "text/plain")
        while not (theirs := await bob.list_files()):
            await asyncio.sleep(0.05)
        (file,) = theirs
        with pytest.raises(UsageError, match="not here yet"):
            await bob.save_file(file.id, tmp_path)
        with pytest.raises(UsageError, match="one of yours"):
            await ana.save_file(offered.id, tmp_path)
        with pytest.raises(NotInTime, match="offered"):
            await ana.wait_for_file(offered.id, timeout=0.1)
        seen: list[FileEvent] = []
        await bob.accept_file(file.id[:6])
        whole = await ana.wait_for_file(offered.id, timeout=50.0, on_move=seen.append)
        assert (whole.state, whole.bytes, seen[-1].state) == ("whole", 7, "whole")
        assert (await bob.accept_file(file.id)).state == "whole", "twice is the same as once"
        saved = await bob.save_file(file.id, tmp_path)
        assert saved.read_bytes() == b"content" and saved.name == "config␊.txt"
        with pytest.raises(Ended, match="saved already"):
            await bob.save_file(file.id, tmp_path)
        second = await ana.offer_file("bob", saved)
        assert (await ana.cancel_file(second.id)).state == "cancelled"
        assert (await ana.cancel_file(second.id)).state == "cancelled"
        with pytest.raises(Ended, match="cancelled"):
            await ana.wait_for_file(second.id)


async def test_what_is_not_there_or_too_large_is_refused(lone: Node, tmp_path: Path) -> None:
    assert await lone.list_files() == []
    for ask in (lone.accept_file, lone.decline_file, lone.cancel_file, lone.wait_for_file):
        with pytest.raises(UsageError, match="files list"):
            await ask("0123")
    with pytest.raises(UsageError, match="bob"):
        await lone.offer_file("bob", tmp_path / "missing")


async def test_a_file_that_is_too_large_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(bytes((1 << 20) + 1))
    async with friends(tmp_path, "ana", "bob") as (ana, _):
        with pytest.raises(LimitError, match="at most"):
            await ana.offer_file("bob", tmp_path / "large")
        assert await ana.list_files() == []
    assert not list((tmp_path / "ana" / "files").iterdir())
