"""The composition root: one home's store, core, links, rendezvous connections and control socket, started and
stopped.

Knows: the parts of a node and the order of their start. Does not know: any method or message (``methods``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

from p2pchat import cores
from p2pchat.config.choices import Choices, Overrides, choose
from p2pchat.config.paths import NetworkPolicy
from p2pchat.control.events import ListenEvents
from p2pchat.control.methods import ENDLESS
from p2pchat.core.node import NodeMachine
from p2pchat.core.values.inputs import ShutDown, Started, StopAnnounced
from p2pchat.core.values.settings import Settings
from p2pchat.daemon import event_views
from p2pchat.daemon.clock import SystemClock, SystemEntropy
from p2pchat.daemon.clock_monitor import ClockMonitor
from p2pchat.daemon.control import Caller, ControlServer
from p2pchat.daemon.events import Events, Happening
from p2pchat.daemon.home import Lock
from p2pchat.daemon.local_servers import LocalServers
from p2pchat.daemon.methods import Methods
from p2pchat.daemon.names import Names
from p2pchat.daemon.network_monitor import NetworkMonitor
from p2pchat.daemon.own_network import OwnNetwork
from p2pchat.daemon.turn_servers import TurnServers, turn_servers_of
from p2pchat.errors import ControlError, P2PChatError, SettingRestart, StoreError
from p2pchat.net.driver import Driver
from p2pchat.net.engines import engine_for
from p2pchat.net.links import WebRtcLinks
from p2pchat.net.rendezvous_ws import RendezvousConnections
from p2pchat.store import Store, Unlock
from p2pchat.store.copying import backed_up_at
from p2pchat.text import one_line

T = TypeVar("T")


FIRST_LINK_S: Final = 10.0
"""Seconds that a new node gets for its first link, which takes one to three over a reachable rendezvous.
After that a missing link counts as missing."""

SETTLE_S: Final = 5.0
"""Seconds between cuts of the store's log: for at most this time the files of a killed node reveal an old
state of a session. A cut takes a third of a millisecond of processor time."""


class HomeBusy(P2PChatError):
    """Another node holds this home's lock."""


class RunningNode:
    """One home's node. Call ``start``, then ``wait_ended``, which tells the reason of the end, then ``stop``;
    a node cannot be started again."""

    def __init__(
        self,
        home: Path,
        unlock: Unlock,
        told: Overrides | None = None,
        stays: bool = False,
        opened: Callable[[Unlock], None] = lambda unlock: None,
        settings: Settings | None = None,
    ) -> None:
        """``told``: values that take precedence over the home's settings. ``stays``: it is a program of its
        own, not part of another command, and may be asked to stop. ``opened`` receives the key of the store,
        so that no caller need keep a passphrase. ``settings``: for measurements, in place of all settings."""
        self.home = home
        self.stays = stays
        self._unlock = unlock
        self._opened = opened
        self.told = told or Overrides()
        self.choices: Choices = choose(self.told, {})
        """The settings in force."""
        self._measured = settings
        self._settings = settings or Settings()
        self.paths = NetworkPolicy()
        self.clock = SystemClock()
        self.entropy = SystemEntropy()
        self.events = Events()
        self.started_at = 0.0
        self.backed_up_at: float | None = None
        """The time of the last usable backup."""
        self.waits_for = ""
        """The reason that a resting node waits."""
        self.set_back = ""
        """The evidence that the home's files were replaced by older ones: a sentence for its owner."""
        self.failure: P2PChatError | None = None
        """The failure that ended it, if the end was not requested: a StoreError when the disk refuses."""
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._methods = Methods(self)
        self._control = ControlServer(self._handle, ENDLESS)
        self._lock: Lock | None = None
        self._running: asyncio.Task[None] | None = None
        self.servers = LocalServers(self, self.entropy)
        """The rendezvous that run here."""
        self.network = OwnNetwork(self)

    def list_parts(self) -> tuple[Path, Unlock, Overrides, bool]:
        """Return what the next node in its place is made of."""
        return self.home, self._unlock, self.told, self.stays

    def list_warnings(self) -> Iterator[str]:
        """Yield the warnings for the owner at the start, a line each."""
        if self.set_back:
            yield self.set_back
        if self.paths.proxy is not None and not self.paths.relay_only:
            yield "links do not go through the proxy: neighbours see your address (see relay-only)"

    # --- life

    async def start(self) -> None:
        """Open the store, start to link, serve the control socket. Raises HomeBusy, StoreError, TrustError,
        UsageError (invalid settings)."""
        cores.leave_none()  # also from a program that is not ours
        self._lock = self._lock or Lock.try_acquire(self.home)
        if self._lock is None:
            raise HomeBusy(f"another node runs in {self.home}")
        try:
            self.store = await self._in_worker(lambda: Store.open_store(self.home, self._unlock))
            self._unlock = self.store.unlock
            self._opened(self._unlock)
            self.take_choices((await self.read_choices()).check_all())
            self.node = await self._load_node()
            await self.servers.start_listening(self.paths)
            await self._control.start(self.home)
        except BaseException:
            await self._let_go()
            raise
        self.started_at = self.clock.now()
        self.driver = Driver(self.node, self.store, self._worker, self.clock.now, self.events.publish)
        policy = self.paths
        self._links = WebRtcLinks(self.driver.submit_input, engine_for(policy), policy.servers)
        self._connections = RendezvousConnections(self.driver.submit_input, policy.proxy, policy.ca_file)
        self.driver.submit_input(Started())
        self.servers.start_announcing()
        loop = asyncio.get_running_loop()
        self._running = loop.create_task(self.driver.run(self._links, self._connections))
        self._running.add_done_callback(self._driver_ended)
        network = NetworkMonitor(self.clock, self._links, self._connections, self.driver.submit_input)
        clock = ClockMonitor(self.clock, self.node.get_status, self.driver.end_with)
        self._tasks = [
            loop.create_task(work)
            for work in (self._settle_forever(), network.run_forever(), clock.run_until_set())
        ]

    async def _load_node(self) -> NodeMachine:
        """The settings of the open home, with the warnings about it."""
        memory = await self.ask_store(Store.load_memory)
        self.set_back, self.backed_up_at = memory.set_back, await self.ask_store(backed_up_at)
        return NodeMachine(memory, self.entropy, self._settings)

    async def wait_ended(self) -> None:
        """Wait until the end is requested. Raises StoreError when the disk ended the node, BeginsAnew when
        another node must replace it."""
        assert self._running is not None, "started"
        stopping = asyncio.get_running_loop().create_task(self._methods.stop_requested.wait())
        try:
            await asyncio.wait((stopping, self._running), return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
        if self._running.done() and not self._running.cancelled():
            self._running.result()

    def take_lock_from(self, before: RunningNode) -> None:
        """Take the lock over from a stopped node, so that no other node gets it in between."""
        self._lock, before._lock = before._lock, None

    async def stop(self, *, keep_lock: bool = False) -> None:
        """Say goodbye, close everything, release the home. Never raises for a part that is broken already."""
        await self._control.stop()
        if self._running is not None:
            with suppress(Exception):  # ``wait_ended`` tells why the driver ended
                await self.driver.submit_and_persist(StopAnnounced())
                await self.driver.submit_and_persist(ShutDown())
            await self.servers.stop_announcing()
            # At once: otherwise a node that ends would still answer an offer that comes while links close.
            await asyncio.gather(self._connections.aclose(), self._links.aclose())
            tasks = (self._running, *self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        await self._let_go(keep_lock)

    async def _settle_forever(self) -> None:
        while True:
            await asyncio.sleep(SETTLE_S)
            with suppress(StoreError):  # a full disk: the next commit reports it
                await self.ask_store(Store.fold_log)

    async def _let_go(self, keep_lock: bool = False) -> None:
        try:
            await self.servers.stop_listening()
            if hasattr(self, "store"):
                await self._in_worker(self.store.close)
        finally:
            self._worker.shutdown()
            if self._lock is not None and not keep_lock:
                self._lock.release()

    def _driver_ended(self, running: asyncio.Task[None]) -> None:
        """Hang up when the node cannot go on, so that its clients look for another."""
        error = None if running.cancelled() else running.exception()
        if error is not None:
            self.failure = error if isinstance(error, P2PChatError) else _bug(error)
            self._hanging_up = asyncio.get_running_loop().create_task(self._control.stop())

    # --- settings

    async def read_choices(self) -> Choices:
        """The home's settings, with all values that take precedence."""
        return choose(self.told, await self.ask_store(Store.read_settings))

    def take_choices(self, choices: Choices) -> None:
        """Apply these settings, as far as a running node can: the servers for new links."""
        self.choices = choices
        self._settings = self._measured or choices.node_settings()
        self.paths = choices.network_policy()
        if self._running is not None:
            self._links.use_servers(self.paths.servers)

    def begin_anew(self, why: SettingRestart) -> None:
        """End this node, so that a new one takes its place with the present settings."""
        if self._running is not None:
            self.driver.end_with(why)

    # --- services for the methods

    async def ask_store(self, question: Callable[[Store], T]) -> T:
        """Run a query in the thread of the store."""
        return await self._in_worker(lambda: question(self.store))

    def view_event(self, event: Happening) -> ListenEvents | None:
        """Convert an event to its form for listeners."""
        return event_views.view_event(
            event, self.names, self.node.rooms, self.node.introductions.list_introductions
        )

    @property
    def names(self) -> Names:
        """The names of contacts, rooms and members, as they are now."""
        return Names(self.node.identity.name, self.node.list_contacts(), self.node.rooms)

    @property
    def linked(self) -> bool:
        """Whether there is any link."""
        return any(mesh.links for mesh in self.node.get_status().meshes)

    @property
    def looks_until(self) -> float:
        """The end of the time for a first link; Unix seconds."""
        return self.started_at + FIRST_LINK_S

    @property
    def looking(self) -> bool:
        """Whether it has no link yet, and still has time for the first."""
        return self.clock.now() < self.looks_until and not self.linked

    @property
    def profile(self) -> str | None:
        """The name of the privacy profile; None where cells take no stem."""
        chosen = self._settings.profile
        return chosen.name if chosen is not None else None

    @property
    def separate(self) -> bool:
        """Whether each topic at a rendezvous has a connection of its own."""
        return self._settings.separate

    @property
    def turn_servers(self) -> TurnServers:
        """The TURN servers that links may use."""
        usable = self._links.servers_for(self.node.list_hinted_servers(self.clock.now()))
        links, own = self._links, self.paths
        return turn_servers_of(own.servers, usable, links.refused, links.silent, own.relay_only)

    async def _in_worker(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._worker, work)

    async def _handle(self, method: str, params: Mapping[str, object], caller: Caller) -> object:
        return await self._methods.call(method, params, caller)


def _bug(error: BaseException) -> ControlError:
    what = one_line(f"{type(error).__name__}: {error}").rstrip(": ")
    return ControlError(f"the node failed, {what}; please report it")
