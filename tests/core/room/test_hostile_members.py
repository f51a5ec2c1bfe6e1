"""One member invents what it likes, in masses: bounds hold, and the others go on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from p2pchat.core.room.answers import CELLS_AN_HOUR
from p2pchat.core.room.asks import ASKS_AN_HOUR
from p2pchat.core.room.log import UNPROVED_MAX
from p2pchat.core.room.messages import NO_PARENTS, NewMessage, name_sender
from p2pchat.core.room.outputs import GapFound, SendRoomCell
from p2pchat.core.room.periods import BY_ONE_MAX
from p2pchat.core.room.repair import GRANTS_MAX, SHARES_MAX, SPOKEN_MAX, UNDECIDED_MAX
from p2pchat.crypto.kdf import entry_id
from p2pchat.types import EntryId, MemberId
from p2pchat.wire.room_actions import AddMember
from p2pchat.wire.room_cells import NUMBER_MAX, Parents, RoomKind
from p2pchat.wire.room_commits import CommitHead, KeptShare, PeriodGrant
from p2pchat.wire.room_letters import AnswerEnd, KeptMessage, LetterItem, NotForMember, NotHere, encode_letter
from p2pchat.wire.room_log import RoomEntry, SentEntry, encode_entry
from p2pchat.wire.room_words import FrontierWord, NumberSpan, RepairAsk, encode_room_word, encode_told
from tests.support.room_book import newcomer
from tests.support.room_world import RoomWorld

OTHERS = ("anna", "ben", "carl")


@pytest.fixture
def world() -> RoomWorld:
    """mary is the member that invents."""
    return RoomWorld(77, *OTHERS, "mary")


def talk(world: RoomWorld, times: int = 2) -> None:
    """The others talk, and hear all of it, at once and in order."""
    for number in range(times):
        for name in OTHERS:
            text = f"{name} {number} at {world.now}"
            world.say(name, text)
            world.run(20.0)
            assert all(world[other].texts[-1] == text for other in OTHERS if other != name)


def write(
    world: RoomWorld, kind: RoomKind, payload: bytes, number: int = 0, parents: Parents = NO_PARENTS
) -> None:
    """mary writes what no honest home does."""
    room = world.room("mary")
    new = NewMessage(kind, number, room.changes.heads, parents, payload)
    sealed = room._writing.seal_message(new, room.changes.members, world.now)
    if sealed is None:
        world.do("mary", room._duties.make_commit(world.now))
        sealed = room._writing.seal_message(new, room.changes.members, world.now)
    assert sealed is not None
    world.do("mary", [SendRoomCell(cell) for cell in sealed.cells])


def send(world: RoomWorld, receiver: str, items: Iterable[LetterItem]) -> None:
    """mary writes a letter."""
    room, member = world.room("mary"), world[receiver].id
    period = room.state.periods.find_shared(member)
    assert period is not None
    cells = room._reading.letters.seal_letter(period, member, encode_letter(items), world.now)
    world.do("mary", [SendRoomCell(cell) for cell in cells])


def frontier(world: RoomWorld, claimed: int, own: int) -> FrontierWord:
    """mary says that she has so many of each other member."""
    room = world.room("mary")
    period = room.state.periods.choose_period(room.changes.members)
    assert period is not None
    return FrontierWord(tuple(own if member == room.own else claimed for member in period.members))


def name_of(world: RoomWorld, name: str) -> bytes:
    return name_sender(world[name].id)


def cells_of(world: RoomWorld) -> int:
    return sum(world[name].cells for name in OTHERS)


def test_frontiers_that_are_invented_cost_a_few_asks_and_no_message(world: RoomWorld) -> None:
    talk(world)
    before = cells_of(world)
    for number in range(30):
        word = frontier(world, NUMBER_MAX - number, 0)
        write(world, RoomKind.WORD, encode_room_word(word))
        world.run(120.0)
    assert cells_of(world) - before < len(OTHERS) * 4 * ASKS_AN_HOUR
    talk(world)
    world.run(2 * 3600.0)
    talk(world)
    for name in OTHERS:
        assert not [news for news in world[name].news if isinstance(news, GapFound)]
        assert not world.room(name).repair.asks.list_needs()


def test_parents_that_are_invented_delay_the_inventors_messages_alone(world: RoomWorld) -> None:
    talk(world)
    told = encode_told(frontier(world, 0, 1))
    for number in range(1, 40):
        parents = Parents(((name_of(world, "ben"), 1_000_000 + number),), b"h" * 32)
        write(world, RoomKind.MESSAGE, told + b"I waited", number, parents)
    talk(world)
    world.run(2 * 3600.0)
    talk(world)
    lacking = [line.lacks for line in world["anna"].lines if line.payload == b"I waited"]
    assert lacking and all(name == name_of(world, "ben") for ((name, _),) in lacking)


@pytest.mark.parametrize("kind", [NotForMember, NotHere])
def test_answers_that_deny_everything_silence_no_member(
    world: RoomWorld, kind: type[NotForMember] | type[NotHere]
) -> None:
    talk(world)
    write(world, RoomKind.WORD, encode_room_word(frontier(world, NUMBER_MAX, 0)))
    for name in OTHERS:
        spans = [NumberSpan(name_of(world, other), 1, NUMBER_MAX) for other in OTHERS]
        send(world, name, [*(kind(span) for span in spans), AnswerEnd(1)])
    world.run(20.0)
    talk(world)
    world.part(["anna", "ben", "mary"], ["carl"])
    world.say("ben", "lost on carl")
    world.run(20.0)
    world.part([*OTHERS, "mary"])
    world.run(1200.0)
    assert "lost on carl" in world["carl"].texts
    talk(world)


def test_asks_in_masses_are_answered_at_a_bounded_pace_and_others_are_answered_too(world: RoomWorld) -> None:
    talk(world, 6)
    before = world["anna"].cells
    spans = tuple(NumberSpan(name_of(world, name), 1, 6) for name in OTHERS)
    world.part(["anna", "ben", "mary"], ["carl"])
    world.say("ben", "lost on carl")
    world.run(20.0)
    world.go("ben")
    world.part([*OTHERS, "mary"])
    world.say("anna", "is carl there")
    for _ in range(600):
        send(world, "anna", [RepairAsk(b"", (), spans)] * 8)
        world.run(2.0)
    assert "lost on carl" in world["carl"].texts
    assert world["anna"].cells - before < 2 * CELLS_AN_HOUR
    assert len(world.room("anna").repair.answers) <= 1


def test_letters_with_invented_commits_and_periods_fill_nothing(world: RoomWorld) -> None:
    room = world.room("anna")
    for number in range(40):
        heads = [head(world, 100 * number + at) for at in range(16)]
        send(world, "anna", [KeptShare(one, b"m" * 16, b"s" * 32) for one in heads])
        send(world, "anna", [grant(one) for one in heads])
        world.run(5.0)
    assert len(room.repair._shares) <= SHARES_MAX and len(room.repair._grants) <= GRANTS_MAX
    talk(world)


def grant(head: CommitHead) -> PeriodGrant:
    """A period that is invented."""
    return PeriodGrant(head, 9, b"s" * 32, b"t" * 32, 81_000, b"o" * 32, ((b"m" * 32, b"k" * 32),))


def head(world: RoomWorld, number: int) -> CommitHead:
    room = world.room("anna")
    period = room.state.periods.choose_period()
    assert period is not None
    invented = number.to_bytes(32, "big")
    return CommitHead(period.id, world["ben"].id, 7, room.changes.heads, invented, invented, invented)


def test_messages_in_anothers_name_are_shown_as_the_inventors_word_and_the_true_ones_too(
    world: RoomWorld,
) -> None:
    talk(world)
    period = world.room("mary").state.periods.choose_period()
    assert period is not None
    told = encode_told(frontier(world, 0, 0))
    kept = KeptMessage(
        world["ben"].id,
        period.id,
        9,
        3,
        1,
        bytes(16),
        world.room("mary").changes.heads,
        NO_PARENTS,
        told + b"I owe",
    )
    for number in range(3, 2 * UNDECIDED_MAX, 8):
        send(world, "anna", [replace(kept, number=number + at) for at in range(8)])
        world.run(5.0)
    assert len(world.room("anna").repair._undecided) <= UNDECIDED_MAX
    world.say("ben", "I owe mary nothing")
    world.run(30.0)
    invented = [line for line in world["anna"].lines if line.payload == b"I owe"]
    assert {line.through for line in invented} <= {world["mary"].id}
    assert "I owe mary nothing" in world["carl"].texts


def test_commits_in_masses_push_out_no_others_and_delay_them_by_minutes(world: RoomWorld) -> None:
    for _ in range(3 * BY_ONE_MAX):
        world.do("mary", world.room("mary")._duties.make_commit(world.now))
        world.run(5.0)
    others = [one for one in world.room("anna").state.periods if one.author != world["mary"].id]
    assert len(others) == 4, "one with each newcomer, and the first"
    world.say("anna", "mary begins so much")
    world.run(600.0)
    assert world["ben"].texts == world["carl"].texts == ["mary begins so much"]
    talk(world)


def test_entries_that_are_invented_leave_room_and_change_nothing(world: RoomWorld) -> None:
    room, anna = world.room("ben"), world["anna"].id
    last = [entry for entry in world.room("mary").changes.log.list_entries() if entry.author == anna][-1]
    last_id = EntryId(entry_id(encode_entry(last)))
    entries = [
        SentEntry(RoomEntry(anna, last.number + 1, last_id, (), AddMember(newcomer(f"ghost {at}"))), ())
        for at in range(2 * SPOKEN_MAX)
    ]
    for entry in entries:
        send(world, "ben", [entry])
        world.run(1.0)
    world.run(20.0)
    log = room.changes.log
    assert len(log.graph) - len(log.graph.proofs) <= SPOKEN_MAX < UNPROVED_MAX
    assert world.roster_of("ben") == ["anna", "ben", "carl", "mary"] and len(room.changes.members) == 4
    world.let_in("anna", "dora")
    world.run(30.0)
    assert {tuple(world.roster_of(name)) for name in OTHERS} == {("anna", "ben", "carl", "dora", "mary")}
    talk(world)


def test_messages_in_masses_push_out_none_of_the_others(world: RoomWorld) -> None:
    told = encode_told(frontier(world, 0, 1))
    for number in range(1, 900, 3):
        write(world, RoomKind.MESSAGE, told + b"!" * 300, number)
    world.run(20.0)
    talk(world)
    for name in OTHERS:
        assert len(world.room(name).flow.numbers.list_missing(MemberId(world["mary"].id))) <= 64
