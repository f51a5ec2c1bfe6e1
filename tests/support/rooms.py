"""Members of a room who hand each other cells: the keys of rooms, with a log that is a list of rosters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from p2pchat.core.room.commits import Entries
from p2pchat.core.room.key_state import RoomKeyState, RoomSelf
from p2pchat.core.room.messages import NO_PARENTS, NewMessage
from p2pchat.core.room.period import Period
from p2pchat.core.room.reading import (
    CommittedUnevenly,
    MessageOpened,
    PeriodOpened,
    RoomEvent,
    RoomReading,
)
from p2pchat.core.room.writing import RoomWriting
from p2pchat.crypto.envelope import EPOCH_SECONDS
from p2pchat.crypto.exchange import KemKey
from p2pchat.crypto.kdf import digest
from p2pchat.crypto.room_keys import MemberKey
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import MemberId, RoomId
from p2pchat.wire.cell import decode_cell
from p2pchat.wire.room_cells import Parents, RoomKind

NOW = 81_000.0 * EPOCH_SECONDS + 3_600.0
ROOM = RoomId(b"room" * 8)


class Log:
    """Rosters by the log's heads; all know all of them."""

    def __init__(self) -> None:
        self.rosters: dict[bytes, Entries] = {}
        self.doubted: dict[bytes, Entries] = {}
        """The rosters of a member to which not every entry is proved."""

    def add_roster(self, entries: Entries) -> bytes:
        """Set the roster, and return the heads from then on."""
        heads = digest(b"%d" % len(self.rosters))
        self.rosters[heads] = dict(entries)
        return heads

    def rosters_at(self, heads: bytes) -> list[Entries]:
        """The roster at these heads, if there is one."""
        return [known[heads] for known in (self.doubted, self.rosters) if heads in known]

    @property
    def latest(self) -> bytes:
        """Return the heads after all entries so far."""
        return list(self.rosters)[-1]

    def age(self, heads: bytes) -> int:
        """How many entries came before."""
        return list(self.rosters).index(heads)


@dataclass
class Member:
    """The home of one member, with the keys of the room. ``kept``: what survives a crash."""

    name: str
    log: Log
    id: MemberId
    key: MemberKey
    kem: KemKey
    knows: bytes = b""
    """The log's heads, as far as this member knows them."""
    kept: dict[bytes, bytes] = field(default_factory=dict)
    events: list[RoomEvent] = field(default_factory=list)
    number: int = 0
    state: RoomKeyState = field(init=False)
    reading: RoomReading = field(init=False)
    writing: RoomWriting = field(init=False)

    @classmethod
    def named(cls, name: str, log: Log) -> Member:
        """Somebody with the keys of an entry."""
        entropy = SeededEntropy(f"keys of {name}")
        key, kem = MemberKey.generate(entropy), KemKey.generate(entropy)
        return cls(name, log, MemberId(digest(name.encode())), key, kem)

    @property
    def who(self) -> RoomSelf:
        return RoomSelf(ROOM, self.id, self.log.rosters_at)

    @property
    def entropy(self) -> SeededEntropy:
        return SeededEntropy(f"{self.name} {len(self.kept)} {self.number}")

    @property
    def roster(self) -> frozenset[MemberId]:
        return frozenset(self.log.rosters[self.knows])

    @property
    def period(self) -> Period:
        """Return the period in which this member writes."""
        period = self.state.periods.choose_period(self.roster)
        assert period is not None
        return period

    @property
    def latest(self) -> Period:
        """The period that this member commits upon."""
        period = self.state.periods.choose_period()
        assert period is not None
        return period

    @property
    def texts(self) -> list[tuple[MemberId, bytes]]:
        """Return each text that was read, and its writer."""
        return [
            (event.message.sender, event.message.payload)
            for event in self.events
            if isinstance(event, MessageOpened)
        ]

    @property
    def uneven(self) -> list[MemberId]:
        """Who was found to commit unevenly."""
        return [event.author for event in self.events if isinstance(event, CommittedUnevenly)]

    @property
    def begun(self) -> list[bytes]:
        """Periods that others began."""
        return [event.id for event in self.events if isinstance(event, PeriodOpened)]

    def use(self, state: RoomKeyState) -> None:
        """Go on with this state."""
        self.state, self.reading, self.writing = state, RoomReading(state), RoomWriting(state)
        self.keep()

    def keep(self) -> None:
        """Commit what has changed, as a driver does before cells leave."""
        for name, record in self.state.pop_changes().items():
            if record is None:
                self.kept.pop(name, None)
            else:
                self.kept[name] = record

    def crash(self) -> None:
        """Stop without a word, and start anew from what is kept."""
        self.use(RoomKeyState.from_records(self.who, self.kept, self.entropy))

    def copy(self, name: str) -> Member:
        """A thief, or another home, with all that this one keeps; from now on each goes its own way."""
        other = Member(name, self.log, self.id, self.key, self.kem, self.knows, dict(self.kept))
        other.number = self.number
        other.use(RoomKeyState.from_records(other.who, other.kept, SeededEntropy(f"copy {name}")))
        return other

    def say(self, text: str, now: float = NOW, parents: Parents = NO_PARENTS) -> list[bytes]:
        """Seal a message; its cells."""
        self.number += 1
        new = NewMessage(RoomKind.MESSAGE, self.number, self.knows, parents, text.encode())
        sealed = self.writing.seal_message(new, self.roster, now)
        assert sealed is not None, "one commits first"
        self.keep()
        return sealed.cells

    def commit(self, now: float = NOW) -> list[bytes]:
        """Commit for the roster as this member knows it; the cells."""
        cells = self.writing.make_commit(self.knows, self.log.rosters[self.knows], now)
        assert cells is not None
        self.keep()
        return cells

    def hear(self, cells: Iterable[bytes], now: float = NOW) -> list[RoomEvent]:
        """Take cells in; what they told."""
        told = [event for cell in cells for event in self.reading.open_cell(decode_cell(cell), now)]
        self.events += told
        self.keep()
        return told


@dataclass
class Room:
    """A room whose members are all present at first."""

    log: Log
    members: list[Member]

    def __getitem__(self, at: int) -> Member:
        return self.members[at]

    def tell(self, cells: Iterable[bytes], now: float = NOW, but: Sequence[Member] = ()) -> None:
        """All but some take cells in."""
        cells = list(cells)
        for member in self.members:
            if member not in but:
                member.hear(cells, now)

    def say(self, at: int, text: str, now: float = NOW, but: Sequence[Member] = ()) -> None:
        """A member says something, and all but some read it."""
        self.tell(self[at].say(text, now), now, but)

    def commit(self, at: int, now: float = NOW, but: Sequence[Member] = ()) -> bytes:
        """A member commits, and all but some open it; the period."""
        self.tell(self[at].commit(now), now, but)
        return self[at].period.id

    def set_roster(self, members: Iterable[Member], known_to: Iterable[Member]) -> bytes:
        """Change the roster by an entry that only some members know."""
        heads = self.log.add_roster(entries_of(members))
        for member in known_to:
            member.knows = heads
        return heads


def entries_of(members: Iterable[Member]) -> Entries:
    """A roster with the keys of their entries."""
    return {member.id: member.key.public for member in members}


def founded(*names: str, now: float = NOW) -> Room:
    """A room in which all have come in one after the other, and have the newest period."""
    log = Log()
    members = [Member.named(name, log) for name in names]
    founder = members[0]
    founder.knows = log.add_roster(entries_of(members[:1]))
    founder.use(
        RoomKeyState.found_room(founder.who, founder.key, founder.kem, founder.knows, founder.entropy, now)
    )
    room = Room(log, members[:1])
    if len(members) > 1:
        let_in(room, members[1:], now)
    return room


def let_in(room: Room, newcomers: Sequence[Member], now: float = NOW) -> None:
    """The first member lets others in: an entry, a commit, and the period for each over a session of two."""
    first = room[0]
    room.set_roster([*room.members, *newcomers], [*room.members, *newcomers])
    room.commit(0, now)
    grant = first.state.make_grant(first.period)
    assert grant is not None
    for member in newcomers:
        member.use(RoomKeyState.come_in(member.who, member.key, member.kem, grant, member.entropy, now))
    room.members += newcomers
