"""What each method of the control socket answers, as declared values.

Knows: every field that scripts rely on. Does not know: where the values come from.

In Python an answer is the dictionary that it is on the socket.
"""

from __future__ import annotations

from typing import Literal, TypedDict

from p2pchat.control.events import Message, State


class WhoAmI(TypedDict):
    name: str
    fingerprint: str
    words: str
    home: str
    rendezvous: list[str]


class Contact(TypedDict):
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


class ContactShown(Contact):
    safety_number: str


class ContactMade(Contact):
    left_out: list[str]


class ContactRemoved(TypedDict):
    name: str
    left_mesh: str | None
    renewed_mesh: str | None


class Mesh(TypedDict):
    mesh: str
    invites: bool
    followed_by: str | None
    contacts: list[str]
    links: int | None
    rendezvous: list[str]
    joined_at: str


class MeshLeft(TypedDict):
    mesh: str
    forgotten: list[str]


class Rendezvous(TypedDict):
    url: str
    own: bool
    typed: bool
    meshes: list[str]
    used: bool
    up: bool | None
    reason: str


class Setting(TypedDict):
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


class SettingKept(Setting):
    effect: Effect


class Progress(TypedDict):
    """How far a message of ours has come."""

    id: str
    state: State
    at: str


class Edited(TypedDict):
    id: str


class ForgottenCount(TypedDict):
    forgotten: int


class Conversation(Message):
    unheard: int


class Check(TypedDict):
    """One thing that ``doctor`` has tried."""

    name: str
    ok: bool
    found: str


class Stopping(TypedDict):
    stopping: bool


class Paths(TypedDict):
    relay_only: bool
    proxied: bool
    stun: bool
    turn: bool
    turn_refused: bool
    lan: bool


class ClockStatus(TypedDict):
    ahead_s: int
    of: str
    doubt: str | None


class LinkStatus(TypedDict):
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


class StemStatus(TypedDict):
    hops: int
    state: Literal["none", "short", "pinned"]
    drawn: int
    by_contact: bool


class Hidden(TypedDict, total=False):
    """There where cells take a stem."""

    profile: str
    crowd: int
    stem: StemStatus


class MeshStatus(Hidden):
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


class RendezvousStatus(TypedDict):
    url: str
    up: bool | None
    reason: str


class ListenStatus(TypedDict):
    """At which port a node is a rendezvous for its own meshes, and why it is not, if so."""

    port: int
    problem: str


class LanStatus(TypedDict):
    """What a node has to do with its own network: where it listens there, how many others do that it knows,
    and why it has nothing, if so."""

    addresses: list[str]
    found: int
    problem: str


class Process(TypedDict):
    pid: int
    home: str
    memory_kb: int
    cpu_s: float


class Chosen(Process):
    """What a node is besides its links."""

    paths: Paths
    profile: str | None
    separate: bool
    lan: LanStatus | None
    listen: ListenStatus | None
    waits_for: str | None


class Status(Chosen):
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


class ContactAdded(ContactMade):
    """The end of an invite, as the Python interface tells it."""

    type: Literal["contact"]
    change: Literal["added"]
