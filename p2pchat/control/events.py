"""What a node tells of itself: each event of the control socket, as a declared value.

Knows: every field that scripts rely on. Does not know: when an event comes.

In Python an event is the dictionary that it is on the socket. ``Event`` is any of them; its ``type`` tells
which.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

State = Literal["queued", "relayed", "delivered", "expired", "cancelled"]
"""How far a message has come, in the order in which it does."""

_From = TypedDict("_From", {"from": str})
_FromNode = TypedDict("_FromNode", {"from": str | None})
_With = TypedDict("_With", {"with": str})


class Line(_From, _With):
    """A line of the history, in whatever event or answer."""

    id: str
    room: None
    at: str
    text: str
    outgoing: bool
    state: State
    expires_at: str | None
    rewritten: bool


class Message(Line):
    """A message came, or with ``own`` was sent from here."""

    type: Literal["message"]


class Rewritten(Line):
    """A line of the history here says something else now."""

    type: Literal["rewritten"]


class Forgotten(_With):
    """A line of the history here is no more; without an id, all that was said with them."""

    type: Literal["forgotten"]
    id: str | None


class Receipt(TypedDict):
    """A message of ours has come further. ``to`` is told to listeners, who asked for no one message."""

    type: Literal["receipt"]
    id: str
    to: NotRequired[str]
    state: State
    at: str


class Hindrance(TypedDict):
    """Something is certainly in the way of a message that is waited for."""

    type: Literal["hindrance"]
    id: str
    why: str


class ContactChanged(TypedDict):
    """``disappear`` and ``by`` belong to the change ``disappearing``."""

    type: Literal["contact"]
    name: str
    change: str
    disappear: NotRequired[float | None]
    by: NotRequired[str]


class SessionTurned(TypedDict):
    """A home was put back to a copy, or runs twice."""

    type: Literal["session"]
    name: str
    turn: str
    waiting: int


class Presence(TypedDict):
    """A contact came or went."""

    type: Literal["presence"]
    name: str
    here: bool


class Link(TypedDict):
    """A link came up or went down; ``links`` are up now."""

    type: Literal["link"]
    links: int
    change: str


class SettingChanged(TypedDict):
    """What the home keeps of a setting is another."""

    type: Literal["setting"]
    key: str


class MeshChanged(TypedDict):
    """A mesh was joined or left, or follows another."""

    type: Literal["mesh"]
    mesh: str
    change: str


class InviteReady(TypedDict):
    """A code can be given away now."""

    type: Literal["invite"]
    code: str


class Stranger(TypedDict):
    """Somebody without the words sat at this invite's number."""

    type: Literal["stranger"]
    strangers: int


class Tracing(TypedDict):
    """A trace has begun."""

    type: Literal["tracing"]


class CellSeen(_FromNode):
    """A cell's first sight here."""

    type: Literal["cell"]
    id: str
    forwarded: int
    at: str


class OnionSeen(_FromNode):
    """An onion that passed here."""

    type: Literal["onion"]
    id: str
    became: str
    at: str


Heard = (
    Message
    | Rewritten
    | Forgotten
    | Receipt
    | ContactChanged
    | SessionTurned
    | Presence
    | Link
    | SettingChanged
    | MeshChanged
)
"""What a listener is told."""

Waited = Receipt | Hindrance
"""What is told on the way of one message."""

Paired = InviteReady | Stranger
"""What is told while an invite waits."""

Traced = Tracing | CellSeen | OnionSeen
"""What a trace is told."""

Event = Heard | Waited | Paired | Traced
