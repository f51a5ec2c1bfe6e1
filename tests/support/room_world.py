"""Many homes in one room, in virtual time: they send cells by a broadcast that loses and reorders them."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random

from p2pchat.core.room.arrival import MemberKeys
from p2pchat.core.room.messages import name_sender
from p2pchat.core.room.outputs import (
    FetchMessages,
    KeepRecords,
    RoomLine,
    RoomNews,
    RoomOutput,
    SendRoomCell,
)
from p2pchat.core.room.room import Room
from p2pchat.core.room.timeline import MessagePlace
from p2pchat.crypto.envelope import EPOCH_SECONDS
from p2pchat.ports import exponential
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import MemberId
from p2pchat.wire.cell import decode_cell
from p2pchat.wire.room_actions import Action
from p2pchat.wire.room_welcome import decode_welcome, encode_welcome

BEGIN = 81_000.0 * EPOCH_SECONDS + 3_600.0
HELD_S = 86_400.0
"""The mesh holds cells for so many seconds for members that are away."""

DAY_S = 86_400.0


@dataclass
class Home:
    """The home of one member. ``records``: what survives a crash."""

    name: str
    keys: MemberKeys
    room: Room | None = None
    records: dict[bytes, bytes] = field(default_factory=dict)
    lines: list[RoomLine] = field(default_factory=list)
    news: list[RoomNews] = field(default_factory=list)
    here: bool = True
    side: int = 0
    gone_at: float = 0.0
    cells: int = 0
    """That it has sent."""

    @property
    def id(self) -> MemberId:
        assert self.room is not None
        return self.room.own

    @property
    def texts(self) -> list[str]:
        """What its person reads of others, in order."""
        return [line.payload.decode() for line in self.lines if line.sender != self.id]


@dataclass(order=True)
class _Due:
    at: float
    order: int
    does: Callable[[], None] = field(compare=False)


class RoomWorld:
    """All homes. What they do is repeated from a seed."""

    def __init__(self, seed: int, *names: str, loss: float = 0.0, delay_s: float = 1.0) -> None:
        self.random = Random(seed)
        self.entropy = SeededEntropy(f"room world {seed}")
        self.now = BEGIN
        self.loss = loss
        self.delay_s = delay_s
        self.homes: dict[str, Home] = {}
        self.written: dict[str, tuple[str, frozenset[MemberId]]] = {}
        """The writer of each text, and the members that could read it."""
        self.recorded: list[bytes] = []
        """Every cell that was ever sent."""
        self._order = 0
        self._due: list[_Due] = []
        self._wakeups: dict[str, float] = {}
        """When each home is next due, as far as nothing happened to it since."""
        self._held: list[tuple[float, int, str, bytes]] = []
        founder, *others = names
        keys = self._draw_keys(founder)
        self.homes[founder] = Home(founder, keys)
        room = Room.found_room("walkers", keys, self.entropy.make_child(founder), self.now)
        self.homes[founder].room = room
        self.do(founder, room.return_after(0.0, self.now))
        for name in others:
            self.let_in(founder, name)
        self.run(30.0)

    def __getitem__(self, name: str) -> Home:
        return self.homes[name]

    def room(self, name: str) -> Room:
        room = self.homes[name].room
        assert room is not None
        return room

    def names_of(self, members: Iterable[MemberId]) -> list[str]:
        """The names of members, in order."""
        return sorted(home.name for home in self.homes.values() if home.id in frozenset(members))

    def roster_of(self, name: str) -> list[str]:
        """Who is in, as a home sees it."""
        return self.names_of(self.room(name).changes.members)

    # --- what people do

    def let_in(self, inviter: str, name: str) -> None:
        """One member lets another in. The welcome travels in their session, so it is not lost."""
        keys = self._draw_keys(name)
        welcome, outputs = self.room(inviter).admit_member(keys.public, self.now)
        self.do(inviter, outputs)
        home = Home(name, keys, side=self.homes[inviter].side)
        welcome = decode_welcome(encode_welcome(welcome))
        home.room = Room.enter_room(welcome, keys, self.entropy.make_child(name), self.now)
        self.homes[name] = home
        self.do(name, home.room.greet_members(self.now))

    def say(self, name: str, text: str, wants: bool = False) -> None:
        """Somebody says something."""
        room = self.room(name)
        outputs = room.say_payload(text.encode(), wants, self.now)
        period = room.state.periods.choose_period(room.changes.members)
        assert period is not None
        self.written[text] = name, frozenset(period.members)
        self.do(name, outputs)

    def change(self, name: str, action: Action) -> None:
        """Somebody changes the roster."""
        self.do(name, self.room(name).change_roster(action, self.now))

    def remove(self, name: str, other: str) -> None:
        """Somebody removes another."""
        self.do(name, self.room(name).remove_member(self.homes[other].id, self.now))

    def leave(self, name: str, *heirs: str) -> None:
        """Somebody leaves."""
        ids = tuple(self.homes[heir].id for heir in heirs)
        self.do(name, self.room(name).leave_room(ids, self.now))

    # --- the mesh

    def go(self, name: str) -> None:
        """A home stops."""
        home = self.homes[name]
        home.here, home.gone_at = False, self.now

    def come(self, name: str) -> None:
        """A home is back, and catches up on what the mesh holds."""
        home = self.homes[name]
        home.here = True
        self.do(name, self.room(name).return_after(self.now - home.gone_at, self.now))
        self._catch_up(home, home.gone_at)

    def kill(self, name: str) -> None:
        """A home stops without a word, and goes on from what it has kept."""
        home = self.homes[name]
        self._order += 1
        entropy = self.entropy.make_child(f"{name} {self._order}")
        home.room = Room.restore_room(home.records, entropy, self.now)
        self._wakeups.pop(name, None)

    def part(self, *sides: Iterable[str]) -> None:
        """The mesh falls apart."""
        for side, names in enumerate(sides, 1):
            for name in names:
                self.homes[name].side = side

    def heal(self, since: float | None = None) -> None:
        """Unite the mesh. Members exchange what was sent apart from ``since`` on, as far as it is held."""
        sides = {home.name: home.side for home in self.homes.values()}
        for home in self.homes.values():
            home.side = 0
        for home in self.homes.values():
            if home.here:
                self._catch_up(home, self.now - HELD_S if since is None else since, sides)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        self._wakeups.clear()
        while True:
            at = self._due[0].at if self._due else end
            for home in self.homes.values():
                if home.name not in self._wakeups and home.here:
                    self._wakeups[home.name] = self.room(home.name).next_wakeup()
            wakeups = ((at, name) for name, at in self._wakeups.items() if self.homes[name].here)
            wakeup, name = min(wakeups, default=(end, ""))
            if min(at, wakeup) >= end:
                break
            if at <= wakeup:
                self.now = max(self.now, at)
                heapq.heappop(self._due).does()
            else:
                self.now = max(self.now, wakeup)
                self.do(name, self.room(name).tick(self.now))
                assert self.room(name).next_wakeup() > self.now, "something is due for ever"
        self.now = end

    # --- what is asserted

    def entitled(self, name: str) -> set[str]:
        """The texts of others that a home could read."""
        own = self.homes[name].id
        return {text for text, (writer, members) in self.written.items() if own in members and writer != name}

    def check_lines(self, name: str) -> None:
        """Each message was shown once, after its parents but for those that no member has, and as its sender
        wrote it."""
        lines = self.homes[name].lines
        places = Counter((line.sender, line.number) for line in lines)
        assert max(places.values(), default=1) == 1, "a message was shown twice"
        for line in lines:
            held = [place for place in line.lacks if _is_held(self, name, place)]
            assert not held, f"{name}: {line.payload!r} before its parents"
            assert not line.differs, f"{name}: {line.payload!r} seems to be told otherwise"

    def check_counters(self, name: str) -> None:
        """Nothing that came was refused."""
        room = self.room(name)
        assert not room.counters, room.counters

    # --- within

    def do(self, name: str, outputs: Iterable[RoomOutput]) -> None:
        """Carry out what a room wants."""
        home = self.homes[name]
        self._wakeups.pop(name, None)
        for output in outputs:
            match output:
                case KeepRecords(records=records):
                    for key, record in records.items():
                        if record is None:
                            home.records.pop(key, None)
                        else:
                            home.records[key] = record
                case SendRoomCell(cell=cell):
                    home.cells += 1
                    self.broadcast(name, cell)
                case FetchMessages(receiver=receiver, places=places):
                    found = {
                        (sender, number): home.records.get(b"m" + sender + number.to_bytes(4, "big"))
                        for sender, number in places
                    }
                    self.do(name, self.room(name).take_fetched(receiver, found, self.now))
                case RoomLine():
                    home.lines.append(output)
                case _:
                    home.news.append(output)

    def broadcast(self, sender: str, cell: bytes) -> None:
        """Send a cell to all members that are present."""
        home = self.homes[sender]
        self.recorded.append(cell)
        self._held.append((self.now, home.side, sender, cell))
        for other in list(self.homes.values()):
            reached = other is not home and other.here and other.side == home.side
            if reached and self.random.random() >= self.loss:
                self._post(other, cell)

    def _draw_keys(self, name: str) -> MemberKeys:
        return MemberKeys.draw_keys(name, self.entropy.make_child(f"keys of {name} {len(self.homes)}"))

    def _post(self, home: Home, cell: bytes) -> None:
        self._order += 1
        at = self.now + exponential(self.entropy, self.delay_s)
        heapq.heappush(self._due, _Due(at, self._order, lambda: self.arrive(home, cell)))

    def arrive(self, home: Home, cell: bytes) -> None:
        """A cell comes to a home."""
        room, decoded = home.room, decode_cell(cell)
        if home.here and room is not None and room.owns_cell(decoded, self.now):
            self.do(home.name, room.open_cell(decoded, self.now))

    def _catch_up(self, home: Home, since: float, sides: dict[str, int] | None = None) -> None:
        self._held = [one for one in self._held if one[0] > self.now - HELD_S]
        for at, side, sender, cell in self._held:
            apart = side != sides[home.name] if sides is not None else side == home.side
            if at > since and apart and sender != home.name:
                self._post(home, cell)


def name_place(home: Home, number: int) -> tuple[bytes, int]:
    """How a home's message is called by those that follow it."""
    return name_sender(home.id), number


def _is_held(world: RoomWorld, name: str, place: MessagePlace) -> bool:
    """Whether a member that is in, as a home sees it, has a message."""
    sender, number = place
    return any(
        key[:1] == b"m" and key[1:].startswith(sender) and key.endswith(number.to_bytes(4, "big"))
        for other in world.roster_of(name)
        for key in world[other].records
    )


def list_counting(world: RoomWorld, name: str) -> set[str]:
    """Return the texts that count for a present member, as its home sees it: their writers were members when
    they wrote them."""
    departures = world.room(name).changes.roster.departures
    return {
        line.payload.decode()
        for other in world.roster_of(name)
        for line in world[other].lines
        if line.sender not in departures or line.number < departures[line.sender].next_number
    }
