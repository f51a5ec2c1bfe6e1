"""What the methods hold between requests."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, cast

import pytest

from p2pchat.daemon.methods import Methods
from p2pchat.types import MessageId
from tests.support.processes import ROOT

if TYPE_CHECKING:
    from p2pchat.daemon.node import RunningNode

ID = MessageId("f" * 32)


@pytest.fixture
def methods() -> Methods:
    return Methods(cast("RunningNode", None))


def test_the_documents_name_every_method_and_no_other(methods: Methods) -> None:
    section = (ROOT / "docs" / "scripting.md").read_text().split("\n## The control socket\n")[1]
    assert re.findall(r"^\| `([a-z.]+)` \|", section, flags=re.MULTILINE) == list(methods._methods)


async def test_one_at_a_time_for_each_id_however_many_ask(methods: Methods) -> None:
    inside = most = 0

    async def send(turns: int) -> None:
        nonlocal inside, most
        for _ in range(turns):
            async with methods._alone(ID):
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0)
                inside -= 1

    await asyncio.gather(*(send(turns) for turns in range(1, 9)))
    assert most == 1
    assert methods._sending == {}


async def test_what_was_refused_leaves_nothing_behind(methods: Methods) -> None:
    with pytest.raises(ValueError, match="refused"):
        async with methods._alone(ID):
            raise ValueError("refused")
    assert methods._sending == {}
