"""What cannot be said of a message is refused before anything is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from p2pchat.errors import LimitError, UsageError
from tests.support.nodes import friends

pytestmark = pytest.mark.real


async def test_what_cannot_be_said_of_a_message_is_refused(tmp_path: Path) -> None:
    async with friends(tmp_path, "alice", "bob") as (alice, bob):
        mine = await alice.send("bob", "mine")
        theirs = (await bob.history("alice"))[-1].id
        for refused, why in (
            (alice.react_to("0" * 32, "👍"), "no message here"),
            (alice.react_to(mine.id, "two words"), "one sign"),
            (alice.react_to(mine.id, ""), "not reacted"),
            (bob.correct_message(theirs, "yours"), "only the author"),
            (bob.withdraw_message(theirs), "only the author"),
            (alice.correct_message(mine.id, "mine"), "already has that text"),
            (alice.correct_message(mine.id, ""), "nothing to send"),
            (alice.send("bob", "x", reply_to="0" * 32), "reply to"),
        ):
            with pytest.raises(UsageError, match=why):
                await refused
        with pytest.raises(LimitError, match="at most 64"):
            await alice.react_to(mine.id, "x" * 65)
        with pytest.raises(LimitError):
            await alice.correct_message(mine.id, "x" * 70_000)
