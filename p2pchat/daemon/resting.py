"""A node whose disk takes no writes: its programs can read the history, and delete to make room.

Knows: the methods that need no mesh and no new writes. Does not know: how a node runs, how room is made.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from p2pchat.control import methods
from p2pchat.daemon.control import Caller
from p2pchat.daemon.home import Lock, has_space
from p2pchat.daemon.node import HomeBusy, RunningNode
from p2pchat.daemon.turn_servers import TurnServers
from p2pchat.errors import P2PChatError, StoreError
from p2pchat.store import Store

LOOK_S: Final = 2.0
"""Seconds between checks of the disk; each writes a megabyte, if there is room."""

_READ: Final = frozenset(
    method.name
    for method in (
        methods.WHOAMI,
        methods.CONTACTS,
        methods.MESHES,
        methods.RENDEZVOUS,
        methods.DOCTOR,
        methods.CONTACT,
        methods.SETTING,
        methods.SETTINGS,
        methods.CONVERSATIONS,
        methods.HISTORY,
        methods.SEARCH,
        methods.STATUS,
    )
)
"""Methods for a home that cannot be written."""

_ALLOWED_AT_REST: Final = (_READ | {methods.FORGET.name, methods.STOP.name}) - {methods.DOCTOR.name}

_WAITED_FOR: Final = frozenset({methods.LISTEN.name, methods.WAIT.name, methods.TRACE.name})
"""Methods without an answer here: a caller of these waits, and asks the next node again."""


class RestingNode(RunningNode):
    """Replaces a failed node until the disk has space, with its lock and its socket."""

    _may: frozenset[str] = _ALLOWED_AT_REST
    _keeps_waiting: frozenset[str] = _WAITED_FOR

    @classmethod
    def make_successor(cls, failed: RunningNode, why: P2PChatError) -> RestingNode:
        """Make the resting node that takes the place of a stopped one; ``why``: what it waits for."""
        resting = cls(*failed.list_parts())
        resting.waits_for = str(why)
        return resting

    async def start(self) -> None:
        """Open the store and serve the control socket. Raises HomeBusy, StoreError, TrustError."""
        self._lock = Lock.try_acquire(self.home)
        if self._lock is None:
            raise HomeBusy(f"another node runs in {self.home}")
        try:
            self.store = await self._in_worker(lambda: Store.open_store(self.home, self._unlock))
            self.choices = await self.read_choices()
            self.node = await self._load_node()
            await self._control.start(self.home)
        except BaseException:
            await self._let_go()
            raise
        self.started_at = self.clock.now()

    async def start_reading(self) -> socket.socket:
        """Open a copy of a home that cannot be written; return a connection to this node. Raises StoreError,
        TrustError."""
        self._may, self._keeps_waiting = _READ, frozenset()
        try:
            self.store = await self._in_worker(lambda: Store.open_copy(self.home, self._unlock))
            self.choices = await self.read_choices()
            self.node = await self._load_node()
            return await self._control.serve_in_process()
        except BaseException:
            await self._let_go()
            raise

    @property
    def turn_servers(self) -> TurnServers:
        """No servers: this node has no links."""
        return TurnServers()

    async def wait_for_space(self) -> bool:
        """Wait until the disk takes data again; False if a stop is requested before."""
        while not await asyncio.to_thread(has_space, self.home):
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._methods.stop_requested.wait()
                return False
        return True

    async def hang_up(self) -> None:
        """Close the socket, so that clients look for the next node."""
        await self._control.stop()

    async def _handle(self, method: str, params: Mapping[str, object], caller: Caller) -> object:
        if method in self._keeps_waiting:
            await asyncio.get_running_loop().create_future()
        if method not in self._may:
            raise StoreError(self.waits_for)
        return await self._methods.handlers.call(method, params, caller)
