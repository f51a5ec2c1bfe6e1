"""What the methods hold between requests."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import pytest

from p2pchat.control.methods import METHODS
from p2pchat.daemon.messages import MessageMethods
from p2pchat.daemon.methods import Methods
from p2pchat.types import MessageId

if TYPE_CHECKING:
    from p2pchat.daemon.node import RunningNode

ID = MessageId("f" * 32)


@pytest.fixture
def methods() -> MessageMethods:
    return MessageMethods(cast("RunningNode", None))


async def test_every_method_of_the_contract_has_a_handler_and_no_other() -> None:
    assert sorted(Methods(cast("RunningNode", None)).handlers) == sorted(METHODS)


async def test_one_at_a_time_for_each_id_however_many_ask(methods: MessageMethods) -> None:
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


async def test_what_was_refused_leaves_nothing_behind(methods: MessageMethods) -> None:
    with pytest.raises(ValueError, match="refused"):
        async with methods._alone(ID):
            raise ValueError("refused")
    assert methods._sending == {}
