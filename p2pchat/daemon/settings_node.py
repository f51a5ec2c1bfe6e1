"""A home that is opened for its settings alone: no connection or link is made.

So a proxy can be set before the first connection.

Knows: the methods that it answers. Does not know: what a setting means.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping

from p2pchat.daemon.control import Caller
from p2pchat.daemon.handlers import Handlers
from p2pchat.daemon.home import Lock
from p2pchat.daemon.node import HomeBusy, RunningNode
from p2pchat.daemon.settings import SettingMethods
from p2pchat.errors import ControlError
from p2pchat.store import Store


class SettingsNode(RunningNode):
    """Answers requests about settings, from the one program in whose process it runs."""

    line: socket.socket
    """The connection to it."""

    async def start(self) -> None:
        """Open the store. Raises HomeBusy, StoreError, TrustError."""
        self._lock = Lock.try_acquire(self.home)
        if self._lock is None:
            raise HomeBusy(f"a node runs in {self.home}")
        self._handlers = Handlers()
        try:
            self.store = await self._in_worker(lambda: Store.open_store(self.home, self._unlock))
            self._unlock = self.store.unlock
            self._opened(self._unlock)
            self.choices = await self.read_choices()
            SettingMethods(self, rests=True).add_handlers(self._handlers)
            self.line = await self._control.serve_in_process()
        except BaseException:
            await self._let_go()
            raise

    async def _handle(self, method: str, params: Mapping[str, object], caller: Caller) -> object:
        if method not in self._handlers:
            raise ControlError("this home was opened for its settings only")
        return await self._handlers.call(method, params, caller)
