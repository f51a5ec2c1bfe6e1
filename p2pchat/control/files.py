"""What a node is told, answers and tells of files, as declared values.

Knows: every field that scripts rely on. Does not know: messages, or where the values come from.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from p2pchat.control.values import Value

FileStateName = Literal[
    "offered", "accepted", "whole", "saved", "declined", "cancelled", "wrong", "lost", "full", "expired"
]
"""``accepted``: it is on its way; ``whole``: its receiver has all of it; ``saved``: it was taken out of the
home; ``wrong``: what was sent is not what was offered; ``lost``: its sender does not have it any more;
``full``: its receiver has no room."""


class FileInfo(Value, frozen=True, kw_only=True):
    """One file, ours or a contact's."""

    id: str
    sender: str = msgspec.field(name="from")
    contact: str = msgspec.field(name="with")
    """At the other end."""
    at: str
    """When it was offered."""
    name: str
    size: int
    kind: str
    """Its media type, as its sender says; may be empty."""
    outgoing: bool
    state: FileStateName
    bytes: int
    """How much of it its receiver has."""


class FileEvent(FileInfo, frozen=True, kw_only=True, tag="file", tag_field="type"):
    """A file has another state, or came further."""

    change: Literal["state", "bytes"]
    rate: float
    """Bytes a second lately; 0: not known."""


class SavedFileResult(Value, frozen=True, kw_only=True):
    """Where a file was saved."""

    id: str
    path: str
