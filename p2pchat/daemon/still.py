"""A home that is opened for its settings alone: nothing is sent, nobody is called, no link is made.

A proxy is set before the first connection or it comes too late.

Knows: what may be asked of it. Does not know: what a setting means.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping

from p2pchat.daemon.configuring import SettingMethods
from p2pchat.daemon.control import Asker
from p2pchat.daemon.handlers import Handlers
from p2pchat.daemon.home import Lock
from p2pchat.daemon.node import HomeBusy, RunningNode
from p2pchat.errors import ControlError
from p2pchat.store import Store


class StillNode(RunningNode):
    """Answers one program, in its own process, about what is set."""

    line: socket.socket
    """Where to ask it."""

    async def start(self) -> None:
        """Open the store. Raises HomeBusy, StoreError, TrustError."""
        self._lock = Lock.try_acquire(self.home)
        if self._lock is None:
            raise HomeBusy(f"a node runs in {self.home}")
        self._asked = Handlers()
        try:
            self.store = await self._in_worker(lambda: Store.open_store(self.home, self._unlock))
            self._unlock = self.store.unlock
            self._opened(self._unlock)
            self.choices = await self.read_choices()
            SettingMethods(self, rests=True).add_handlers(self._asked)
            self.line = await self._control.pair()
        except BaseException:
            await self._let_go()
            raise

    async def _handle(self, method: str, params: Mapping[str, object], asker: Asker) -> object:
        if method not in self._asked:
            raise ControlError("only settings can be had of a home that is opened for them")
        return await self._asked.call(method, params, asker)
