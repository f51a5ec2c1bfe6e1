"""What a node answers and tells of rooms, as declared values.

Knows: every field that scripts rely on. Does not know: messages, which name their room (``events``), or where
the values come from.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from p2pchat.control.values import Value

ROOM_SIGN: Final = "#"
"""Begins a room's name as it is typed where a contact may stand."""

Role = Literal["owner", "admin", "member"]

Notify = Literal["all", "mentions", "none"]
"""Of what is written in a room, what makes a noise."""


class RoomInfo(Value, frozen=True, kw_only=True):
    """One room, or the offer of one."""

    name: str
    """As it is typed: ``#name``; of an offer the bare name."""
    id: str
    state: Literal["offered", "accepted", "in", "out"]
    """``offered``: a contact invites us; ``accepted``: we have accepted that, and are not in yet; ``out``: we
    have left, or were removed."""
    role: Role | None
    """Ours; None: we are not in."""
    members: int
    lately: int
    """Other members that were heard within the last day."""
    silent: int
    """Members that were never heard."""
    invited_by: str | None
    """The contact that has brought us, or wants to."""
    invited: list[str]
    """Contacts that we have invited and that are not in yet."""
    notify: Notify
    disappear: float | None
    mesh: str | None
    since: str
    """When we came in, or were invited."""
    waiting: int
    """Messages of ours that have not left yet."""
    put_back: bool
    """This home was put back to a copy: the room waits for its other members."""


class MemberInfo(Value, frozen=True, kw_only=True):
    """One member of a room."""

    name: str
    """As it is shown, and typed, in this room."""
    id: str
    own_name: str
    """What the member calls itself; others may do so, too."""
    role: Role
    own: bool
    """It is we."""
    contact: bool
    """It is a contact of ours, whose name it has here."""
    verified: bool
    brought_by: str | None
    """Which member let it in; None: it has founded the room."""
    spoke: bool
    """Whether anything has come that only this member could write."""
    spoke_at: str | None
    """When it was heard last; None: not since the node began."""
    lacks: int = 0
    """How many of our messages it has not told yet that it has."""


class RoomCountsInfo(Value, frozen=True, kw_only=True):
    """The rooms of a node, in numbers."""

    rooms: int
    """In which we are."""
    offers: int
    """That wait for our answer."""
    silent: int
    """Members that were never heard, of all rooms."""
    put_back: int
    """Rooms that wait for their other members, because this home was put back to a copy."""


class RoomWordsInfo(Value, frozen=True, kw_only=True):
    """What members of a room compare."""

    name: str
    words: str
    """Twelve, of what this node knows of who has been let in and put out."""
    members: int


class RoomInvitationsResult(Value, frozen=True, kw_only=True):
    """Who was invited."""

    name: str
    invited: list[str]


class AcceptRoomResult(RoomInfo, frozen=True, kw_only=True):
    """The room of an invitation."""

    already: bool
    """No invitation has let us in just now: we are in as far as this node knows, and it may not have heard
    yet that we were removed."""


class RenewRoomResult(RoomInfo, frozen=True, kw_only=True):
    """The new room; ``invited`` are members of the old one."""

    not_invited: list[str]
    """Members that are no contacts of ours: others have to invite them."""


class RoomSayingInfo(Value, frozen=True, kw_only=True):
    """What a member of a room is shown to have said."""

    sender: str = msgspec.field(name="from")
    text: str


class RoomTranscriptInfo(Value, frozen=True, kw_only=True):
    """A transcript of a room that was made up here, and whether a judge accepted it."""

    name: Literal["invented", "altered"]
    accepted: bool
    cells: int
    sayings: list[RoomSayingInfo]


class RoomForgeryInfo(Value, frozen=True, kw_only=True):
    """What one member alone can make up of a room."""

    type: Literal["forge"] = "forge"
    room: str
    transcripts: list[RoomTranscriptInfo]


class RoomEvent(Value, frozen=True, kw_only=True, tag="room", tag_field="type"):
    """Something happened in a room, or to who is in."""

    room: str
    """As it is typed; of an offer the bare name."""
    change: str
    """docs/scripting.md explains each."""
    member: str | UnsetType = UNSET
    """Of whom it tells: a member, or the contact that an offer is for."""
    by: str | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    count: int | UnsetType = UNSET
    why: str | UnsetType = UNSET
    before: str | UnsetType = UNSET
    """How the room was called."""
    disappear: float | UnsetType | None = UNSET
