"""A node that stays: it runs until it is asked to stop, and restarts after a full disk, a set clock, or a
changed setting.

Knows: when to restart. Does not know: what a node does.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from p2pchat.control.events import ListenEvents
from p2pchat.daemon.home import socket_place
from p2pchat.daemon.node import HomeBusy, RunningNode
from p2pchat.daemon.resting import RestingNode
from p2pchat.errors import BeginsAnew, ClockSet, P2PChatError, StoreError, TrustError, UsageError

RETRY_S: Final = 5.0
"""Seconds between attempts while the disk refuses."""

BUSY_S: Final = 5.0
"""Seconds to wait for a program that holds the home without a node, such as one that reads settings."""

BUSY_LOOK_S: Final = 0.1

_log = logging.getLogger(__name__)


async def serve(
    make: Callable[[], RunningNode],
    ready: Callable[[], None],
    complain: Callable[[str], None],
    ask_once_more: Callable[[], bool] = lambda: False,
    tell: Callable[[ListenEvents], None] = lambda event: None,
) -> None:
    """Run nodes of one home, one after another, until a node is asked to stop.

    An error of the store at the first start is raised; after a later one this waits. ``ask_once_more``
    decides whether to try after a wrong key. ``tell`` receives every event. Raises UsageError when another
    node has the home.
    """
    patient_until = asyncio.get_running_loop().time() + BUSY_S
    while True:
        running = make()
        try:
            await running.start()
        except HomeBusy as error:
            if socket_place(running.home) is not None or asyncio.get_running_loop().time() > patient_until:
                raise UsageError(f"{error} already; see 'p2pchat node status'") from error
            await asyncio.sleep(BUSY_LOOK_S)
        except TrustError:
            if not ask_once_more():
                raise
        else:
            break
    ready()
    for line in running.list_warnings():
        complain(line)
    while True:
        try:
            async with _told(running, tell):
                await running.wait_ended()
            return
        except StoreError as error:
            failure: P2PChatError = error
            complain(f"{error}; nothing leaves until it does")
            mended = "the disk takes data again"
        except BeginsAnew as error:
            failure = error
            complain(f"{error}; the node restarts")
            mended = "it runs with the new time" if isinstance(error, ClockSet) else "it has new settings"
        finally:
            await running.stop(keep_lock=isinstance(running.failure, BeginsAnew))
        if isinstance(failure, BeginsAnew):
            after = await _next(make, running)
        else:
            after = None
        after = after or await _restarted(make, running, failure)
        if after is None:
            return
        running = after
        complain(mended)
        for line in running.list_warnings():
            complain(line)


async def _next(make: Callable[[], RunningNode], before: RunningNode) -> RunningNode | None:
    """Start a node at once with the lock of the one before; None where the disk refuses."""
    running = make()
    running.take_lock_from(before)
    try:
        await running.start()
    except StoreError:
        return None
    return running


@asynccontextmanager
async def _told(running: RunningNode, tell: Callable[[ListenEvents], None]) -> AsyncIterator[None]:
    telling = asyncio.ensure_future(_tell(running, tell))
    try:
        yield
    finally:
        telling.cancel()
        await asyncio.wait((telling,))


async def _tell(running: RunningNode, tell: Callable[[ListenEvents], None]) -> None:
    while True:  # a listener that was too slow is disconnected
        with running.events.follow_all() as happenings:
            async for event in happenings:
                if (view := running.view_event(event)) is not None:
                    tell(view)


async def _restarted(
    make: Callable[[], RunningNode], failed: RunningNode, why: P2PChatError
) -> RunningNode | None:
    """Rest until there is room, the store opens, and another program that took the home meanwhile has left
    it; None when asked to stop before."""
    while True:
        try:
            if not await _until_space(RestingNode.make_successor(failed, why)):
                return None
            running = make()
            await running.start()
        except (StoreError, HomeBusy):
            _log.debug("not yet", exc_info=True)
            await asyncio.sleep(RETRY_S)
        else:
            return running


async def _until_space(resting: RestingNode) -> bool:
    """Rest until there is room; False when asked to stop."""
    await resting.start()
    try:
        return await resting.wait_for_space()
    finally:
        await resting.stop()
