"""Reaching the node of a home: attaching to the one that runs, or becoming it, again and again.

Knows: how a node is found, when it is lost, what is then asked again. Does not know: any method's meaning.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, TypeVar

from p2pchat.client.agreement import check_choices
from p2pchat.client.embedded import AskPassphrase, Unlock, new_node
from p2pchat.client.homes import is_held, is_taken, runs, silence
from p2pchat.control import methods, parameters
from p2pchat.control.methods import Method, ResponseTime
from p2pchat.control.parameters import Params
from p2pchat.errors import BeginsAnew, ControlError, NetworkError, StoreError, TrustError
from p2pchat.rpc import (
    Busy,
    Connection,
    ConnectionLost,
    NotAnswering,
    PendingCall,
    connection_over,
    open_connection,
)

if TYPE_CHECKING:
    from p2pchat.daemon.node import RunningNode
    from p2pchat.daemon.resting import RestingNode

FIND_S: Final = 20.0
"""Seconds to look for the node of a home that is in use: opening a store takes one or two."""

FIND_EVERY_S: Final = 0.05

ANSWER_S: Final = 10.0
"""How long a node may take to answer anything at all, on a machine that is busy and a disk that is."""

ASK_AFTER: Final = 0.2
"""Of that time, what goes by before a node that has not answered is asked for anything else."""

LET_GO_LOOKS: Final = 10
"""Looks at a process before one at its home's lock, which takes the lock for a moment."""

_RETRY_HINT: Final = "let it go on or end it, with 'kill -CONT' or 'kill -9', and try again"

P = TypeVar("P", bound=Params)
A = TypeVar("A")
T = TypeVar("T")


class NodeBack(str):
    """A report to ``on_change`` that the node is there again, or has done what was waited for."""


class NodeConnection:
    """Connects to the node of a home, which may run in any of the home's programs, or runs it here."""

    def __init__(
        self,
        home: Path,
        ask: AskPassphrase | None,
        run: bool,
        relay_only: bool = False,
        patience: float | None = None,
        still: bool = False,
        lan: bool = False,
    ) -> None:
        """``still``: where no node runs, none is begun; the home is opened for its settings alone."""
        self.home = home
        self._still = still
        self._find_s = FIND_S if patience is None else min(FIND_S, patience)
        self._answer_s = ANSWER_S if patience is None else min(ANSWER_S, patience)
        self._silent = False
        self._unlock = Unlock(ask)
        self._run = run
        self._relay_only = relay_only
        self._lan = lan
        self._connection: Connection | None = None
        self._running: RunningNode | None = None
        self._resting: asyncio.Future[None] | None = None
        self._line: socket.socket | None = None
        """To a node of ours that has no socket in the home."""
        self._finding = asyncio.Lock()
        self.on_change: Callable[[str], None] = lambda line: None
        """Told, in a few words, when the node was lost, and by ``NodeBack`` when it is back."""

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

    async def _call(self, method: Method[P, A], params: P) -> A:
        """Call a method, and wait as long as the node answers anything at all: one answer may take it long.
        ``on_change`` is told of a busy node, unless the method is known to take long."""

        async def ask() -> A:
            async with self._open_call(method, params) as call:
                return await self._wait_for_answer(
                    call.wait_result(), tell=method.response_time is ResponseTime.MOMENT
                )

        return await self._ask_until_answered(ask)

    async def _call_within(self, method: Method[P, A], params: P, within: float | None, then: str) -> A:
        """Call a method, and wait ``within`` seconds. Raises NotAnswering or Busy, with advice what to do
        ``then``."""

        async def ask() -> A:
            async with self._open_call(method, params) as call:
                return await self._wait_for_answer(call.wait_result(), within, then, tell=True)

        return await self._ask_until_answered(ask)

    async def _wait_for_answer(
        self,
        answer: Coroutine[None, None, T],
        within: float | None = None,
        then: str = _RETRY_HINT,
        tell: bool = False,
    ) -> T:
        """Wait for ``answer`` while the node answers anything at all, and no longer than ``within``. ``tell``
        that it is busy, after some seconds. Raises NotAnswering and Busy."""
        silence = self._answer_s if within is None else min(within, self._answer_s)
        now, told = asyncio.get_running_loop().time, False
        begun = now()
        waiting = asyncio.ensure_future(answer)
        try:
            while not (await asyncio.wait((waiting,), timeout=silence * ASK_AFTER))[0]:
                if not await self._shows_life(waiting, silence * (1 - ASK_AFTER)):
                    raise self._not_answering(then)
                waited = now() - begun
                if within is not None and waited >= within and not (self.embedded or waiting.done()):
                    raise Busy(within, then)
                if tell and not told and waited >= self._answer_s / 2:
                    self.on_change("the node is busy with this; waiting for it")
                    told = True
            if told:
                self.on_change(NodeBack("the node has done it"))
            return waiting.result()
        finally:
            waiting.cancel()

    async def _shows_life(self, waiting: asyncio.Future[T], within: float) -> bool:
        """Tell whether the node answers anything: the pending call, or a short question."""
        asking = asyncio.ensure_future(self._answers(within))
        try:
            await asyncio.wait((waiting, asking), return_when=asyncio.FIRST_COMPLETED)
            return waiting.done() or asking.result()
        finally:
            asking.cancel()
            await asyncio.wait((asking,))

    @asynccontextmanager
    async def _report_silence(self) -> AsyncIterator[None]:
        """Tell ``on_change`` in the block when the node falls silent, and when it speaks again: for what may
        rightly wait without end."""
        watching = asyncio.ensure_future(self._check_forever())
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.wait((watching,))

    async def _check_forever(self) -> None:
        while True:
            await asyncio.sleep(self._answer_s)
            silent = not await self._answers()
            if silent and not self._silent:
                self.on_change(str(self._not_answering("waiting for it")))
            elif self._silent and not silent:
                self.on_change(NodeBack("the node answers again"))
            self._silent = silent

    async def _answers(self, within: float | None = None) -> bool:
        """Whether another's node answers. Asked on a connection of its own: it does not stand in line behind
        a long answer."""
        if self.embedded:
            return True
        connection = None
        try:
            connection = await open_connection(self.home)
            if connection is not None:
                await self._greet(connection, within)
        except NotAnswering:
            return False
        except ControlError:
            pass  # the caller that waits for the answer finds out that it was lost
        finally:
            if connection is not None:
                await connection.close()
        return True

    def _not_answering(self, then: str) -> NotAnswering:
        return NotAnswering(self._connection.pid if self._connection is not None else None, then)

    async def _ask_until_answered(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask; when the node is lost half-way, find it and ask the same again. Every method bears that."""
        while True:
            try:
                return await ask()
            except ConnectionLost:
                await self._find()

    @asynccontextmanager
    async def _open_call(self, method: Method[P, A], params: P) -> AsyncIterator[PendingCall[A]]:
        if self._connection is None:
            raise ControlError("not connected; use 'async with p2pchat.connect() as node'")
        async with self._connection.open_call(method, params) as call:
            yield call

    async def _wait_for_release(self) -> None:
        """Wait until the node here has hung up, and its process has ended or another program may have the
        home. (Its process id says nothing in another namespace of processes; the lock does.)"""
        connection = self._connection
        while connection is not None and not connection.lost:
            await asyncio.sleep(FIND_EVERY_S)
        process = connection.pid if connection is not None else None
        looks = 0
        while process is None or runs(process):
            if looks % LET_GO_LOOKS == 0 and not is_held(self.home):
                return
            looks += 1
            await asyncio.sleep(FIND_EVERY_S)

    # --- finding the node

    async def _find(self) -> None:
        """Attach to the home's node, or become it."""
        async with self._finding:
            lost = self._connection is not None
            if self._connection is not None:
                if not self._connection.lost:
                    return
                failed = self._running
                failure = failed.failure if failed is not None else None
                if self._resting is None:
                    self.on_change(str(failure or "the node has stopped; looking for another"))
                await self._connection.close()
                await self._retire()
                await self._recover_from(failed)
            self._connection = await self._attach_or_run()
            if lost and self._resting is None:
                self.on_change(NodeBack("the node is back"))

    async def _recover_from(self, failed: RunningNode | None) -> None:
        """Do not run into the same wall again and again: rest here until there is room on the disk.

        Raises a failure that nothing is known to mend.
        """
        if failed is None or failed.failure is None or isinstance(failed.failure, BeginsAnew):
            return
        if not isinstance(failed.failure, StoreError):
            raise failed.failure
        from p2pchat.daemon.node import HomeBusy
        from p2pchat.daemon.resting import RestingNode

        resting = RestingNode.make_successor(failed, failed.failure)
        try:
            await resting.start()
        except HomeBusy:
            return
        self._running = resting
        self._resting = asyncio.ensure_future(_until_room(resting))

    async def _attach_or_run(self) -> Connection:
        loop = asyncio.get_running_loop()
        end = loop.time() + self._find_s
        while True:
            connection = await self._connect()
            if connection is not None:
                if await self._accept(connection):
                    return connection
            elif not self._run:
                if not is_taken(self.home):
                    raise NetworkError(silence(self.home))
            elif await self._run_node():
                end = loop.time() + self._find_s
                continue
            if loop.time() > end:
                raise ControlError(
                    f"another program holds {self.home}, and no node has answered there for "
                    f"{self._find_s:.0f} s; try again, and end that program if this goes on"
                )
            await asyncio.sleep(FIND_EVERY_S)

    async def _connect(self) -> Connection | None:
        line, self._line = self._line, None
        return await open_connection(self.home) if line is None else await connection_over(line)

    async def _accept(self, connection: Connection) -> bool:
        """Whether the node that was found is there to stay; one just about to stop hangs up.

        Raises NotAnswering, and UsageError if it keeps to less than was asked for.
        """
        if self._running is not None:
            return True
        try:
            await self._greet(connection)
            if self._run and not self._still:
                async with asyncio.timeout(self._answer_s):
                    await check_choices(connection, self._relay_only, self._lan)
        except ConnectionLost:
            await connection.close()
            return False
        except TimeoutError:
            await connection.close()
            raise NotAnswering(connection.pid, _RETRY_HINT) from None
        return True

    async def _greet(self, connection: Connection, within: float | None = None) -> None:
        """Ask a node who it is, to see that it answers. Raises NotAnswering, ConnectionLost; then the
        connection is closed."""
        try:
            async with (
                asyncio.timeout(self._answer_s if within is None else within),
                connection.open_call(methods.WHOAMI, parameters.NoParams()) as call,
            ):
                await call.wait_result()
        except TimeoutError:
            await connection.close()
            raise NotAnswering(connection.pid, _RETRY_HINT) from None
        except ControlError:
            await connection.close()
            raise

    async def _run_node(self) -> bool:
        """Run the node here, or read a home that cannot be written; False when another program is about to
        run it."""
        from p2pchat.daemon.home import ReadOnlyHome
        from p2pchat.daemon.node import HomeBusy
        from p2pchat.daemon.resting import RestingNode
        from p2pchat.daemon.settings_node import SettingsNode

        while True:
            running = new_node(self.home, self._unlock, self._relay_only, lan=self._lan, still=self._still)
            try:
                await running.start()
            except HomeBusy:
                return False
            except ReadOnlyHome as error:
                running = await self._start_reading(RestingNode.make_successor(running, error))
            except TrustError:
                if not self._unlock.ask_once_more():
                    raise
                continue
            self._running = running
            if isinstance(running, SettingsNode):
                self._line = running.line
            if running.set_back:
                self.on_change(running.set_back)
            return True

    async def _start_reading(self, resting: RestingNode) -> RestingNode:
        self._line = await resting.start_reading()
        return resting

    async def _retire(self) -> None:
        if self._resting is not None:
            resting, self._resting = self._resting, None
            resting.cancel()
            await asyncio.wait((resting,))
        if self._running is not None:
            running, self._running = self._running, None
            await running.stop()

    async def _leave(self) -> None:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._retire)
            if self._connection is not None:
                stack.push_async_callback(self._connection.close)


async def _until_room(resting: RestingNode) -> None:
    """Have a node that rests make way for one that runs."""
    await resting.wait_for_space()
    await resting.hang_up()
