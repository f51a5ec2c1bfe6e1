"""A member reads what another wrote; a cell without a right MAC changes nothing."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from p2pchat.core.room.messages import NO_PARENTS, NewMessage, RoomMessage, write_message
from p2pchat.core.room.reading import EntryOpened, MessageOpened
from p2pchat.crypto.envelope import epoch_at
from p2pchat.crypto.room_chains import MemberChain, open_room_cell, seal_room_cell
from p2pchat.crypto.room_keys import PairKey
from p2pchat.types import ContactId, MemberId, MessageId, MessageName, RoomId
from p2pchat.wire.cell import Cell, decode_cell
from p2pchat.wire.content import Correction, Reaction, Text, Withdrawal
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.payload import Payload, decode_payload, encode_payload
from p2pchat.wire.room_cells import Parents, RoomKind, RoomPlace
from tests.support.rooms import NOW, ROOM, Member, Room, founded

EPOCH = epoch_at(NOW)
ID = MessageId("0123456789abcdef" * 2)


@pytest.fixture
def room() -> Room:
    return founded("ann", "bob", "cid", "eve")


def forge(forger: Member, victim: Member, text: str, index: int, nonce: bytes = b"forged r") -> list[bytes]:
    """What a member can make under another's chain: all is right but the MACs that it does not know."""
    period, tags = forger.period, forger.state.tags.find_key(forger.period.tags_of)
    assert tags is not None
    faked = replace(period, index=index)
    new = NewMessage(RoomKind.MESSAGE, 1, forger.knows, NO_PARENTS, text.encode())
    _, plains = write_message(ROOM, faked, victim.id, new, lambda _: PairKey(b"guessed " * 4))
    chain, sender = period.chains[victim.id], period.members.index(victim.id)
    cells = []
    for at, plain in enumerate(plains, index):
        key = chain.find_key(at)
        assert key is not None
        cells.append(seal_room_cell(key, nonce, tags, EPOCH, RoomPlace(period.name, sender, at), plain))
    return cells


def test_all_members_read_a_message_of_one_cell(room: Room) -> None:
    cells = room[0].say("hello")
    assert len(cells) == 1 and len(cells[0]) == GEOMETRY.cell
    room.tell(cells)
    assert [member.texts for member in room.members] == [[], *[[(room[0].id, b"hello")]] * 3]


def test_a_message_of_the_room_reaches_fifty_in_one_cell() -> None:
    room = founded(*(f"member {number}" for number in range(50)))
    cells = room[7].say("The bus leaves at nine, from the bridge. " * 8)
    assert len(cells) == 1
    for member in (room[0], room[49]):
        member.hear(cells)
        assert len(member.texts) == 1


def test_what_a_message_says_comes_whole(room: Room) -> None:
    parents = Parents(((room[1].id[:8], 3),), b"h" * 32)
    (event,) = room[2].hear(room[0].say("hi", parents=parents))
    assert isinstance(event, MessageOpened)
    message = event.message
    assert (message.sender, message.number, message.heads) == (room[0].id, 1, room[0].knows)
    assert (message.parents, message.payload, message.kind) == (parents, b"hi", RoomKind.MESSAGE)
    assert len(event.macs) == 3 * 8


def test_fifty_members_that_write_and_commit_at_once_are_all_read() -> None:
    room = founded(*(f"member {number}" for number in range(50)))
    cells = [cell for member in room.members[::10] for cell in member.commit()]
    cells += [cell for member in room.members for cell in member.say(f"from {member.name}")]
    Random(7).shuffle(cells)
    for reader in (room[0], room[25], room[49]):
        reader.hear(cells)
        assert len(reader.texts) == 49
    assert len({reader.period.id for reader in (room[0], room[25], room[49])}) == 1


@pytest.mark.parametrize(
    "payload",
    [
        Text(ID, 1_800_000_000.0, "hello", MessageName("f" * 32), (ContactId("a" * 64),)),
        Reaction(ID, 1_800_000_000.0, MessageName("f" * 32), "👍", 1),
        Correction(ID, 1_800_000_000.0, ID, "hello!", 2),
        Withdrawal(ID, 1_800_000_000.0, ID),
    ],
    ids=lambda payload: type(payload).__name__,
)
def test_what_is_said_is_the_same_as_between_two(room: Room, payload: Payload) -> None:
    new = NewMessage(RoomKind.MESSAGE, 1, room[0].knows, NO_PARENTS, encode_payload(payload))
    sealed = room[0].writing.seal_message(new, room[0].roster, NOW)
    assert sealed is not None and len(sealed.cells) == 1
    (event,) = room[1].hear(sealed.cells)
    assert isinstance(event, MessageOpened) and decode_payload(event.message.payload) == payload


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4, 5), (5, 4, 3, 2, 1, 0), (3, 0, 5, 1, 4, 2)])
def test_fragments_come_in_any_order(room: Room, order: tuple[int, ...]) -> None:
    cells = room[0].say("y" * 4500)
    room[1].hear(cells[at] for at in order)
    assert room[1].texts == [(room[0].id, b"y" * 4500)]


def test_who_is_no_member_recognizes_nothing(room: Room) -> None:
    stranger = founded("mallory")[0]
    cell = decode_cell(room[0].say("hello")[0])
    assert room[1].reading.recognizes_cell(cell, NOW)
    assert not stranger.reading.recognizes_cell(cell, NOW)
    assert stranger.reading.open_cell(cell, NOW) == []


def test_what_has_no_number_is_a_word_and_what_has_one_a_message(room: Room) -> None:
    new = NewMessage(RoomKind.WORD, 0, room[0].knows, NO_PARENTS, b"frontier")
    sealed = room[0].writing.seal_message(new, room[0].roster, NOW)
    assert sealed is not None
    (event,) = room[1].hear(sealed.cells)
    assert isinstance(event, MessageOpened) and event.message.kind is RoomKind.WORD
    sealed = room[0].writing.seal_message(replace(new, number=1), room[0].roster, NOW)
    assert sealed is not None and room[1].hear(sealed.cells) == []


# --- a wrong MAC changes nothing


def test_a_forged_message_under_anothers_chain_changes_nothing(room: Room) -> None:
    eve, ann, bob = room[3], room[0], room[1]
    before = bob.period.as_record()
    bob.hear(forge(eve, ann, "I owe you a million", 0))
    assert bob.texts == [] and bob.reading.counters["wrong MAC"] == 1
    assert bob.period.as_record() == before
    bob.hear(ann.say("the first thing that I say"))
    assert bob.texts == [(ann.id, b"the first thing that I say")]


def test_without_the_macs_it_would_be_believed(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("p2pchat.core.room.reading.are_equal", lambda one, other: True)
    room[1].hear(forge(room[3], room[0], "I owe you a million", 0))
    assert room[1].texts == [(room[0].id, b"I owe you a million")]


@pytest.mark.parametrize("forged_first", [True, False])
def test_a_forged_fragment_does_not_take_the_place_of_the_right_one(room: Room, forged_first: bool) -> None:
    ann, bob, eve = room[0], room[1], room[3]
    cells = ann.say("a" * 2500)
    lies = forge(eve, ann, "b" * 2500, 0)[1:]
    bob.hear([*lies, *cells] if forged_first else [cells[0], *lies, *cells[1:]])
    assert bob.texts == [(ann.id, b"a" * 2500)]
    assert bob.reading.waiting == 0


def test_without_the_hash_of_the_next_it_would(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("p2pchat.core.room.assembly.link_of", lambda plain: b"the same for all")
    ann, bob, eve = room[0], room[1], room[3]
    cells, lies = ann.say("a" * 2500), forge(eve, ann, "b" * 2500, 0)[1:]
    bob.hear([*lies, *cells])
    assert bob.texts == []


def test_up_to_four_candidates_wait_and_the_newest_of_more(room: Room) -> None:
    """Eve can be there first, with as many as she likes; the writer's own comes last."""
    ann, bob, eve = room[0], room[1], room[3]
    cells = ann.say("a" * 1500)
    lies = [forge(eve, ann, f"{number}" * 1500, 0, b"%08d" % number)[1] for number in range(9)]
    bob.hear([*lies, cells[1]])
    assert bob.reading.waiting == 4
    bob.hear([cells[0]])
    assert bob.texts == [(ann.id, b"a" * 1500)]


def test_what_waits_is_bounded_and_pushes_out_nothing_that_is_sure(room: Room) -> None:
    ann, bob, eve = room[0], room[1], room[3]
    cells = ann.say("a" * 1500)
    bob.hear(cells[:1])
    for start in range(2, 900, 3):
        bob.hear(forge(eve, ann, "b" * 2200, start)[1:])
    assert bob.reading.waiting <= 513
    bob.hear(cells[1:])
    assert bob.texts == [(ann.id, b"a" * 1500)]


def test_a_right_message_cannot_be_repeated_elsewhere_in_its_chain(room: Room) -> None:
    """Else the keys of that place would be used up, and what its owner writes there be lost."""
    ann, bob = room[0], room[1]
    first = ann.say("once")
    again = repeated(room[3], ann, first[0])
    bob.hear([again, *first, *ann.say("twice")])
    assert [text for _, text in bob.texts] == [b"once", b"twice"]


def test_without_the_place_under_its_mac_it_could(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    real = RoomMessage.list_covered
    monkeypatch.setattr(RoomMessage, "list_covered", lambda self, *rest: real(replace(self, index=0), *rest))
    ann, bob = room[0], room[1]
    first = ann.say("once")
    again = repeated(room[3], ann, first[0])
    bob.hear([again, *first, *ann.say("lost")])
    assert [text for _, text in bob.texts] == [b"once", b"once"]


def repeated(eve: Member, ann: Member, cell: bytes) -> bytes:
    """What ann wrote first in her chain, in the next place of it, by eve."""
    period, tags = eve.period, eve.state.tags.find_key(eve.period.tags_of)
    assert tags is not None
    chain, sender = period.chains[ann.id], period.members.index(ann.id)
    plain = opened(chain, decode_cell(cell), 0)
    key = chain.find_key(1)
    assert key is not None
    return seal_room_cell(key, b"r" * 8, tags, EPOCH, RoomPlace(period.name, sender, 1), plain)


def opened(chain: MemberChain, cell: Cell, index: int) -> bytes:
    key = chain.find_key(index)
    assert key is not None
    return open_room_cell(key, cell)


def test_a_cell_is_read_once(room: Room) -> None:
    cells = room[0].say("hello")
    room[1].hear([*cells, *cells])
    assert len(room[1].texts) == 1
    room[1].crash()
    room[1].hear(cells)
    assert len(room[1].texts) == 1


def test_a_message_of_another_room_belongs_to_no_member(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same people in a room that has copied all but its name: the MAC has the room in it."""
    ann, bob = room[0], room[1]
    told = ann.say("hello")
    (event,) = bob.copy("bob's").hear(told)
    assert isinstance(event, MessageOpened)
    message, own = event.message, bob.period.list_others(ann.id).index(bob.id) * 8
    mac = event.macs[own : own + 8]
    assert bob.reading.is_authentic(message, mac, NOW)
    for changed in (
        replace(message, period=room[0].period.parent),
        replace(message, index=1),
        replace(message, number=2),
        replace(message, kind=RoomKind.WORD),
        replace(message, heads=b"other"),
        replace(message, sender=room[2].id),
        replace(message, payload=b"hullo"),
        replace(message, parents=Parents(((b"somebody", 1),), b"h" * 32)),
        replace(message, count=2),
        replace(message, link=b"l" * 16),
    ):
        assert not bob.reading.is_authentic(changed, mac, NOW)
    monkeypatch.setattr(bob.state, "who", replace(bob.state.who, room=RoomId(b"another room" * 3)))
    assert not bob.reading.is_authentic(message, mac, NOW)


def test_a_payload_that_is_not_what_the_head_says_is_refused(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its author has made it so: no other can change a fragment."""
    monkeypatch.setattr("p2pchat.core.room.messages.digest", lambda data: bytes(32))
    cells = room[0].say("a" * 1500)
    monkeypatch.undo()
    assert room[1].hear(cells) == []
    assert room[1].reading.counters["malformed"] == 1


def test_an_entry_is_handed_on_and_its_place_used_up_once_it_is_right(room: Room) -> None:
    cells = room[0].writing.seal_entry(b"e" * 2000, NOW)
    assert cells is not None
    (event,) = room[1].hear(cells)
    assert isinstance(event, EntryOpened)
    assert (event.sender, event.data) == (room[0].id, b"e" * 2000)
    assert room[1].hear(cells) != [], "nothing is used up yet"
    room[1].reading.accept_entry(event)
    assert room[1].hear(cells) == []


def test_cells_of_a_period_wait_for_its_commit(room: Room) -> None:
    commit = room[0].commit()
    room[1].hear(room[0].say("early"))
    assert room[1].texts == [] and room[1].reading.waiting == 1
    room[1].hear(commit)
    assert room[1].texts == [(room[0].id, b"early")]


def test_a_flood_of_cells_of_no_period_is_bounded(room: Room) -> None:
    eve, bob = room[3], room[1]
    tags = eve.state.tags.find_key(eve.period.tags_of)
    assert tags is not None
    place = RoomPlace(b"no such.", 0, 0)
    for number in range(400):
        nonce = number.to_bytes(8, "big")
        bob.hear([seal_room_cell(b"k" * 32, nonce, tags, EPOCH, place, bytes(870))])
    assert bob.reading.waiting == 256


@pytest.mark.parametrize("place", [(3, 1023), (4, 0), (0, 5), (1, 5), (2, 5)])
def test_what_cannot_be_opened_is_counted(room: Room, place: tuple[int, int]) -> None:
    bob, tags = room[1], room[1].state.tags.find_key(room[1].period.tags_of)
    assert tags is not None
    cell = seal_room_cell(b"k" * 32, bytes(8), tags, EPOCH, RoomPlace(bob.period.name, *place), bytes(870))
    own = bob.period.members[place[0] % 4] == bob.id
    assert bob.hear([cell]) == []
    assert sum(bob.reading.counters.values()) == (0 if own and place[0] < 4 else 1)


def test_a_member_s_name_belongs_to_no_other(room: Room) -> None:
    cells = forge(room[3], room[1], "I never said that", 0)
    assert room[1].hear(cells) == room[1].hear(room[1].say("I said this")) == []
    assert not room[1].reading.counters
    assert MemberId(room[1].id) not in room[1].period.chains
