"""Talk to a node: the public Python interface, and all that the command line and the chat use.

Knows: the control socket's protocol, how to find a node, how to become one when there is none. Does not know:
what a node is made of (it is imported only when one must be run here).

::

    async with p2pchat.connect() as node:
        await node.send("bob", "hi")

The node that a home's programs share may run in any of them. When it goes away, those left find the new one,
or run it: calls under way go on, and nothing is sent or shown twice.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from p2pchat.errors import ControlError, NetworkError, NotInTime, P2PChatError, StoreError, UsageError
from p2pchat.rpc import SOCKET, Connection, ConnectionLost, open_connection

if TYPE_CHECKING:
    from p2pchat.daemon.node import RunningNode

Event = dict[str, Any]
"""As in docs/scripting.md: ``type`` and what belongs to it."""

AskPassphrase = Callable[[], str]
"""Called when, and only when, a home needs its passphrase."""

FIND_S: Final = 20.0
"""How long to look for the node of a home that somebody holds: opening a store takes a second or two."""

FIND_EVERY_S: Final = 0.05

ROOM_EVERY_S: Final = 2.0
"""Between looks at a disk that has stopped the node here; each look writes a megabyte."""

KEY_MAX: Final = 256
"""Bytes of an id that a caller gives a message."""

_MESSAGE_ID: Final = re.compile(r"[0-9a-f]{32}")

INVITE_LIVES: Final = 4
"""Nodes that may wait at one code, one after another; each allows one guess, so not without end."""


def default_home() -> Path:
    """``P2PCHAT_HOME``, or the platform's data directory."""
    if home := os.environ.get("P2PCHAT_HOME"):
        return Path(home).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("p2pchat", appauthor=False))


def home_exists(home: Path) -> bool:
    """Whether there is an identity in ``home``."""
    from p2pchat.store import exists

    return exists(home)


def node_runs(home: Path) -> bool:
    """Whether a node seems to run in ``home``, at the cost of one look: a killed one leaves its socket."""
    return (home / SOCKET).exists()


def create_home(home: Path, name: str, rendezvous: Sequence[str] = (), passphrase: str | None = None) -> None:
    """Make a new identity; without a passphrase the key lies open in the home.

    Raises UsageError (bad name or address, or an identity is there already), StoreError.
    """
    from p2pchat.daemon.setup import create_home as create
    from p2pchat.store import KeyFile, Passphrase

    create(home, name, tuple(rendezvous), KeyFile() if passphrase is None else Passphrase(passphrase))


def change_passphrase(home: Path, old: str | None, new: str | None) -> None:
    """Lock ``home`` with another passphrase; None for none. A node that runs there goes on until it ends.

    Raises TrustError (the old one is wrong), StoreError; then the old one holds.
    """
    from p2pchat.daemon.setup import change_passphrase as change
    from p2pchat.store import KeyFile, Passphrase

    old_way, new_way = (KeyFile() if each is None else Passphrase(each) for each in (old, new))
    change(home, old_way, new_way)


def needs_passphrase(home: Path) -> bool:
    """Whether ``home`` is locked with a passphrase. Raises StoreError."""
    from p2pchat.store import needs_passphrase as needs

    return needs(home)


def wipe_home(home: Path) -> None:
    """Destroy the identity in ``home`` and all its data. Raises ControlError while a node runs there."""
    from p2pchat.daemon.setup import wipe_home as wipe

    wipe(home)


def message_id(key: str) -> str:
    """The message's id that a key of the caller's own stands for, 32 hexadecimal digits; such a one is its
    own. Raises UsageError."""
    data = key.encode(errors="surrogateescape")
    if not 0 < len(data) <= KEY_MAX:
        raise UsageError(f"an id has 1 to {KEY_MAX} bytes")
    return key if _MESSAGE_ID.fullmatch(key) else blake2b(data, digest_size=16).hexdigest()


def forge(words: str | None = None) -> Event:
    """Show, on throw-away accounts, that one side alone can make a transcript up: ``transcripts`` by
    ``name``, and whether one judge ``accepted`` each. ``words``: what is put into the guest's mouth."""
    from p2pchat.daemon.forgery import demonstrate

    return demonstrate(words)


def connect(
    home: Path | str | None = None,
    *,
    passphrase: AskPassphrase | str | None = None,
    run: bool = True,
    relay_only: bool = False,
) -> Node:
    """Return a node to be entered with ``async with``.

    Attaches to the node that runs in ``home``; if none does, runs one in this process for as long as the
    block lasts, or, with ``run=False``, raises NetworkError. With ``relay_only``, as with
    ``P2PCHAT_RELAY_ONLY`` or ``P2PCHAT_PROXY``, a running node that keeps to less is a UsageError.
    """
    ask = (lambda: passphrase) if isinstance(passphrase, str) else passphrase
    return Node(Path(home) if home is not None else default_home(), ask, run, relay_only)


class Node:
    """A node, wherever it runs. All methods raise P2PChatError with a line fit to show."""

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

    async def __aenter__(self) -> Node:
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

    # --- who we are

    async def whoami(self) -> Event:
        """``name``, ``fingerprint``, ``words``, ``home``, ``rendezvous``."""
        return await self._call("whoami")  # type: ignore[no-any-return]

    # --- pairing

    async def invite(
        self,
        *,
        link: bool = False,
        name: str | None = None,
        timeout: float | None = None,
        rendezvous: Sequence[str] = (),
    ) -> AsyncGenerator[Event, None]:
        """Yield ``{"type": "invite", "code": …}``, then the new contact's event; ends with it.

        The code stays good when the node is lost and another takes over.
        """
        params: Event = {"link": link, "name": name, "rendezvous": list(rendezvous), "code": None}
        left = _remaining(timeout)
        for lives in reversed(range(INVITE_LIVES)):
            try:
                async with self._asking("invite", {**params, "timeout": left()}) as asked:
                    async for event in asked:
                        params["code"] = event["code"]
                        yield event
                    yield {"type": "contact", "change": "added", **await asked.result()}
                    return
            except ConnectionLost:
                if not lives:
                    raise
                await self._find()

    async def join(
        self,
        code: str,
        *,
        name: str | None = None,
        timeout: float | None = None,
        rendezvous: Sequence[str] = (),
    ) -> Event:
        """Become somebody's contact with the code or link they gave; return the contact."""
        params = {"code": code, "name": name, "timeout": timeout, "rendezvous": list(rendezvous)}
        async with self._asking("join", params) as asked:
            return await asked.result()  # type: ignore[no-any-return]

    # --- contacts

    async def contacts(self) -> list[Event]:
        """All contacts: ``name``, ``fingerprint``, ``verified``, ``blocked``, ``muted``, ``disappear``
        (seconds or None), ``how``, ``here``, ``added_at``, ``mesh``."""
        return await self._call("contacts.list")  # type: ignore[no-any-return]

    async def contact(self, name: str) -> Event:
        """One contact, with ``safety_number`` and ``safety_emoji``."""
        return await self._call("contacts.show", name=name)  # type: ignore[no-any-return]

    async def verify(self, name: str, verified: bool = True) -> Event:
        """Note that the safety number was compared (or take that back)."""
        return await self._call("contacts.verify", name=name, verified=verified)  # type: ignore[no-any-return]

    async def rename(self, name: str, new: str) -> Event:
        """Call a contact something else."""
        return await self._call("contacts.rename", name=name, new=new)  # type: ignore[no-any-return]

    async def block(self, name: str, blocked: bool = True) -> Event:
        """Stop hearing a contact, and withdraw what waits for them (or hear them again)."""
        return await self._call("contacts.block", name=name, blocked=blocked)  # type: ignore[no-any-return]

    async def mute(self, name: str, muted: bool = True) -> Event:
        """Make no noise about what a contact writes (or make it again)."""
        return await self._call("contacts.mute", name=name, muted=muted)  # type: ignore[no-any-return]

    async def disappear(self, name: str, seconds: float | None) -> Event:
        """Have all that is said with a contact forgotten, by both, so long after it was written; None: no
        more."""
        return await self._call("contacts.disappear", name=name, seconds=seconds)  # type: ignore[no-any-return]

    async def remove(self, name: str) -> Event:
        """Forget a contact and everything said."""
        return await self._call("contacts.remove", name=name)  # type: ignore[no-any-return]

    # --- messages

    async def send(
        self,
        to: str,
        text: str,
        *,
        wait: str = "delivered",
        timeout: float | None = 30.0,
        on_state: Callable[[Event], None] | None = None,
        id: str | None = None,
    ) -> Event:
        """Send a text and wait for a state: ``queued``, ``relayed`` or ``delivered``.

        ``on_state`` is told each state as a receipt event, ``queued`` first: from then on nothing can lose
        the message. The same ``id`` (any text of at most ``KEY_MAX`` bytes) again sends nothing twice.
        Returns ``{"id", "state", "at"}``. Raises NotInTime (it stays queued), Ended (expired or cancelled),
        UsageError (also if the id was used for something else), LimitError.
        """
        report = _each_once(on_state)
        message = message_id(id) if id is not None else os.urandom(16).hex()
        queued = await self._call("send", to=to, text=text, id=message)
        report({"type": "receipt", **queued, "state": "queued"})
        if wait == "queued":
            return queued  # type: ignore[no-any-return]
        return await self._wait(message, wait, timeout, report)

    async def _wait(
        self, message: str, state: str, timeout: float | None, report: Callable[[Event], None]
    ) -> Event:
        left = _remaining(timeout)

        async def follow() -> Event:
            async with self._asking("wait", {"id": message, "state": state, "timeout": left()}) as asked:
                async for event in asked:
                    report(event)
                return await asked.result()  # type: ignore[no-any-return]

        try:
            async with asyncio.timeout(None if timeout is None else timeout + 1.0):
                return await self._again(follow)  # type: ignore[no-any-return]
        except TimeoutError:
            raise NotInTime(
                f"not {state} within {timeout:g} s; it stays queued and will still go out"
            ) from None

    async def listen(self, sender: str | None = None) -> AsyncGenerator[Event, None]:
        """Yield events for ever: first messages that no listener has had, then all that happens.

        Call ``heard`` for each message once it is shown; one that was not is offered again to the next
        listener.
        """
        shown: dict[str, None] = {}
        while True:
            try:
                async with self._asking("listen", {"from": sender}) as asked:
                    async for event in asked:
                        if event["type"] == "message":
                            if event["id"] in shown:
                                continue
                            _remember(shown, event["id"])
                        yield event
                    await asked.result()
            except ConnectionLost:
                await self._find()

    async def heard(self, ids: Iterable[str]) -> None:
        """These messages were shown."""
        await self._call("heard", ids=list(ids))

    async def history(
        self,
        name: str,
        *,
        search: str | None = None,
        since: datetime | float | None = None,
        limit: int | None = None,
        before: str | None = None,
        after: str | None = None,
    ) -> list[Event]:
        """The last ``limit`` messages with a contact, ``before`` the one of that id, or the first that came
        ``after`` it; oldest first, as message events with ``state`` and ``outgoing``."""
        start = since.timestamp() if isinstance(since, datetime) else since
        asked = {"name": name, "search": search, "since": start, "limit": limit}
        asked |= {"before": before, "after": after}
        return await self._call("history", **asked)  # type: ignore[no-any-return]

    async def search(self, text: str, *, limit: int | None = None) -> list[Event]:
        """The last ``limit`` messages with anybody that contain ``text``, oldest first."""
        return await self._call("history.search", search=text, limit=limit)  # type: ignore[no-any-return]

    async def edit(self, id: str, text: str) -> None:
        """Have a line of the history here say something else. Nobody else's changes."""
        await self._call("history.edit", id=id, text=text)

    async def forget(self, name: str) -> int:
        """Forget what was said with a contact, but for what waits to be delivered; how many messages."""
        return (await self._call("history.forget", name=name))["forgotten"]  # type: ignore[no-any-return]

    async def forget_message(self, id: str) -> None:
        """Forget one message here."""
        await self._call("history.forget", id=id)

    async def conversations(self) -> list[Event]:
        """The last message with each contact (``with``), and how many are ``unheard``; the latest first."""
        return await self._call("conversations")  # type: ignore[no-any-return]

    # --- the node itself

    async def status(self) -> Event:
        """Links, rendezvous, counters, memory …"""
        return await self._call("node.status")  # type: ignore[no-any-return]

    async def doctor(self) -> list[Event]:
        """What works from here: for each check its ``name``, whether it is ``ok``, and what was ``found``."""
        return await self._call("doctor")  # type: ignore[no-any-return]

    async def stop(self) -> None:
        """Ask the node to stop."""
        await self._call("node.stop")

    async def trace(self) -> AsyncGenerator[Event, None]:
        """Yield ``{"type": "tracing"}``, then an event for each cell's first sight at this node."""
        async with self._asking("node.trace", {}) as asked:
            async for event in asked:
                yield event
            await asked.result()

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
                    await _check_paths(connection, self._relay_only)
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


async def _check_paths(connection: Connection, relay_only: bool) -> None:
    """Use no node that shows more of us than was asked for. Raises UsageError."""
    from p2pchat.daemon.environment import keep_to_relay, proxy

    hidden, proxied = keep_to_relay(relay_only), proxy() is not None
    if not hidden and not proxied:
        return
    async with connection.asking("node.status", {}) as asked:
        kept = (await asked.result())["paths"]
    if hidden and not kept["relay_only"]:
        raise await _unwanted(connection, "without --relay-only")
    if proxied and not kept["proxied"]:
        raise await _unwanted(connection, "without P2PCHAT_PROXY")


async def _unwanted(connection: Connection, how: str) -> UsageError:
    await connection.close()
    return UsageError(f"the node here runs {how}; stop it with 'p2pchat node stop' and try again")


def _remaining(timeout: float | None) -> Callable[[], float | None]:
    """What is left of ``timeout`` seconds from now on."""
    loop = asyncio.get_running_loop()
    end = None if timeout is None else loop.time() + timeout
    return lambda: None if end is None else max(0.0, end - loop.time())


def _each_once(on_state: Callable[[Event], None] | None) -> Callable[[Event], None]:
    """Tell each state once and in order, however often the question had to be asked."""
    order = ("queued", "relayed", "delivered", "expired", "cancelled")
    reached = -1

    def report(event: Event) -> None:
        nonlocal reached
        place = order.index(event["state"])
        if place > reached:
            reached = place
            if on_state is not None:
                on_state(event)

    return report


def _remember(shown: dict[str, None], message: str, cap: int = 10_000) -> None:
    shown[message] = None
    if len(shown) > cap:
        del shown[next(iter(shown))]


__all__ = [
    "ControlError",
    "Event",
    "Node",
    "P2PChatError",
    "connect",
    "create_home",
    "default_home",
    "home_exists",
]
