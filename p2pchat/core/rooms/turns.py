"""What people are told of what happens in a room.

Knows: which event follows from which news of a room's machine. Does not know: lines, or how far messages of
ours have come.
"""

from __future__ import annotations

from collections.abc import Iterator

from p2pchat.core.room.changes import RosterChanges
from p2pchat.core.room.outputs import (
    GapFound,
    HomePutBack,
    MemberSpoke,
    MemberUneven,
    OtherToldOtherwise,
    RoomNews,
    RosterChanged,
    WithheldEntries,
)
from p2pchat.core.room.roster import RoomRoster
from p2pchat.core.values.room_events import RoomTurn, RoomTurned
from p2pchat.types import ConversationId, EntryId, MemberId


def list_turns(
    room: ConversationId, news: RoomNews, changes: RosterChanges, before: RoomRoster
) -> Iterator[RoomTurned]:
    """Say what happened; ``before``: the roster that people were last told of."""
    match news:
        case RosterChanged():
            yield from _list_roster_turns(room, news, changes, before)
        case MemberSpoke(member):
            yield RoomTurned(room, RoomTurn.SPOKE, member)
        case GapFound(member, count):
            yield RoomTurned(room, RoomTurn.GAP, member, count=count)
        case OtherToldOtherwise(member=member):
            yield RoomTurned(room, RoomTurn.TOLD_OTHERWISE, member)
        case MemberUneven(member):
            yield RoomTurned(room, RoomTurn.UNEVEN, member)
        case HomePutBack():
            yield RoomTurned(room, RoomTurn.PUT_BACK)
        case WithheldEntries(members=members):
            for member in members:
                yield RoomTurned(room, RoomTurn.WITHHELD, member)


def _list_roster_turns(
    room: ConversationId, news: RosterChanged, changes: RosterChanges, before: RoomRoster
) -> Iterator[RoomTurned]:
    for member in news.joined:
        yield RoomTurned(room, RoomTurn.JOINED, member, changes.find_inviter(member))
    for member in news.left:
        turn = RoomTurn.ENDED if member == changes.own else RoomTurn.GONE
        yield RoomTurned(room, turn, member, _find_remover(changes, member))
    stayed = set(before.members) & set(changes.roster.members)
    for member in sorted(stayed):
        if _office_of(before, member) != _office_of(changes.roster, member):
            yield RoomTurned(room, RoomTurn.ROLE, member)
    if news.name != before.name:
        yield RoomTurned(room, RoomTurn.RENAMED, before=before.name)
    if news.retention_s != before.retention_s:
        yield RoomTurned(room, RoomTurn.RETENTION)
    for voided in news.voided:
        yield RoomTurned(room, RoomTurn.KEPT_IN, voided.member, _author_of(changes, voided.by))


def _office_of(roster: RoomRoster, member: MemberId) -> int:
    return 2 if member == roster.owner else int(member in roster.admins)


def _find_remover(changes: RosterChanges, member: MemberId) -> MemberId | None:
    """Who put a member out; itself, if it left."""
    departure = changes.roster.departures.get(member)
    return _author_of(changes, departure.entry) if departure is not None else None


def _author_of(changes: RosterChanges, entry: EntryId) -> MemberId | None:
    found = changes.log.find_entry(entry)
    return found.author if found is not None else None
