"""What was begun in one program of a home is there in the next."""

from __future__ import annotations

from pathlib import Path

import pytest

from p2pchat.control.answers import DraftInfo
from p2pchat.errors import LimitError, UsageError
from tests.support.nodes import friends

pytestmark = pytest.mark.real


async def test_a_draft_is_kept_for_a_contact_and_has_the_size_of_a_message(tmp_path: Path) -> None:
    async with friends(tmp_path, "alice", "bob") as (alice, _):
        await alice.keep_draft("bob", "half a line")
        assert await alice.read_drafts() == [DraftInfo(name="bob", text="half a line")]
        with pytest.raises(LimitError):
            await alice.keep_draft("bob", "x" * 70_000)
        with pytest.raises(UsageError):
            await alice.keep_draft("nobody", "x")
        await alice.rename("bob", "robert")
        assert [draft.name for draft in await alice.read_drafts()] == ["robert"]
        await alice.keep_draft("robert", "")
        assert await alice.read_drafts() == []
