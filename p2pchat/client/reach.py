"""Reaching the node of a home: attaching to the one that runs, or becoming it, again and again.

Knows: how a node is found, when it is lost, what is then asked again. Does not know: any method's meaning.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from p2pchat.client.homes import node_runs
from p2pchat.errors import ControlError, NetworkError, P2PChatError, StoreError, UsageError
from p2pchat.rpc import Connection, ConnectionLost, open_connection

if TYPE_CHECKING:
    from p2pchat.daemon.node import RunningNode

AskPassphrase = Callable[[], str]
"""Called when, and only when, a home needs its passphrase."""

FIND_S: Final = 20.0
"""How long to look for the node of a home that somebody holds: opening a store takes a second or two."""

FIND_EVERY_S: Final = 0.05

ROOM_EVERY_S: Final = 2.0
"""Between looks at a disk that has stopped the node here; each look writes a megabyte."""


class Reach:
    """The way to a home's node, which may run in any of its programs."""

    def __init__(self, home: Path, ask: AskPassphrase | None, run: bool, relay_only: bool = False) -> None:
        self.home = home
        self._unlock = _Unlock(ask)
        self._run = run
        self._relay_only = relay_only
        self._connection: Connection | None = None
        self._running: RunningNode | None = None
        self._finding = asyncio.Lock()
        self.on_change: Callable[[str], None] = lambda line: None
        """Told, in a few words, when the node was lost and when it is back."""

    @property
    def embedded(self) -> bool:
        """Whether the node runs in this process."""
        return self._running is not None

    async def __aenter__(self) -> Self:
        try:
            await self._find()
        except BaseException:
            await self._leave()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._leave()

    # --- calls

    async def _call(self, method: str, **params: Any) -> Any:
        async def ask() -> Any:
            async with self._asking(method, params) as asked:
                return await asked.result()

        return await self._again(ask)

    async def _again(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        """Ask; when the node is lost half-way, find it and ask the same again. Every method bears that."""
        while True:
            try:
                return await ask()
            except ConnectionLost:
                await self._find()

    @asynccontextmanager
    async def _asking(self, method: str, params: Mapping[str, Any]) -> AsyncIterator[Any]:
        if self._connection is None:
            raise ControlError("not connected; use 'async with p2pchat.connect() as node'")
        async with self._connection.asking(method, params) as asked:
            yield asked

    # --- finding the node

    async def _find(self) -> None:
        """Attach to the home's node, or become it."""
        async with self._finding:
            lost = self._connection is not None
            if self._connection is not None:
                if not self._connection.lost:
                    return
                failure = self._running.failure if self._running is not None else None
                self.on_change(str(failure or "the node has stopped; looking for another"))
                await self._connection.close()
                await self._retire()
                await self._recovered(failure)
            self._connection = await self._attach_or_run()
            if lost:
                self.on_change("the node is back")

    async def _recovered(self, failure: P2PChatError | None) -> None:
        """Do not run into the same wall again and again: wait for room on the disk, or for another's node.

        Raises a failure that nothing is known to mend.
        """
        from p2pchat.daemon.home import has_room

        if failure is None:
            return
        if not isinstance(failure, StoreError):
            raise failure
        while True:
            await asyncio.sleep(ROOM_EVERY_S)
            if node_runs(self.home) or await asyncio.to_thread(has_room, self.home):
                return

    async def _attach_or_run(self) -> Connection:
        loop = asyncio.get_running_loop()
        end = loop.time() + FIND_S
        while True:
            connection = await open_connection(self.home)
            if connection is not None:
                if self._run and self._running is None:
                    await _check_choices(connection, self._relay_only)
                return connection
            if not self._run:
                raise NetworkError(f"no node runs in {self.home}; start one with 'p2pchat node run'")
            if await self._become():
                end = loop.time() + FIND_S
                continue
            if loop.time() > end:
                raise ControlError(
                    f"the node in {self.home} does not answer; if it hangs, end it and try again"
                )
            await asyncio.sleep(FIND_EVERY_S)

    async def _become(self) -> bool:
        """Run the node here; False when somebody else is about to."""
        from p2pchat.daemon.node import HomeBusy

        running = _new_node(self.home, self._unlock, self._relay_only)
        try:
            await running.start()
        except HomeBusy:
            return False
        self._running = running
        return True

    async def _retire(self) -> None:
        if self._running is not None:
            running, self._running = self._running, None
            await running.stop()

    async def _leave(self) -> None:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._retire)
            if self._connection is not None:
                stack.push_async_callback(self._connection.close)


async def run_node(
    home: Path,
    passphrase: AskPassphrase | None = None,
    ready: Callable[[], None] = lambda: None,
    complain: Callable[[str], None] = lambda line: None,
    *,
    relay_only: bool = False,
) -> None:
    """Run the node of ``home`` until it is asked to stop. Raises UsageError when one runs already.

    A disk that refuses to write does not end it: nothing leaves until the disk takes it, and the node starts
    anew from what it last kept, trying again every few seconds.
    """
    from p2pchat.daemon.environment import paths
    from p2pchat.daemon.service import serve

    chosen = paths(relay_only)
    if chosen.proxy is not None and not chosen.relay_only:
        complain("links do not go through the proxy: neighbours see your address (see --relay-only)")
    unlock = _Unlock(passphrase)
    await serve(lambda: _new_node(home, unlock, relay_only, stays=True), ready, complain)


class _Unlock:
    """Asks for the passphrase once, however often the node has to be run anew."""

    def __init__(self, ask: AskPassphrase | None) -> None:
        self._ask = ask
        self._passphrase: str | None = None

    def __call__(self) -> str:
        if self._passphrase is None:
            if self._ask is None:
                raise UsageError("this home is locked with a passphrase; give it with --passphrase-file")
            self._passphrase = self._ask()
        return self._passphrase


def _new_node(home: Path, passphrase: AskPassphrase, relay_only: bool, *, stays: bool = False) -> RunningNode:
    from p2pchat.daemon.environment import paths, settings
    from p2pchat.daemon.node import RunningNode
    from p2pchat.store import KeyFile, Passphrase, needs_passphrase

    chosen, ways = settings(), paths(relay_only)
    unlock = Passphrase(passphrase()) if needs_passphrase(home) else KeyFile()
    return RunningNode(home, unlock, chosen, ways, stays)


async def _check_choices(connection: Connection, relay_only: bool) -> None:
    """Use no node that shows more of us than was asked for. Raises UsageError."""
    from p2pchat.core.stem.profile import PROFILES
    from p2pchat.daemon.environment import keep_to_relay, profile_asked, proxy

    hidden, proxied, wanted = keep_to_relay(relay_only), proxy() is not None, profile_asked()
    if not hidden and not proxied and wanted is None:
        return
    async with connection.asking("node.status", {}) as asked:
        status = await asked.result()
    kept, profile, weaker = status["paths"], status.get("profile"), list(PROFILES)
    if wanted is not None and profile in weaker[: weaker.index(wanted.name)]:
        raise await _unwanted(connection, f"with the profile {profile}, not {wanted.name}")
    if hidden and not kept["relay_only"]:
        raise await _unwanted(connection, "without --relay-only")
    if proxied and not kept["proxied"]:
        raise await _unwanted(connection, "without P2PCHAT_PROXY")


async def _unwanted(connection: Connection, how: str) -> UsageError:
    await connection.close()
    return UsageError(f"the node here runs {how}; stop it with 'p2pchat node stop' and try again")
