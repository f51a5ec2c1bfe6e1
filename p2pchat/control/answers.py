"""What each method of the control socket answers, as declared values.

Knows: every field that scripts rely on. Does not know: where the values come from.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from msgspec import UNSET, UnsetType

from p2pchat.control.events import Message, State
from p2pchat.control.values import Value, given, read_value


class WhoAmI(Value, frozen=True, kw_only=True):
    name: str
    fingerprint: str
    words: str
    home: str
    rendezvous: list[str]


class Contact(Value, frozen=True, kw_only=True):
    name: str
    fingerprint: str
    how: str
    verified: bool
    verified_before: bool
    renewed_at: str | None
    session: str
    blocked: bool
    muted: bool
    disappear: float | None
    here: bool | None
    heard_at: str | None
    over_quota: bool
    added_at: str
    mesh: str


class ContactShown(Contact, frozen=True, kw_only=True):
    safety_number: str


class ContactMade(Contact, frozen=True, kw_only=True):
    left_out: list[str]


class ContactRemoved(Value, frozen=True, kw_only=True):
    name: str
    left_mesh: str | None
    renewed_mesh: str | None


class Mesh(Value, frozen=True, kw_only=True):
    mesh: str
    invites: bool
    followed_by: str | None
    contacts: list[str]
    links: int | None
    rendezvous: list[str]
    joined_at: str


class MeshLeft(Value, frozen=True, kw_only=True):
    mesh: str
    forgotten: list[str]


class Rendezvous(Value, frozen=True, kw_only=True):
    url: str
    own: bool
    typed: bool
    meshes: list[str]
    used: bool
    up: bool | None
    reason: str


class Setting(Value, frozen=True, kw_only=True):
    key: str
    value: str
    source: str
    default: str
    variable: str
    allowed: str
    about: str
    takes_effect: str
    problem: str | None


Effect = Literal["now", "anew", "at start", "overruled", "unchanged"]


class SettingKept(Setting, frozen=True, kw_only=True):
    effect: Effect


class Progress(Value, frozen=True, kw_only=True):
    """How far a message of ours has come."""

    id: str
    state: State
    at: str


class Edited(Value, frozen=True, kw_only=True):
    id: str


class ForgottenCount(Value, frozen=True, kw_only=True):
    forgotten: int


class Conversation(Message, frozen=True, kw_only=True):
    unheard: int


class BackupMade(Value, frozen=True, kw_only=True):
    path: str
    at: str
    size: int
    contacts: int
    messages: int


class BackupsRevoked(Value, frozen=True, kw_only=True):
    contacts: int


class Draft(Value, frozen=True, kw_only=True):
    """What was begun to be written to a contact, and not sent."""

    name: str
    text: str


class Check(Value, frozen=True, kw_only=True):
    """One thing that ``doctor`` has tried."""

    name: str
    ok: bool
    found: str


class Stopping(Value, frozen=True, kw_only=True):
    stopping: bool


class Paths(Value, frozen=True, kw_only=True):
    relay_only: bool
    proxied: bool
    stun: bool
    turn: bool
    turn_refused: bool
    lan: bool


class ClockStatus(Value, frozen=True, kw_only=True):
    ahead_s: int
    of: str
    doubt: str | None


class LinkStatus(Value, frozen=True, kw_only=True):
    peer: str | None
    state: str
    since: str
    mesh: str
    sent: int
    received: int
    shed: int
    eager: bool
    allowance: float
    standing: str


class StemStatus(Value, frozen=True, kw_only=True):
    hops: int
    state: Literal["none", "short", "pinned"]
    drawn: int
    by_contact: bool


class Hidden(NamedTuple):
    """How who writes in a mesh is hidden."""

    profile: str
    among: int
    stem: StemStatus


class MeshStatus(Value, frozen=True, kw_only=True):
    """The first three are said where cells take a stem: see ``hidden``."""

    profile: str | UnsetType = UNSET
    crowd: int | UnsetType = UNSET
    stem: StemStatus | UnsetType = UNSET
    mesh: str
    node: str
    links: int
    eager: int
    greeter: bool
    reconciling: bool
    held_cells: int
    held_bytes: int
    hold_budget: int
    held_since: str | None
    dropped: int

    @property
    def hidden(self) -> Hidden | None:
        """None where cells take no stem."""
        profile, among, stem = given(self.profile), given(self.crowd), given(self.stem)
        if profile is None or among is None or stem is None:
            return None
        return Hidden(profile, among, stem)


class RendezvousStatus(Value, frozen=True, kw_only=True):
    url: str
    up: bool | None
    reason: str


class ListenStatus(Value, frozen=True, kw_only=True):
    """At which port a node is a rendezvous for its own meshes, and why it is not, if so."""

    port: int
    problem: str


class LanStatus(Value, frozen=True, kw_only=True):
    """What a node has to do with its own network: where it listens there, how many others do that it knows,
    and why it has nothing, if so."""

    addresses: list[str]
    found: int
    problem: str


class Process(Value, frozen=True, kw_only=True):
    pid: int
    home: str
    memory_kb: int
    cpu_s: float


class Status(Value, frozen=True, kw_only=True):
    """How a node is, and what it was told to be."""

    running_since: str
    health: str
    no_way: str
    clock: ClockStatus | None
    links: list[LinkStatus]
    links_up: int
    meshes: list[MeshStatus]
    rendezvous: list[RendezvousStatus]
    outbox: int
    counters: dict[str, int]
    backed_up_at: str | UnsetType = UNSET
    """Empty: there is no backup that is of use."""
    paths: Paths
    profile: str | None
    separate: bool
    lan: LanStatus | None
    listen: ListenStatus | None
    pid: int
    home: str
    memory_kb: int
    cpu_s: float
    waits_for: str | None


class ContactAdded(ContactMade, frozen=True, kw_only=True, tag="contact", tag_field="type"):
    """The end of an invite, as the Python interface tells it."""

    change: Literal["added"]


def contact_added(made: ContactMade) -> ContactAdded:
    """The end of an invite, from what it was answered with."""
    return read_value(ContactAdded, {"type": "contact", "change": "added", **made.as_record()})
