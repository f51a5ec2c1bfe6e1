"""What is told without a node: what a backup holds, and that a transcript proves nothing.

Knows: the names and types of what is told. Does not know: how it is found out.
"""

from __future__ import annotations

from typing import Literal

from p2pchat.control.values import Value


class BackupContentsInfo(Value, frozen=True, kw_only=True):
    """What is in a backup."""

    path: str
    size: int
    at: str
    name: str
    fingerprint: str
    meshes: int
    contacts: int
    verified: int
    messages: int
    waiting: int
    passed_over: int


class GuestReferenceInfo(Value, frozen=True, kw_only=True):
    """What the guest is shown to have said of a message."""

    kind: Literal["reaction", "correction", "withdrawal"]
    text: str
    """The sign of a reaction (empty: taken back), or what a correction says."""
    of: str | None
    """The guest's message; null: one of the host's."""


class TranscriptInfo(Value, frozen=True, kw_only=True):
    """A transcript, and whether a judge accepted it."""

    name: Literal["true", "forged", "invented", "altered"]
    accepted: bool
    cells: int
    guest_said: list[str]
    """The messages that the guest is shown to have written."""
    guest_referred: list[GuestReferenceInfo]
    """What the guest is shown to have said of messages, in the order in which it was said."""


class ForgeryInfo(Value, frozen=True, kw_only=True):
    """One true transcript, and others that one side alone has made."""

    type: Literal["forge"] = "forge"
    guest: str
    host: str
    transcripts: list[TranscriptInfo]
