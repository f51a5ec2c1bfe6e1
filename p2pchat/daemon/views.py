"""The answers of the control socket about contacts, and about the node itself, as plain values.

Knows: the shape that scripts rely on (docs/scripting.md). Does not know: where the values come from.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, Literal

from p2pchat.config.choices import Choice
from p2pchat.config.paths import NetworkPolicy
from p2pchat.control import answers, events
from p2pchat.control.rooms import ROOM_SIGN, RoomCountsInfo
from p2pchat.control.values import extended
from p2pchat.core.values import effects
from p2pchat.core.values.records import Contact
from p2pchat.core.values.status import ClockStatus, MeshStatus, Status, StemStatus
from p2pchat.crypto.identity import safety_number
from p2pchat.daemon.turn_servers import TurnServers
from p2pchat.data import dataclass
from p2pchat.types import MeshId, MessageId, MessageState


@dataclass(frozen=True, slots=True)
class NodeConfiguration:
    """What a node's status tells besides its links."""

    paths: answers.PathsInfo
    profile: str | None
    separate: bool
    lan: answers.LanInfo | None
    listen: answers.ListenerInfo | None
    process: answers.ProcessInfo
    waits_for: str | None
    backed_up_at: float | None = None
    rooms: RoomCountsInfo | None = None


_STATES: Final[dict[MessageState, events.State]] = {
    MessageState.QUEUED: "queued",
    MessageState.RELAYED: "relayed",
    MessageState.DELIVERED: "delivered",
    MessageState.EXPIRED: "expired",
    MessageState.CANCELLED: "cancelled",
}


def moment(at: float) -> str:
    """Write a time as ISO 8601 in UTC with milliseconds; a time outside the calendar becomes its nearest
    end."""
    bounded = min(max(at, 0.0), 253_402_300_799.0)
    return datetime.fromtimestamp(bounded, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def state(of: MessageState) -> events.State:
    """Return the name of a state in the control contract."""
    return _STATES[of]


def progress(message: MessageId, reached: MessageState, at: float) -> answers.DeliveryInfo:
    """Make the event for a new state of a message of ours."""
    return answers.DeliveryInfo(id=message, state=state(reached), at=moment(at))


def receipt(message: MessageId, reached: MessageState, at: float) -> events.ReceiptEvent:
    """Make the event for a caller that waits for a message."""
    return events.ReceiptEvent(id=message, state=state(reached), at=moment(at))


def contact(
    them: Contact,
    here: bool | None,
    heard_at: float | None = None,
    over_quota: bool = False,
    hindrance: str = "",
) -> answers.ContactInfo:
    """Describe a contact. ``here`` is None where no link can bring anything of it."""
    return answers.ContactInfo(
        name=them.name,
        fingerprint=them.id,
        how=them.how,
        verified=them.trust.verified,
        verified_before=them.trust.verified_before,
        renewed_at=moment(them.trust.renewed_at) if them.trust.renewed_at else None,
        session=them.standing or "well",
        blocked=them.blocked,
        muted=them.preferences.muted,
        disappear=them.preferences.retention_s or None,
        here=here,
        heard_at=moment(heard_at) if heard_at is not None else None,
        over_quota=over_quota,
        added_at=moment(them.added_at),
        mesh=them.mesh.hex(),
        hindrance=hindrance,
        through_room=f"{ROOM_SIGN}{them.through_room}" if them.through_room else None,
        introduced_by=them.introduced_by or None,
    )


def contact_made(them: Contact, unnamed: Iterable[str]) -> answers.PairingResult:
    """Describe a new contact, with the rendezvous of the mesh that this side did not name."""
    return extended(contact(them, here=True), answers.PairingResult, left_out=list(unnamed))


def shown(them: answers.ContactInfo, known: Contact, own_key: bytes) -> answers.ContactDetailInfo:
    """Describe one contact in detail, with the safety number."""
    number = safety_number(own_key, known.identity_key, known.trust.renewal)
    return extended(them, answers.ContactDetailInfo, safety_number=number)


def cell(seen: effects.CellSeen) -> events.CellEvent:
    """Make a trace's event for a cell that is seen here for the first time."""
    return events.CellEvent(
        id=seen.cell.hex(),
        source=seen.source.hex() if seen.source is not None else None,
        forwarded=seen.forwarded,
        at=moment(seen.at),
    )


def onion(seen: effects.OnionSeen) -> events.OnionEvent:
    """Make a trace's event for an onion that passed here."""
    return events.OnionEvent(
        id=seen.onion.hex(),
        became=seen.became.hex(),
        source=seen.source.hex() if seen.source is not None else None,
        at=moment(seen.at),
    )


def status(
    now: Status,
    started_at: float,
    chosen: NodeConfiguration,
    looking: bool = False,
    no_way: str = "",
    hindrance: str = "",
    offline: str = "",
) -> answers.NodeInfo:
    """The answer of ``node status``. ``looking``: the node still has time to find others; ``no_way``: why no
    link to present members comes up; ``hindrance``: what keeps it from all members;
    ``offline``: what is wrong with this machine's own network."""
    links = [
        answers.LinkInfo(
            peer=link.peer.hex() if link.peer is not None else None,
            state=link.state,
            since=moment(link.since),
            mesh=link.mesh.hex(),
            sent=link.sent,
            received=link.received,
            shed=link.shed,
            eager=link.eager,
            allowance=round(link.allowance, 3),
            standing=link.standing,
        )
        for link in now.links
    ]
    shown = answers.NodeInfo(
        running_since=moment(started_at),
        health=health(now, looking, no_way, offline),
        no_way=no_way if not any(mesh.links for mesh in now.meshes) else "",
        hindrance=hindrance,
        clock=_clock(now.clock),
        links=links,
        links_up=sum(link.state == "up" for link in links),
        meshes=[_mesh(mesh) for mesh in now.meshes],
        rendezvous=[
            answers.RendezvousConnectionInfo(url=r.url, up=r.up, reason=r.reason) for r in now.rendezvous
        ],
        outbox=now.outbox,
        counters=now.counters,
        paths=chosen.paths,
        profile=chosen.profile,
        separate=chosen.separate,
        lan=chosen.lan,
        listen=chosen.listen,
        pid=chosen.process.pid,
        home=chosen.process.home,
        memory_kb=chosen.process.memory_kb,
        cpu_s=chosen.process.cpu_s,
        waits_for=chosen.waits_for,
        backed_up_at=moment(chosen.backed_up_at) if chosen.backed_up_at is not None else "",
    )
    return shown.with_changes(rooms=chosen.rooms) if chosen.rooms is not None else shown


def setting(chosen: Choice) -> answers.SettingInfo:
    """Describe a setting: its value without passwords, and the source of the value."""
    declared = chosen.setting
    return answers.SettingInfo(
        key=declared.name,
        value=chosen.shown,
        source=chosen.source.value,
        default=declared.default,
        variable=declared.variable,
        allowed=declared.kind.allowed,
        about=declared.about,
        takes_effect=declared.effect.value,
        problem=chosen.problem or None,
    )


def paths(chosen: NetworkPolicy, turn: TurnServers) -> answers.PathsInfo:
    """Describe how the node reaches others, without the addresses and passwords of servers."""
    return answers.PathsInfo(
        relay_only=chosen.relay_only,
        proxied=chosen.proxy is not None,
        stun=bool(chosen.servers.stun),
        turn=bool(chosen.servers.turn),
        turn_refused=turn.own_refuses,
        turn_hinted=turn.hinted,
        hinted_refused=turn.hinted_refuses,
        lan=chosen.lan,
    )


def _clock(now: ClockStatus | None) -> answers.ClockInfo | None:
    if now is None:
        return None
    return answers.ClockInfo(ahead_s=round(now.ahead_s), of=now.of, doubt=clock_doubt(now))


def clock_doubt(now: ClockStatus | None) -> str | None:
    """Return a sentence about a clock that is probably wrong; None if it is right, or was not compared."""
    if now is None or not now.doubtful:
        return None
    where = "ahead of" if now.ahead_s > 0 else "behind"
    return f"this machine's clock is {how_long(now.ahead_s)} {where} that of {now.of}"


def how_long(seconds: float) -> str:
    """Write a span in the largest unit of which it has at least two."""
    for unit, size in (("years", 31_557_600), ("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if abs(seconds) >= 2 * size:
            return f"{abs(seconds) / size:.0f} {unit}"
    return f"{abs(seconds):.0f} seconds"


def _mesh(now: MeshStatus) -> answers.MembershipInfo:
    held = now.held
    status = answers.MembershipInfo(
        mesh=now.mesh.hex(),
        node=now.node.hex(),
        links=now.links,
        eager=now.eager,
        greeter=now.greeter,
        reconciling=now.reconciling,
        held_cells=held.cells,
        held_bytes=held.bytes,
        hold_budget=held.budget,
        held_since=moment(held.oldest) if held.oldest is not None else None,
        dropped=held.dropped,
    )
    if now.stem is None:
        return status
    stem = answers.StemInfo(
        hops=now.stem.hops,
        state=_stem_state(now.stem),
        drawn=now.stem.drawn,
        by_contact=now.stem.by_contact,
    )
    return status.with_changes(profile=now.stem.profile, crowd=now.stem.crowd, stem=stem)


def _stem_state(stem: StemStatus) -> Literal["none", "short", "pinned"]:
    """The state of the stem: ``none`` hides nothing from members of the mesh; ``short`` hides less than the
    profile promises; or ``pinned``."""
    if stem.hops < 2:
        return "none"
    return "pinned" if stem.hops >= stem.wanted else "short"


NO_MEMBER: Final = "no member of the mesh is online"
CONNECTING: Final = "a link to another member of the mesh is still being made"


def is_connecting(now: Status, mesh: MeshId | None = None) -> bool:
    """Whether a link is being made, in this mesh (None: in any)."""
    return any(link.state in ("connecting", "confirming") and mesh in (None, link.mesh) for link in now.links)


def unanswered(now: Status) -> str:
    """Tell why it is unknown whether any member is online; empty if a rendezvous, also one on this machine's
    own network, has answered."""
    places = (*now.rendezvous, *now.nearby)
    if any(place.up and not place.reason for place in places):
        return ""
    if any(place.up for place in places):
        return "no rendezvous gives a seat"
    return "no rendezvous has answered yet" if now.rendezvous else "no rendezvous is known"


def _is_whole(mesh: MeshStatus) -> bool:
    """Whether there is a link with each other node that is on the map: two people have one between them."""
    return mesh.stem is not None and mesh.stem.crowd == mesh.links + 1


def health(now: Status, looking: bool = False, no_way: str = "", offline: str = "") -> str:
    """Describe the health of the node in words: the worst of its problems."""
    if not now.meshes:
        return "no contacts yet: invite a friend, or join one"
    if offline:
        return f"alone: {offline}"
    links = sum(mesh.links for mesh in now.meshes)
    unreached = all(server.up is False for server in now.rendezvous)
    if not links and now.rendezvous and unreached:
        return "alone: no rendezvous can be reached"
    if not links and now.clock is not None and now.clock.doubtful:
        return f"alone: {clock_doubt(now.clock)}"
    if not links and no_way:
        return f"alone: {no_way}"
    if not links and looking:
        return "looking for the others of the mesh"
    if not links:
        return f"alone: {unanswered(now) or (CONNECTING if is_connecting(now) else NO_MEMBER)}"
    if any(mesh.reconciling for mesh in now.meshes):
        return "catching up on what it missed"
    if any(mesh.held.dropped for mesh in now.meshes):
        return "well, but keeps less than a day of cells: the hold is full"
    if links == 1 and not all(_is_whole(mesh) for mesh in now.meshes if mesh.links):
        return "thin: hangs on one link"
    return "well linked" if all(mesh.links >= mesh.wanted for mesh in now.meshes) else "linked"
