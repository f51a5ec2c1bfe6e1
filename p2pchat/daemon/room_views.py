"""Rooms, members and what happens to them, as the values of the control socket.

Knows: the shape that scripts rely on (docs/scripting.md). Does not know: lines of rooms (``line_views``), or
what a typed name means.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from p2pchat.control.rooms import ROOM_SIGN, MemberInfo, Notify, Role, RoomCountsInfo, RoomEvent, RoomInfo
from p2pchat.core.values.records import Contact
from p2pchat.core.values.room_events import OfferTurn, RoomOfferTurned, RoomTurn, RoomTurned
from p2pchat.core.values.room_records import Loudness, OfferState, RoomOfferRecord, RoomRole
from p2pchat.core.values.status import MemberStatus, RoomStatus
from p2pchat.daemon.names import Names, name_offers
from p2pchat.daemon.views import moment

DAY_S: Final = 86_400.0

ROLES: Final[dict[RoomRole, Role]] = {
    RoomRole.OWNER: "owner",
    RoomRole.ADMIN: "admin",
    RoomRole.MEMBER: "member",
}

NOTIFIES: Final[dict[Loudness, Notify]] = {
    Loudness.ALL: "all",
    Loudness.MENTIONS: "mentions",
    Loudness.NONE: "none",
}

_CHANGES: Final[dict[RoomTurn, str]] = {
    RoomTurn.CREATED: "created",
    RoomTurn.ENTERED: "entered",
    RoomTurn.ENDED: "out",
    RoomTurn.FORGOTTEN: "forgotten",
    RoomTurn.JOINED: "joined",
    RoomTurn.SPOKE: "spoke",
    RoomTurn.ROLE: "role",
    RoomTurn.RENAMED: "renamed",
    RoomTurn.RETENTION: "disappearing",
    RoomTurn.LOUDNESS: "notify",
    RoomTurn.KEPT_IN: "kept in",
    RoomTurn.GAP: "gap",
    RoomTurn.TOLD_OTHERWISE: "told otherwise",
    RoomTurn.UNEVEN: "uneven",
    RoomTurn.WITHHELD: "withheld",
    RoomTurn.PUT_BACK: "put back",
}

_REASONS: Final[dict[OfferTurn, str]] = {
    OfferTurn.EXPIRED: "it was not answered in time",
    OfferTurn.VOID: "the member that made it may no longer let anybody in",
    OfferTurn.FULL: "there is no place left",
    OfferTurn.FAILED: "what the newcomer was given does not fit",
    OfferTurn.ALREADY_IN: "the newcomer was in already",
}
"""Why an offer came to nothing."""


def room(status: RoomStatus, offers: Iterable[RoomOfferRecord], names: Names, now: float) -> RoomInfo:
    """Describe a room in which we are or were. ``offers``: all that are not over."""
    others = [member for member in status.members if not member.own]
    record = status.record
    return RoomInfo(
        name=names.partner_name(record.id),
        id=record.id.removeprefix(ROOM_SIGN),
        state="in" if status.role is not None else "out",
        role=ROLES[status.role] if status.role is not None else None,
        members=len(status.members),
        lately=len(list_lately(status, now)),
        silent=sum(not member.spoke for member in others),
        invited_by=names.partner_name(record.brought_by) if record.brought_by is not None else None,
        invited=[names.partner_name(offer.contact) for offer in offers if offer.room == record.id],
        notify=NOTIFIES[record.loudness],
        disappear=float(status.retention_s) or None,
        mesh=record.mesh.hex(),
        since=moment(record.joined_at),
        waiting=status.waiting,
        put_back=status.waits,
    )


def list_lately(room: RoomStatus, now: float) -> list[MemberStatus]:
    """List the other members of a room that were heard within the last day."""
    others = (member for member in room.members if not member.own)
    return [one for one in others if one.spoke_at is not None and now - one.spoke_at < DAY_S]


def counts(rooms: Iterable[RoomStatus], offers: Iterable[RoomOfferRecord]) -> RoomCountsInfo:
    """Count all rooms and offers."""
    inside = [status for status in rooms if status.role is not None]
    members = [member for status in inside for member in status.members]
    return RoomCountsInfo(
        rooms=len(inside),
        offers=sum(made.state is OfferState.OPEN and not made.outgoing for made in offers),
        silent=sum(not member.spoke and not member.own for member in members),
        put_back=sum(status.waits for status in inside),
    )


def offer(made: RoomOfferRecord, shown: str, names: Names) -> RoomInfo:
    """Describe a room that a contact offers us under the name ``shown``."""
    return RoomInfo(
        name=shown,
        id=made.id.hex(),
        state="accepted" if made.state is OfferState.ACCEPTED else "offered",
        role=None,
        members=made.size,
        lately=0,
        silent=0,
        invited_by=names.partner_name(made.contact),
        invited=[],
        notify="all",
        disappear=None,
        mesh=None,
        since=moment(made.at),
        waiting=0,
        put_back=False,
    )


def member(status: MemberStatus, room: RoomStatus, names: Names, contact: Contact | None) -> MemberInfo:
    """Describe a member of a room. ``contact``: the contact that it is, if any."""
    by = status.brought_by
    last = next((member.reached for member in room.members if member.own), 0)
    return MemberInfo(
        name=names.member_name(room.record.id, status.id),
        id=status.id.hex(),
        own_name=status.name,
        role=ROLES[status.role],
        own=status.own,
        contact=contact is not None,
        verified=contact is not None and contact.trust.verified,
        brought_by=names.member_name(room.record.id, by) if by is not None else None,
        spoke=status.spoke or status.own,
        spoke_at=moment(status.spoke_at) if status.spoke_at is not None else None,
        lacks=max(0, last - status.reached),
    )


def turned(event: RoomTurned, names: Names, rooms: Iterable[RoomStatus]) -> RoomEvent:
    """Make the event for a change of a room."""
    status = next((room for room in rooms if room.record.id == event.room), None)
    more: dict[str, Any] = {}
    if event.member is not None and event.turn is not RoomTurn.ENDED:
        more["member"] = names.member_name(event.room, event.member)
    if event.by is not None and event.by != event.member:
        more["by"] = names.member_name(event.room, event.by)
    match event.turn:
        case RoomTurn.GONE:
            change = "removed" if "by" in more else "left"
        case turn:
            change = _CHANGES[turn]
    if event.turn is RoomTurn.GAP:
        more["count"] = event.count
    if event.turn is RoomTurn.RENAMED:
        more["before"] = f"{ROOM_SIGN}{event.before}"
    if event.turn is RoomTurn.RETENTION and status is not None:
        more["disappear"] = float(status.retention_s) or None
    if event.turn is RoomTurn.ROLE and status is not None:
        roles = {member.id: ROLES[member.role] for member in status.members}
        more |= {"role": roles[event.member]} if event.member in roles else {}
    return RoomEvent(room=names.partner_name(event.room), change=change, **more)


def offer_turned(event: RoomOfferTurned, names: Names, offers: Iterable[RoomOfferRecord]) -> RoomEvent | None:
    """Make the event for a change of an offer; None for what another event tells: that the newcomer is in.
    ``offers``: all that are not over."""
    made = event.offer
    if event.turn is OfferTurn.ENTERED or (event.turn is OfferTurn.ACCEPTED and not made.outgoing):
        return None
    if made.room is not None:
        shown = names.partner_name(made.room)
    else:
        shown = name_offers({offer.id: offer for offer in (*offers, made)}.values())[made.id]
    match event.turn:
        case OfferTurn.MADE:
            told = RoomEvent(room=shown, change="invited" if made.outgoing else "offered")
        case OfferTurn.ACCEPTED | OfferTurn.DECLINED | OfferTurn.WITHDRAWN:
            told = RoomEvent(room=shown, change=event.turn.value)
        case turn:
            told = RoomEvent(room=shown, change="failed", why=failure(turn))
    contact = names.partner_name(made.contact)
    return told.with_changes(member=contact) if made.outgoing else told.with_changes(by=contact)


def failure(turn: OfferTurn) -> str:
    """Tell why an offer came to nothing."""
    return _REASONS.get(turn, turn.value)
