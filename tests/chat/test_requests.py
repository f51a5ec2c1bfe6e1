"""What the node is asked to do is done in the order in which it was asked for."""

from __future__ import annotations

import asyncio

from p2pchat.chat.requests import Requests


async def test_one_after_another_and_a_failure_is_waited_for_too() -> None:
    done: list[int] = []

    async def work(number: int, pause: float) -> None:
        await asyncio.sleep(pause)
        done.append(number)

    requests = Requests()
    await requests.wait_for_all()
    running = asyncio.ensure_future(requests.run_all())
    for number, pause in ((1, 0.01), (2, 0.0), (3, 0.0)):
        requests.ask_node(work(number, pause))
    await requests.wait_for_all()
    assert done == [1, 2, 3]
    running.cancel()
