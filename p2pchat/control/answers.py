"""What each method of the control socket answers, as declared values.

Knows: every field that scripts rely on. Does not know: where the values come from.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from msgspec import UNSET, UnsetType

from p2pchat.control.events import MessageEvent, State
from p2pchat.control.rooms import RoomCountsInfo
from p2pchat.control.values import Value, given, read_value


class IdentityInfo(Value, frozen=True, kw_only=True):
    name: str
    fingerprint: str
    words: str
    home: str
    rendezvous: list[str]


class ContactInfo(Value, frozen=True, kw_only=True):
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
    hindrance: str | UnsetType = UNSET
    """What is in the way of a message to them for certain; empty where nothing is known to be."""
    through_room: str | None = None
    """The ``#room`` in which we met, as it was called here then."""
    introduced_by: str | None = None
    """Who had brought them into that room, or has introduced us, as they were called here then."""


class ContactDetailInfo(ContactInfo, frozen=True, kw_only=True):
    safety_number: str


class PairingResult(ContactInfo, frozen=True, kw_only=True):
    left_out: list[str]


class RemoveContactResult(Value, frozen=True, kw_only=True):
    name: str
    left_mesh: str | None
    renewed_mesh: str | None


class MeshInfo(Value, frozen=True, kw_only=True):
    mesh: str
    invites: bool
    followed_by: str | None
    contacts: list[str]
    links: int | None
    rendezvous: list[str]
    joined_at: str


class LeaveMeshResult(Value, frozen=True, kw_only=True):
    mesh: str
    forgotten: list[str]


class RendezvousInfo(Value, frozen=True, kw_only=True):
    url: str
    own: bool
    typed: bool
    meshes: list[str]
    used: bool
    up: bool | None
    reason: str


class SettingInfo(Value, frozen=True, kw_only=True):
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


class ChangeSettingResult(SettingInfo, frozen=True, kw_only=True):
    effect: Effect


class DeliveryInfo(Value, frozen=True, kw_only=True):
    """The state of a message of ours."""

    id: str
    state: State
    at: str
    reached: int | UnsetType = UNSET
    """How many members of a room have it."""
    of: int | UnsetType = UNSET


class EditResult(Value, frozen=True, kw_only=True):
    id: str


class ForgetResult(Value, frozen=True, kw_only=True):
    forgotten: int


class ConversationInfo(MessageEvent, frozen=True, kw_only=True):
    unheard: int


class BackupResult(Value, frozen=True, kw_only=True):
    path: str
    at: str
    size: int
    contacts: int
    messages: int


class RevokeBackupsResult(Value, frozen=True, kw_only=True):
    contacts: int


class DraftInfo(Value, frozen=True, kw_only=True):
    """What was begun to be written to a contact, and not sent."""

    name: str
    text: str


class CheckResult(Value, frozen=True, kw_only=True):
    """One thing that ``doctor`` has tried."""

    name: str
    ok: bool
    found: str


class StopResult(Value, frozen=True, kw_only=True):
    stopping: bool


class PathsInfo(Value, frozen=True, kw_only=True):
    relay_only: bool
    proxied: bool
    stun: bool
    turn: bool
    turn_refused: bool
    """A TURN server that the owner has set refuses its user or password."""
    turn_hinted: bool | UnsetType = UNSET
    """A rendezvous has named a TURN server that links here may use."""
    hinted_refused: bool | UnsetType = UNSET
    """That server refuses the user or password that the rendezvous gave."""
    lan: bool


class ClockInfo(Value, frozen=True, kw_only=True):
    ahead_s: int
    of: str
    doubt: str | None


class LinkInfo(Value, frozen=True, kw_only=True):
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


class StemInfo(Value, frozen=True, kw_only=True):
    hops: int
    state: Literal["none", "short", "pinned"]
    drawn: int
    by_contact: bool


class Hidden(NamedTuple):
    """How a mesh hides the writer."""

    profile: str
    among: int
    stem: StemInfo


class MembershipInfo(Value, frozen=True, kw_only=True):
    """The first three are said where cells take a stem: see ``hidden``."""

    profile: str | UnsetType = UNSET
    crowd: int | UnsetType = UNSET
    stem: StemInfo | UnsetType = UNSET
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


class RendezvousConnectionInfo(Value, frozen=True, kw_only=True):
    url: str
    up: bool | None
    reason: str


class ListenerInfo(Value, frozen=True, kw_only=True):
    """At which port a node is a rendezvous for its own meshes, and why it is not, if so."""

    port: int
    problem: str


class LanInfo(Value, frozen=True, kw_only=True):
    """What a node has to do with its own network: where it listens there, how many others do that it knows,
    and why it has nothing, if so."""

    addresses: list[str]
    found: int
    problem: str


class ProcessInfo(Value, frozen=True, kw_only=True):
    pid: int
    home: str
    memory_kb: int
    cpu_s: float


class NodeInfo(Value, frozen=True, kw_only=True):
    """How a node is, and what it was told to be."""

    running_since: str
    health: str
    no_way: str
    hindrance: str | UnsetType = UNSET
    """What keeps this node from all members of its meshes for certain; empty where nothing is known to."""
    clock: ClockInfo | None
    links: list[LinkInfo]
    links_up: int
    meshes: list[MembershipInfo]
    rendezvous: list[RendezvousConnectionInfo]
    outbox: int
    counters: dict[str, int]
    backed_up_at: str | UnsetType = UNSET
    """Empty: there is no backup that is of use."""
    rooms: RoomCountsInfo | UnsetType = UNSET
    paths: PathsInfo
    profile: str | None
    separate: bool
    lan: LanInfo | None
    listen: ListenerInfo | None
    pid: int
    home: str
    memory_kb: int
    cpu_s: float
    waits_for: str | None


class ContactAddedEvent(PairingResult, frozen=True, kw_only=True, tag="contact", tag_field="type"):
    """The end of an invite, as the Python interface tells it."""

    change: Literal["added"]


def contact_added(made: PairingResult) -> ContactAddedEvent:
    """The end of an invite, from what it was answered with."""
    return read_value(ContactAddedEvent, {"type": "contact", "change": "added", **made.as_record()})
