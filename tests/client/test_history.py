"""History and drafts are read and changed by name and id."""

from __future__ import annotations

import pytest

from p2pchat.client import Node
from p2pchat.errors import UsageError
from tests.support.nodes import friends

pytestmark = pytest.mark.real


async def test_nothing_was_said_in_a_new_home(lone: Node) -> None:
    assert await lone.search("anything") == []
    assert await lone.conversations() == []
    assert await lone.read_drafts() == []
    for refused in (lone.history("bob"), lone.forget("bob"), lone.keep_draft("bob", "hi")):
        with pytest.raises(UsageError, match="bob"):
            await refused
    with pytest.raises(UsageError):
        await lone.edit("0" * 32, "another text")
    with pytest.raises(UsageError, match="not valid UTF-8"):
        await lone.search("caf\udce9")
    assert await lone.search("caf") == [], "the connection goes on"


async def test_a_line_is_found_rewritten_and_forgotten(tmp_path_factory: pytest.TempPathFactory) -> None:
    async with friends(tmp_path_factory.mktemp("homes"), "ana", "bob") as (ana, _):
        sent = await ana.send("bob", "at eight", wait="delivered")
        await ana.keep_draft("bob", "and")
        assert [(draft.name, draft.text) for draft in await ana.read_drafts()] == [("bob", "and")]
        assert [line.id for line in await ana.search("eight")] == [sent.id]
        await ana.edit(sent.id, "at nine")
        assert [line.text for line in await ana.history("bob", since=0.0, limit=5)] == ["at nine"]
        await ana.forget_message(sent.id)
        assert (await ana.history("bob"), await ana.forget("bob")) == ([], 0)
