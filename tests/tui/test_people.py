"""The list of contacts."""

from __future__ import annotations

import pytest

from p2pchat.chat.widths import count_columns
from tests.support.fake_node import FakeNode, message
from tests.tui.conftest import Open

NAMES = (
    "bo",
    "a name that is far too long for this list",
    "日本の駅なら遅れないと思うけど",
    "x日本の駅なら遅れないと思うけど",
)


@pytest.mark.parametrize("width", [80, 81, 120])
async def test_counts_of_unread_messages_end_in_one_column_whatever_the_name(desk: Open, width: int) -> None:
    node = FakeNode("open", *NAMES)
    async with desk(node, whom="open", size=(width, 24)) as it:
        for place, name in enumerate(NAMES):
            node.happens(message(f"{place:016x}", "hello", sender=name))
            await it.until(lambda name=name: bool(it.chat.model.people[name].unread))  # type: ignore[misc]
        await it.settle()
        rows = [line.split("▕")[0] for line in it.screen.splitlines()]
        counted = [row for row in rows if row.startswith(" ●") and " 1 " in row]
        assert len(counted) == len(NAMES), it.screen
        assert len({count_columns(row[: row.rindex(" 1 ")]) for row in counted}) == 1
