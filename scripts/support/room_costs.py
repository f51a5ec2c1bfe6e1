"""What rooms cost in cells and bytes, from what our code seals, and from the sizes that others publish."""

from __future__ import annotations

from bisect import bisect
from math import ceil
from typing import Final

from p2pchat.core.room.commit_times import DAILY
from p2pchat.core.room.duties import IN_USE_S
from p2pchat.core.room.flow import mean_frontier_gap
from p2pchat.core.room.messages import NewMessage
from p2pchat.types import EntryId, MemberId, MessageId, RoomOfferId
from p2pchat.wire.content import Text
from p2pchat.wire.geometry import CIPHERTEXT_BYTES, ENCAPSULATION_KEY_BYTES, GEOMETRY
from p2pchat.wire.payload import encode_payload
from p2pchat.wire.room_actions import Action, AddMember, NewMember, RemoveMember
from p2pchat.wire.room_cells import ROOM_DATA, Parents, RoomKind
from p2pchat.wire.room_commits import KemShare, encode_kem_share
from p2pchat.wire.room_log import RoomEntry, encode_sent_entry, found_room, make_sent_entry
from p2pchat.wire.room_offers import split_welcome
from p2pchat.wire.room_welcome import RoomWelcome, encode_welcome
from p2pchat.wire.room_words import FrontierWord, encode_room_word, encode_told
from tests.support.rooms import NOW, Member, Room, founded

SIZES: Final = (10, 50)
TEXT: Final = "x" * 100
NUMBER: Final = 1000
"""Messages that each member has written: two bytes of a frontier."""

SIGNAL_RECIPIENT: Final = 17 + 3 + 32 + 16
"""Of a sealed message to many: service id, one device, key, tag."""

SIGNAL_FRONT: Final = 1 + 32
SIGNAL_KEYED: Final = 1 + 18 + 6 + 3 + 3 + 64
"""A sender key message: version, distribution id, chain, iteration, length of the ciphertext, signature."""

SIGNAL_NEW_KEY: Final = 1 + 18 + 6 + 2 + 34 + 35
"""A sender key for one other: as above, chain key, signing key."""

SIMPLEX_BLOCK: Final = 16_384

Costs = dict[str, int]


def costs_of(size: int) -> Costs:
    """Cells, if not bytes, for a room of so many members."""
    room = founded(*(f"member {number}" for number in range(size)))
    others, left = size - 1, size - 2
    commit, word = _commit(room, room.members), _word(room)
    costs = {
        "message": _message(room, len(TEXT)),
        "text_bytes_in_one_cell": _longest(room),
        "confirmed": others * word,
        "add_entry": _entry(room, AddMember(_newcomer("newcomer"))),
        "add_shares": others * _share(room),
        "welcome": _welcome(room),
        "commit": commit,
        "quiet_day": DAILY * commit,
        "day_in_use": DAILY * commit + round(size * IN_USE_S / mean_frontier_gap(size)) * word,
        "remove_entry": _entry(room, RemoveMember(room[-1].id, NUMBER)),
        "remove_commit": _commit(room, room.members[:-1]),
    }
    return {
        **costs,
        "signal_up_bytes": SIGNAL_FRONT + 1 + others * SIGNAL_RECIPIENT + _signal_text(),
        "signal_new_keys": (size - 1) * left,
        "signal_new_keys_bytes": (size - 1) * left * SIGNAL_NEW_KEY,
        "simplex_blocks": others,
        "simplex_bytes": others * SIMPLEX_BLOCK,
        "simplex_queues": 2 * others,
    }


def table() -> str:
    """The table of docs/measurements.md."""
    costs = [costs_of(size) for size in SIZES]

    def cells(*names: str) -> list[str]:
        return [
            f"{' + '.join(f'{one[name]:,}' for name in names)}, "
            f"{sum(one[name] for name in names) * GEOMETRY.cell:,} B"
            for one in costs
        ]

    def each(text: str) -> list[str]:
        return [text.format(**one) for one in costs]

    rows = [
        ["", *(f"room of {size}" for size in SIZES)],
        ["---"] * 3,
        ["a message of 100 letters", *cells("message")],
        ["letters that fit into one cell", *each("{text_bytes_in_one_cell}")],
        ["what all others have of it, if its writer waits for that", *cells("confirmed")],
        [
            "letting in one more: entry, commit, shares of all members",
            *cells("add_entry", "commit", "add_shares"),
        ],
        ["the welcome, in the session of the two", *cells("welcome")],
        ["removing a member: entry, commit", *cells("remove_entry", "remove_commit")],
        ["a day of quiet: eight commits", *cells("quiet_day")],
        ["a day in use: those, and what each has, again and again", *cells("day_in_use")],
        ["Signal: uploads for that message", *each("1, {signal_up_bytes:,} B")],
        [
            "Signal: new keys after a removal, if all write again",
            *each("{signal_new_keys:,}, {signal_new_keys_bytes:,} B"),
        ],
        ["SimpleX: blocks for that message", *each("{simplex_blocks}, {simplex_bytes:,} B")],
        ["SimpleX: queues for one more member", *each("{simplex_queues}")],
    ]
    return "\n".join(f"| {' | '.join(row)} |".replace("|  |", "| |") for row in rows)


def _signal_text() -> int:
    """Sealed once for all: AES in blocks of 16, and the tag of AES-GCM-SIV around it."""
    return SIGNAL_KEYED + 16 * (len(TEXT) // 16 + 1) + 16


def _message(room: Room, letters: int) -> int:
    writer = room[0]
    parents = Parents(((room[1].id[:8], NUMBER),), bytes(32))
    told = encode_told(FrontierWord((NUMBER,) * len(room.members)))
    payload = told + encode_payload(Text(MessageId("01" * 16), NOW, "x" * letters))
    new = NewMessage(RoomKind.MESSAGE, NUMBER, writer.knows, parents, payload)
    sealed = writer.writing.seal_message(new, writer.roster, NOW)
    assert sealed is not None
    return len(sealed.cells)


def _longest(room: Room) -> int:
    """Letters that one cell has, beside one parent and all MACs."""
    return bisect(range(1, ROOM_DATA), 1, key=lambda letters: _message(room, letters))


def _word(room: Room) -> int:
    writer = room[0]
    data = encode_room_word(FrontierWord((NUMBER,) * len(room.members)))
    new = NewMessage(RoomKind.WORD, 0, writer.knows, Parents(), data)
    sealed = writer.writing.seal_message(new, writer.roster, NOW)
    assert sealed is not None
    return len(sealed.cells)


def _commit(room: Room, members: list[Member]) -> int:
    room.set_roster(members, room.members[:1])
    return len(room[0].commit())


def _entry(room: Room, action: Action) -> int:
    author = room[0]
    entry = RoomEntry(author.id, 1, EntryId(bytes(32)), (), action)
    sent = make_sent_entry(entry, [(member.id, bytes(16)) for member in room.members])
    cells = author.writing.seal_entry(encode_sent_entry(sent), NOW)
    assert cells is not None
    return len(cells)


def _share(room: Room) -> int:
    share = encode_kem_share(KemShare(room[1].id, bytes(CIPHERTEXT_BYTES), bytes(16)))
    return ceil(len(share) / ROOM_DATA)


def _welcome(room: Room) -> int:
    """Cells of the two's session: as many as the payloads fill."""
    grant = room[0].state.make_grant(room[0].latest)
    assert grant is not None
    entries = [found_room("friends", _newcomer("member 0"))]
    entries += [
        RoomEntry(room[0].id, at, EntryId(bytes(31) + bytes([at])), (), AddMember(_newcomer(f"member {at}")))
        for at in range(1, len(room.members))
    ]
    numbers = tuple((MemberId(member.id), NUMBER) for member in sorted(room.members, key=lambda one: one.id))
    welcome = encode_welcome(RoomWelcome(room[-1].id, tuple(entries), grant, numbers))
    parts = split_welcome(RoomOfferId(bytes(16)), welcome)
    return sum(ceil(len(encode_payload(part)) / GEOMETRY.data) for part in parts)


def _newcomer(name: str) -> NewMember:
    return NewMember(bytes(32), bytes(32), bytes(ENCAPSULATION_KEY_BYTES), name)
