"""What a node tells of itself: each event of the control socket, as a declared value.

Knows: every field that scripts rely on. Does not know: when an event comes.

In Python ``Event`` is any of them, and its class tells what JSON has as ``type``. JSON's ``from`` is the
``sender`` of a message, the ``source`` of a cell; JSON's ``with`` is the ``contact``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

import msgspec
from msgspec import UNSET, UnsetType

from p2pchat.control.files import FileEvent
from p2pchat.control.introductions import IntroductionEvent
from p2pchat.control.rooms import RoomEvent
from p2pchat.control.values import Misfit, Value, read_value

State = Literal["queued", "relayed", "delivered", "expired", "cancelled"]
"""How far a message has come, in the order in which it does."""


class AnsweredInfo(Value, frozen=True, kw_only=True):
    """What a reply answers: nothing is known of what is not here."""

    id: str | None
    sender: str | None = msgspec.field(name="from")
    text: str | None
    """Its beginning, as it is now."""
    withdrawn: bool = False


class ReactionInfo(Value, frozen=True, kw_only=True):
    """What one person has to say to a message in one sign."""

    sender: str = msgspec.field(name="from")
    sign: str
    state: State


class VersionInfo(Value, frozen=True, kw_only=True):
    """What a message said before."""

    at: str
    text: str


class HistoryLine(Value, frozen=True, kw_only=True):
    """A line of the history, in any event or answer."""

    id: str
    sender: str = msgspec.field(name="from")
    contact: str = msgspec.field(name="with")
    """The contact, or the room: as it is typed."""
    room: str | None = None
    at: str
    text: str
    outgoing: bool
    state: State
    expires_at: str | None
    rewritten: bool
    reply_to: AnsweredInfo | None = None
    mentions: list[str] = msgspec.field(default_factory=list)
    corrected: State | None = None
    """How far its last correction has come."""
    withdrawn: State | None = None
    reactions: list[ReactionInfo] = msgspec.field(default_factory=list)
    earlier: list[VersionInfo] = msgspec.field(default_factory=list)
    unknown: int | None = None
    """The type of a message that this version does not know; such a message has no text here."""
    reached: int | None = None
    """How many members have it, of a message of ours to a room."""
    of: int | None = None
    """How many were to have it."""
    through: str | None = None
    """Who passed it on, where its sender has not said to us that it is theirs."""
    could_read: list[str] = msgspec.field(default_factory=list)
    """Former members who could read it: its sender did not know that they are out."""
    incomplete: bool = False
    """It was written upon messages that no member has."""
    differs: bool = False
    """Its sender was told something else than we were."""


class MessageEvent(HistoryLine, frozen=True, kw_only=True, tag="message", tag_field="type"):
    """A message came, or with ``own`` was sent from here."""


class RewrittenEvent(HistoryLine, frozen=True, kw_only=True, tag="rewritten", tag_field="type"):
    """The text of a line of the history here has changed."""


class ReactionEvent(HistoryLine, frozen=True, kw_only=True, tag="reaction", tag_field="type"):
    """A person reacted to a line; an empty sign takes the earlier one back."""

    by: str
    sign: str


class CorrectedEvent(HistoryLine, frozen=True, kw_only=True, tag="corrected", tag_field="type"):
    """The author of a line has corrected it."""

    by: str


class WithdrawnEvent(HistoryLine, frozen=True, kw_only=True, tag="withdrawn", tag_field="type"):
    """The author of a line has withdrawn it."""

    by: str


class ForgottenEvent(Value, frozen=True, kw_only=True, tag="forgotten", tag_field="type"):
    """A line of the history here was deleted; without an id, all lines with the contact."""

    contact: str = msgspec.field(name="with")
    id: str | None


class ReceiptEvent(Value, frozen=True, kw_only=True, tag="receipt", tag_field="type"):
    """The state of a message of ours has advanced. ``to`` is set for listeners, which follow all messages."""

    id: str
    to: str | UnsetType = UNSET
    state: State
    at: str
    reached: int | UnsetType = UNSET
    """How many members of a room have it; only for who waits."""
    of: int | UnsetType = UNSET


class ReachedEvent(Value, frozen=True, kw_only=True, tag="reached", tag_field="type"):
    """One more member of a room has a message of ours."""

    id: str
    room: str
    reached: int
    of: int
    at: str


class HindranceEvent(Value, frozen=True, kw_only=True, tag="hindrance", tag_field="type"):
    """A known obstacle delays a message that a caller waits for."""

    id: str
    why: str


class ContactEvent(Value, frozen=True, kw_only=True, tag="contact", tag_field="type"):
    """``disappear`` and ``by`` belong to the change ``disappearing``."""

    name: str
    change: str
    disappear: float | UnsetType | None = UNSET
    by: str | UnsetType = UNSET


class SessionEvent(Value, frozen=True, kw_only=True, tag="session", tag_field="type"):
    """A home was restored from a copy, or runs twice."""

    name: str
    turn: str
    waiting: int


class PresenceEvent(Value, frozen=True, kw_only=True, tag="presence", tag_field="type"):
    """A contact came or went."""

    name: str
    here: bool


class LinkEvent(Value, frozen=True, kw_only=True, tag="link", tag_field="type"):
    """A link came up or went down; ``links`` are up now."""

    links: int
    change: str


class SettingEvent(Value, frozen=True, kw_only=True, tag="setting", tag_field="type"):
    """The home's value of a setting has changed."""

    key: str


class MeshEvent(Value, frozen=True, kw_only=True, tag="mesh", tag_field="type"):
    """A mesh was joined or left, or follows another."""

    mesh: str
    change: str


class InviteEvent(Value, frozen=True, kw_only=True, tag="invite", tag_field="type"):
    """A code can be given away now."""

    code: str


class StrangerEvent(Value, frozen=True, kw_only=True, tag="stranger", tag_field="type"):
    """A stranger without the words took the place of this invite."""

    strangers: int


class TracingEvent(Value, frozen=True, kw_only=True, tag="tracing", tag_field="type"):
    """A trace has begun."""


class CellEvent(Value, frozen=True, kw_only=True, tag="cell", tag_field="type"):
    """A cell's first sight here."""

    id: str
    source: str | None = msgspec.field(name="from")
    forwarded: int
    at: str


class OnionEvent(Value, frozen=True, kw_only=True, tag="onion", tag_field="type"):
    """An onion that passed here."""

    id: str
    became: str
    source: str | None = msgspec.field(name="from")
    at: str


class UnknownEvent(Value, frozen=True, kw_only=True):
    """An event that a newer node tells, which is not declared here, or not so."""

    type: str


ListenEvents = (
    MessageEvent
    | RewrittenEvent
    | ReactionEvent
    | CorrectedEvent
    | WithdrawnEvent
    | ForgottenEvent
    | ReceiptEvent
    | ReachedEvent
    | ContactEvent
    | SessionEvent
    | PresenceEvent
    | LinkEvent
    | SettingEvent
    | MeshEvent
    | RoomEvent
    | IntroductionEvent
    | FileEvent
    | UnknownEvent
)
"""What a listener is told."""

WaitEvents = ReceiptEvent | HindranceEvent | FileEvent
"""What is told on the way of one message, or of one file."""

PairingEvents = InviteEvent | StrangerEvent
"""What is told while an invite waits."""

TraceEvents = TracingEvent | CellEvent | OnionEvent
"""What a trace is told."""

Event = ListenEvents | WaitEvents | PairingEvents | TraceEvents
"""Any of them."""

DECLARED: Final[dict[str, type[Event]]] = {
    kind.__struct_config__.tag: kind for kind in get_args(Event) if kind is not UnknownEvent
}
"""Each event's class by what JSON has as its ``type``."""


def read_event(record: Mapping[str, object]) -> Event:
    """What a node told, as it was declared, or as ``UnknownEvent``. Raises Misfit for what is no event."""
    kind = DECLARED.get(str(record.get("type")), UnknownEvent)
    try:
        return read_value(kind, record)
    except Misfit:
        return read_value(UnknownEvent, record)
