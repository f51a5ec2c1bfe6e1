"""Runs one core node against the world: feeds it inputs, carries out its effects.

Knows: the order in which things are done. Frames, and all else that concerns links, are handed over as soon
as the node has said so: they rest on nothing that is kept, and a frame that waited for the disk would tell a
neighbour that it came with something for this node. What does rest on the store waits for it: events, words
to a rendezvous, and cells of our own, which come back to the node as inputs once they are on disk
(``effects.WhenKept``). Does not know: why the node wants what it wants.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import field
from typing import Any, Final, Protocol, TypeVar, assert_never

from p2pchat.core.values import effects
from p2pchat.core.values.changes import Change, PutCells, Settled
from p2pchat.core.values.effects import Effect, Event
from p2pchat.core.values.files import (
    CheckFile,
    DropContent,
    FetchPiece,
    FileEffect,
    ForFiles,
    KeepPiece,
    SweepContent,
)
from p2pchat.core.values.inputs import CellsFetched, FrameReceived, Input, LinkDown, TimerFired
from p2pchat.core.values.records import HeldCell
from p2pchat.core.values.refusals import Rejected
from p2pchat.core.values.room_inputs import RoomRecordsFetched
from p2pchat.data import dataclass
from p2pchat.errors import ControlError
from p2pchat.types import ConversationId, LinkId, MeshId
from p2pchat.wire.description import Description
from p2pchat.wire.ice import Servers
from p2pchat.wire.signalling import FromClient

T = TypeVar("T")

BATCH_MAX: Final = 256
"""Inputs taken in before a commit begins and the event loop gets its turn: one commit for many."""

UNKEPT_MAX: Final = 32_768
"""What may wait for the disk, cells to be held counted each: 33 MB. Beyond it the node stands still, as it
must when a disk does not answer for minutes."""

LOOK_EVERY_SECONDS: Final = 10.0
"""The event loop's clock stands still while the machine sleeps, the node's does not: what fell due meanwhile
is seen this long after waking up, at most."""

FRAMES_WAITING_MAX: Final = 2048
"""Frames of one link that wait to be handled, 2.4 MB: four times what an honest neighbour queues for a link,
so that only a flooding peer is disconnected while the disk is slow."""


class Core(Protocol):
    """What the driver needs of ``core.NodeMachine``."""

    def handle(self, input: Input, now: float) -> list[Effect]: ...

    def next_wakeup(self) -> float | None: ...


class Links(Protocol):
    """What the driver needs of ``net.links.WebRtcLinks``."""

    def make_offer(self, link: LinkId, hinted: Servers) -> None: ...

    def make_answer(self, link: LinkId, offer: Description, hinted: Servers) -> None: ...

    def accept_answer(self, link: LinkId, answer: Description) -> None: ...

    def send_frame(self, link: LinkId, frame: bytes) -> None: ...

    def close_link(self, link: LinkId) -> None: ...


class Connections(Protocol):
    """What the driver needs of ``net.rendezvous_ws.RendezvousConnections``."""

    def open_connection(self, url: str, typed: bool, nearby: bool) -> None: ...

    def close_connection(self, url: str) -> None: ...

    def send_message(self, url: str, message: FromClient) -> None: ...


class Journal(Protocol):
    """What the driver needs of the store; called in its worker thread."""

    def commit_changes(self, changes: Sequence[Change]) -> Sequence[Settled]: ...

    def read_cells(self, mesh: MeshId, numbers: Sequence[int]) -> tuple[HeldCell, ...]: ...

    def serve_file(self, effect: FileEffect) -> ForFiles | None: ...

    def read_room_records(
        self, room: ConversationId, names: Sequence[bytes]
    ) -> dict[bytes, bytes | None]: ...


TRACES: Final = (effects.CellSeen, effects.OnionSeen)
"""Events that every passing cell causes, and that rest on nothing."""


_Answer = asyncio.Future[Rejected | None]
"""The result that the sender of an input waits for."""


@dataclass(slots=True)
class _Batch:
    """Changes that are committed together, and what may be done then, in order."""

    changes: list[Change] = field(default_factory=list)
    weight: int = 0
    then: list[Effect] = field(default_factory=list)
    waiting: list[tuple[_Answer, Rejected | None]] = field(default_factory=list)

    def add_change(self, change: Change) -> None:
        self.changes.append(change)
        self.weight += len(change.cells) if isinstance(change, PutCells) else 1


class Driver:
    """One node's event loop. Inputs are handled strictly in the order they were submitted."""

    def __init__(
        self,
        node: Core,
        journal: Journal,
        worker: ThreadPoolExecutor,
        now: Callable[[], float],
        notify: Callable[[Event], None],
    ) -> None:
        self._node = node
        self._journal = journal
        self._worker = worker
        self._now = now
        self._notify = notify
        self._inputs: deque[tuple[Input, _Answer | None]] = deque()
        self._frames_waiting: Counter[LinkId] = Counter()
        self._awake = asyncio.Event()
        self._ended: BaseException | None = None
        self._failed: BaseException | None = None
        self._reading: set[asyncio.Future[Any]] = set()
        self._unkept = _Batch()
        self._keeping: _Batch | None = None
        """The batch that is being committed."""
        self._links: Links | None = None
        self._connections: Connections | None = None

    def submit_input(self, input: Input) -> None:
        """Take an input. Closes a link whose frames come much faster than the node can handle them."""
        if self._ended is not None:
            return
        if isinstance(input, FrameReceived):
            input = self._room_for(input)
        self._inputs.append((input, None))
        self._awake.set()

    async def submit_and_persist(self, input: Input) -> Rejected | None:
        """Take an input; return when its consequences are on disk, and the refusal if the core refused it.
        Raises what ended the driver."""
        if self._ended is not None:
            raise self._ended
        persisted: _Answer = asyncio.get_running_loop().create_future()
        self._inputs.append((input, persisted))
        self._awake.set()
        return await persisted

    def end_with(self, error: BaseException) -> None:
        """End the driver with this error, at the next turn of the event loop."""
        self._failed = self._failed or error
        self._awake.set()

    async def run(self, links: Links, connections: Connections) -> None:
        """Run until cancelled. Raises StoreError when the disk refuses; nothing has left then that rests on
        what could not be committed."""
        self._links, self._connections = links, connections
        try:
            while True:
                await self._wait()
                self._batch()
                if self._inputs and not self._overloaded:
                    self._awake.set()
                    await asyncio.sleep(0)
        except BaseException as error:
            self._end(error)
            raise
        finally:
            for reading in self._reading:
                reading.cancel()

    def _room_for(self, frame: FrameReceived) -> Input:
        if self._frames_waiting[frame.link] < FRAMES_WAITING_MAX:
            self._frames_waiting[frame.link] += 1
            return frame
        assert self._links is not None, "running: a link has sent frames"
        self._links.close_link(frame.link)
        return LinkDown(frame.link, "frames came faster than they could be handled")

    def _made_room(self, link: LinkId) -> None:
        self._frames_waiting[link] -= 1
        if not self._frames_waiting[link]:
            del self._frames_waiting[link]

    async def _wait(self) -> None:
        if not self._inputs or self._overloaded:
            due = self._node.next_wakeup() if not self._overloaded else None
            patience = None if due is None else min(max(0.0, due - self._now()), LOOK_EVERY_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._awake.wait()
        self._awake.clear()
        if self._failed is not None:
            raise self._failed

    @property
    def _overloaded(self) -> bool:
        return self._keeping is not None and self._unkept.weight + len(self._unkept.then) > UNKEPT_MAX

    def _batch(self) -> None:
        """Handle the inputs, then have their effects committed."""
        for _ in range(min(BATCH_MAX, len(self._inputs))):
            if self._overloaded:
                return
            input, persisted = self._inputs.popleft()
            if isinstance(input, FrameReceived):
                self._made_room(input.link)
            try:
                effects_of_it = self._node.handle(input, self._now())
                self._do(effects_of_it)
            except BaseException as error:
                _fail([persisted] if persisted is not None else [], error)
                raise
            if persisted is not None:
                refused = next((effect for effect in effects_of_it if isinstance(effect, Rejected)), None)
                self._unkept.waiting.append((persisted, refused))
        due = self._node.next_wakeup()
        if due is not None and due <= self._now():
            self._do(self._node.handle(TimerFired(), self._now()))
        self._keep()

    def _do(self, batch: list[Effect]) -> None:
        """Execute at once the effects that rest on nothing that is kept; queue the others."""
        for effect in batch:
            match effect:
                case effects.Persist(change):
                    self._unkept.add_change(change)
                case effects.Notify(event) if isinstance(event, TRACES):
                    self._notify(event)
                case (
                    effects.SendFrame()
                    | effects.CloseLink()
                    | effects.FetchCells()
                    | effects.FetchRoomRecords()
                ):
                    self._execute(effect)
                case effects.MakeOffer() | effects.MakeAnswer() | effects.AcceptAnswer():
                    self._execute(effect)
                case _:
                    self._unkept.then.append(effect)

    def _keep(self) -> None:
        """Commit all that waits, unless a commit is under way: one batch after the other."""
        while self._keeping is None and (self._unkept.changes or self._unkept.then or self._unkept.waiting):
            self._keeping, self._unkept = self._unkept, _Batch()
            if not self._keeping.changes:
                self._kept(self._keeping, ())
                continue
            loop = asyncio.get_running_loop()
            commit = loop.run_in_executor(self._worker, self._journal.commit_changes, self._keeping.changes)
            commit.add_done_callback(self._committed)

    def _committed(self, commit: asyncio.Future[Sequence[Settled]]) -> None:
        batch = self._keeping
        if batch is None or commit.cancelled():
            return  # the driver has ended meanwhile
        self._awake.set()
        error = commit.exception()
        if error is not None:
            self._failed = self._failed or error
            return
        try:
            self._kept(batch, commit.result())
            self._keep()
        except BaseException as failure:  # noqa: BLE001 -- raised where the driver runs
            self._failed = self._failed or failure

    def _kept(self, batch: _Batch, settled: Sequence[Settled]) -> None:
        """Execute what waited for a batch that is on disk. ``settled``: what became of its lines."""
        self._keeping = None
        for persisted, refused in batch.waiting:
            if not persisted.done():
                persisted.set_result(refused)
        for effect in effects.news(batch.then, settled):
            self._execute(effect)

    def _execute(self, effect: Effect) -> None:
        assert self._links is not None and self._connections is not None, "running"
        match effect:
            case effects.SendFrame(link, data):
                self._links.send_frame(link, data)
            case effects.Persist() | Rejected():
                pass  # done already, or told already
            case effects.WhenKept(input):
                self.submit_input(input)
            case effects.FetchCells(mesh, numbers):
                self._read(
                    lambda: self._journal.read_cells(mesh, numbers),
                    lambda cells: CellsFetched(mesh, numbers, cells),
                )
            case effects.FetchRoomRecords(room, receiver, names):
                self._read(
                    lambda: self._journal.read_room_records(room, names),
                    lambda records: RoomRecordsFetched(room, receiver, records),
                )
            case FetchPiece() | KeepPiece() | CheckFile() | DropContent() | SweepContent():
                self._read(lambda: self._journal.serve_file(effect), lambda told: told)
            case effects.Notify(event):
                self._notify(event)
            case effects.Signal(url, message):
                self._connections.send_message(url, message)
            case effects.ConnectRendezvous(url, typed, nearby):
                self._connections.open_connection(url, typed, nearby)
            case effects.CloseRendezvous(url):
                self._connections.close_connection(url)
            case effects.MakeOffer(link, servers=servers):
                self._links.make_offer(link, servers)
            case effects.MakeAnswer(link, offer, servers=servers):
                self._links.make_answer(link, offer, servers)
            case effects.AcceptAnswer(link, answer):
                self._links.accept_answer(link, answer)
            case effects.CloseLink(link):
                self._links.close_link(link)
            case _:
                assert_never(effect)

    def _read(self, read: Callable[[], T], as_input: Callable[[T], Input | None]) -> None:
        """Read in the worker thread, and tell the node what there is to tell. A disk that refuses ends the
        driver, as one that refuses to write."""

        def on_read(reading: asyncio.Future[T]) -> None:
            self._reading.discard(reading)
            if reading.cancelled():
                return
            self._failed = self._failed or reading.exception()
            if self._failed is None and (input := as_input(reading.result())) is not None:
                self.submit_input(input)
            self._awake.set()

        loop = asyncio.get_running_loop()
        reading = loop.run_in_executor(self._worker, read)
        self._reading.add(reading)
        reading.add_done_callback(on_read)

    def _end(self, error: BaseException) -> None:
        self._ended = (
            ControlError("the node has stopped") if isinstance(error, asyncio.CancelledError) else error
        )
        _fail([persisted for _, persisted in self._inputs if persisted is not None], self._ended)
        for batch in (self._unkept, self._keeping or _Batch()):
            _fail([persisted for persisted, _ in batch.waiting], self._ended)
        self._keeping = None
        self._inputs.clear()


def _fail(waiting: list[_Answer], error: BaseException) -> None:
    shown = ControlError("the node has stopped") if isinstance(error, asyncio.CancelledError) else error
    for persisted in waiting:
        if not persisted.done():
            persisted.set_exception(shown)
