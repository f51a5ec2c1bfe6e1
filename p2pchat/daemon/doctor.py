"""What works from here: the home, the rendezvous, the links.

Knows: how each is tested, with the node's own settings. Does not know: how results are shown, or any advice.
"""

from __future__ import annotations

import asyncio
import stat
from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from p2pchat.config.choices import Choice, Source
from p2pchat.config.paths import NetworkPolicy
from p2pchat.config.table import Effect
from p2pchat.control.answers import CheckResult
from p2pchat.core.stem.cover import cost
from p2pchat.core.values.inputs import (
    AnswerMade,
    Input,
    LinkDown,
    LinkUp,
    OfferMade,
    RendezvousDown,
    RendezvousUp,
    ServersHinted,
)
from p2pchat.core.values.profile import PROFILES
from p2pchat.core.values.status import ClockStatus
from p2pchat.daemon import room_views
from p2pchat.daemon.hindrance import find_link_fault, without_network
from p2pchat.daemon.home import has_space, is_read_only
from p2pchat.daemon.needs import DoctorNeeds
from p2pchat.daemon.reach import KINDS
from p2pchat.daemon.turn_servers import is_own
from p2pchat.daemon.views import clock_doubt
from p2pchat.errors import OtherVersion
from p2pchat.net.engines import engine_for
from p2pchat.net.engines.port import Engine
from p2pchat.net.links import WebRtcLinks
from p2pchat.net.rendezvous_ws import RendezvousConnections
from p2pchat.types import LinkId
from p2pchat.wire.description import Nat
from p2pchat.wire.ice import NO_SERVERS, Servers

DAY_S: Final = 86_400.0

OLD_DAYS: Final = 31
"""The report mentions a backup that is older."""

RENDEZVOUS_S: Final = 8.0
"""Seconds for a test of all rendezvous."""

STAYS_S: Final = 0.5
"""Seconds for which a rendezvous that welcomed us must stay: one that is ill often hangs up at once."""

LINK_S: Final = 15.0
"""Seconds for a link to ourselves, over a TURN server on a slow machine."""

LINK: Final = LinkId(1)

FRAME_ON_WIRE: Final = 1245 + 93
"""Bytes: a frame in DTLS, SCTP, UDP and IPv4, and the acknowledgement of one that came (measured:
docs/a-recorded-line.md)."""


async def checks(host: DoctorNeeds) -> list[CheckResult]:
    """Run the checks; each has a ``name``, whether it is ``ok``, and what was ``found``, in a few words."""
    offline, still = without_network(host, host.linked), is_read_only(host.home)
    survey = _Survey([], [], NO_SERVERS) if offline else await _rendezvous(host)
    reached = any(check.ok for check in survey.checks)
    # A node that has just started may not have heard yet what its rendezvous name: they were asked first.
    servers = host.node.list_hinted_servers(host.clock.now()) + survey.servers
    link = (
        [_check("network", False, offline)] if offline else await _link(host.paths, servers, reached=reached)
    )
    return [
        _check("home", *_private(host)),
        *([_check("store", False, host.set_back)] if host.set_back else []),
        _check("disk", *(await asyncio.to_thread(_disk, host.home))),
        *survey.checks,
        *_nearby(host),
        *_listens(host),
        *survey.clock,
        *link,
        _sessions(host),
        *_rooms(host),
        _backup(host),
        *([] if still or offline else [await _neighbours(host, reached)]),
        *_cover(host),
        *_settings(host),
    ]


def _settings(host: DoctorNeeds) -> list[CheckResult]:
    """The settings of the owner and their sources, which affect all other checks."""
    told = [choice for choice in host.choices if choice.source is not Source.DEFAULT]
    of_nodes = [choice for choice in told if choice.setting.effect is not Effect.CHAT]
    if not of_nodes:
        return []
    found = ", ".join(f"{choice.setting.name} {choice.shown} ({_origin(choice)})" for choice in of_nodes)
    around = host.paths.proxy is not None and not host.paths.relay_only
    return [_check("settings", True, f"{found}{'; links go round the proxy' if around else ''}")]


def _origin(chosen: Choice) -> str:
    return chosen.setting.variable if chosen.source is Source.ENVIRONMENT else chosen.source.value


def _listens(host: DoctorNeeds) -> list[CheckResult]:
    """The open port; whether others can reach it cannot be tested from here."""
    now = host.servers.listener_info()
    if now is None:
        return []
    return [_check("listen", not now.problem, now.problem or f"at port {now.port}")]


def _nearby(host: DoctorNeeds) -> list[CheckResult]:
    """The own network; no check where discovery is off."""
    lan = host.servers.lan_info()
    if lan is None:
        return []
    where = f"listens at {', '.join(lan.addresses)}; others found there: {lan.found}"
    return [_check("lan", not lan.problem, lan.problem or where)]


def _sessions(host: DoctorNeeds) -> CheckResult:
    wrong = [contact.name for contact in host.node.list_contacts() if contact.standing]
    found = f"out of step with {', '.join(wrong)}" if wrong else "in step with all contacts, as far as known"
    return _check("session", not wrong, found)


def _rooms(host: DoctorNeeds) -> list[CheckResult]:
    """The rooms; no check where there is none."""
    counts = room_views.counts(host.node.rooms.list_rooms(), host.node.rooms.list_offers())
    if not counts.rooms and not counts.offers:
        return []
    found = [f"in {counts.rooms}"]
    if counts.offers:
        found.append(f"{counts.offers} to which you are invited: p2pchat room")
    if counts.silent:
        found.append(f"{counts.silent} member{'s' * (counts.silent != 1)} not heard yet")
    if counts.put_back:
        found.append(f"{counts.put_back} waiting for other members, since this home was put back to a copy")
    return [_check("rooms", not counts.put_back, "; ".join(found))]


def _backup(host: DoctorNeeds) -> CheckResult:
    """The last backup; never a failure, because a home works without one."""
    at = host.backed_up_at
    if at is None:
        return _check(
            "backup", True, "none, and all works; but a lost disk loses your identity: p2pchat backup FILE"
        )
    days = int((host.clock.now() - at) // DAY_S)
    when = "today" if days < 1 else f"{days} day{'s' * (days != 1)} ago"
    old = "; make another: p2pchat backup FILE" if days >= OLD_DAYS else ""
    return _check("backup", True, f"the last was made {when}{old}")


def _check(name: str, ok: bool, found: str) -> CheckResult:
    return CheckResult(name=name, ok=ok, found=found)


def _private(host: DoctorNeeds) -> tuple[bool, str]:
    mode = stat.S_IMODE(host.home.stat().st_mode)
    return not mode & 0o077, f"{host.home}, mode {mode:03o}"


def _disk(home: Path) -> tuple[bool, str]:
    if is_read_only(home):
        return False, "takes no writes: read-only"
    return (True, "takes new messages") if has_space(home) else (False, "full")


class _Survey(NamedTuple):
    """What the rendezvous have said."""

    checks: list[CheckResult]
    clock: list[CheckResult]
    servers: Servers
    """The STUN and TURN servers that they name."""


async def _rendezvous(host: DoctorNeeds) -> _Survey:
    """Every known rendezvous, on a separate connection that asks for nothing."""
    urls, typed = host.node.known_urls(), host.node.typed_urls()
    if not urls:
        lan = host.servers.lan_info() is not None
        why = "none known" + ("; on your own network none is needed" if lan else "")
        return _Survey([_check("rendezvous", lan, why)], [], NO_SERVERS)
    found: dict[str, CheckResult] = {}
    clocks: list[ClockStatus] = []
    named: list[Servers] = []
    all_found = asyncio.Event()
    begun_at = host.clock.now()

    def told(input: Input) -> None:
        match input:
            case RendezvousUp(url, clock):
                took = f"{(host.clock.now() - begun_at) * 1000:.0f} ms"
                if clock is not None:
                    clocks.append(ClockStatus(host.clock.now() - clock, url))
                found[url] = _check("rendezvous", True, f"{url}, {took}")
            case ServersHinted(_, servers):
                named.append(servers)
            case RendezvousDown(url, reason):
                found[url] = _check("rendezvous", False, f"{url}: {reason}")
        if len(found) == len(urls):
            all_found.set()

    connections = RendezvousConnections(told, host.paths.proxy, host.paths.ca_file)
    for url in urls:
        connections.open_connection(url, url in typed)
    try:
        with suppress(TimeoutError):
            await asyncio.wait_for(all_found.wait(), RENDEZVOUS_S)
        if any(check.ok for check in found.values()):
            await asyncio.sleep(STAYS_S)
    finally:
        await connections.aclose()
    silent = (_check("rendezvous", False, f"{url}: no answer in {RENDEZVOUS_S:g} s") for url in urls)
    told_of = [found.get(url, unheard) for url, unheard in zip(urls, silent, strict=True)]
    return _Survey(told_of, _clock(clocks), sum(named, NO_SERVERS))


def _clock(told: list[ClockStatus]) -> list[CheckResult]:
    """The clock: one rendezvous that agrees is enough."""
    if not told:
        return []
    nearest = min(told, key=lambda clock: abs(clock.ahead_s))
    doubt = clock_doubt(nearest)
    return [_check("clock", doubt is None, doubt or f"as at {nearest.of}")]


async def _link(paths: NetworkPolicy, hinted: Servers, *, reached: bool) -> list[CheckResult]:
    """A link from this machine to itself, with the settings and the servers that rendezvous named: its
    addresses, the kind of network, and whether it opens. ``reached``: a rendezvous answers."""
    arrived: asyncio.Queue[tuple[int, Input]] = asyncio.Queue()
    engine = engine_for(paths)
    ends = [
        WebRtcLinks(
            lambda input, end=end: arrived.put_nowait((end, input)),  # type: ignore[misc]
            engine,
            paths.servers,
        )
        for end in (0, 1)
    ]
    kinds: Counter[str] = Counter()
    nat = Nat.UNKNOWN
    up: set[int] = set()
    linked = _check("link", False, f"none to this machine itself in {LINK_S:g} s")
    ends[0].make_offer(LINK, hinted)
    try:
        async with asyncio.timeout(LINK_S):
            while len(up) < len(ends):
                match await arrived.get():
                    case _, OfferMade(_, offer):
                        kinds, nat = Counter(candidate.kind for candidate in offer.candidates), offer.nat
                        ends[1].make_answer(LINK, offer)
                    case _, AnswerMade(_, answer):
                        ends[0].accept_answer(LINK, answer)
                    case end, LinkUp():
                        up.add(end)
                    case _, LinkDown(_, reason):
                        linked = _check("link", False, reason)
                        break
            else:
                linked = _check("link", True, _opened(ends[0], engine))
    except TimeoutError:
        pass
    finally:
        await asyncio.gather(*(links.aclose() for links in ends))
    return [_addresses(kinds, paths, engine.refused, engine.silent), _nat(nat, kinds, paths, reached), linked]


def _opened(links: WebRtcLinks, engine: Engine) -> str:
    """The engine, and the kinds of both addresses."""
    pair = links.selected_pair(LINK)
    ends = f" from {pair.own} to {pair.peer}" if pair is not None else ""
    return f"one to this machine itself came up, by {engine.name}{ends}"


def _nat(nat: Nat, kinds: Counter[str], paths: NetworkPolicy, reached: bool) -> CheckResult:
    """The kind of NAT, or why it is not known, which is no failure: links may come up all the same."""
    if paths.relay_only:
        return _check("nat", True, "not looked for: all your links go through a relay")
    if paths.proxy is not None:
        return _check("nat", True, "not looked for: a STUN server would see your address beside the proxy")
    if not reached and not paths.servers.stun:
        return _check("nat", True, "not known: no rendezvous was reached that could answer STUN")
    if nat is Nat.UNKNOWN:
        return _check("nat", True, f"{KINDS[nat]}: no rendezvous of yours names one")
    helped = nat not in (Nat.SYMMETRIC, Nat.BLOCKED) or bool(kinds["relay"])
    relay = "; the TURN server relays where no direct link comes up" if kinds["relay"] else ""
    return _check("nat", helped, f"{KINDS[nat]}{relay}")


def _addresses(
    kinds: Counter[str], paths: NetworkPolicy, refused: Collection[str], silent: Collection[str] = ()
) -> CheckResult:
    """Without STUN or TURN only our own addresses are offered, which is enough on one network and for a node
    with a public address."""
    found = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "none"
    stun, turn = bool(paths.servers.stun), bool(paths.servers.turn)
    ok = (
        bool(kinds)
        and (not stun or bool(kinds["srflx"]) or paths.relay_only)
        and (not turn or bool(kinds["relay"]))
    )
    for server in sorted(refused):
        if is_own(server, paths.servers):
            found += f"; your TURN server {server} refuses its user or password"
        else:
            found += f"; the TURN server {server} refuses the password that the rendezvous' operator gave it"
    for server in sorted(silent):
        if is_own(server, paths.servers):
            found += f"; your TURN server {server} does not answer"
        else:
            found += f"; the TURN server that the rendezvous names, {server}, does not answer"
    return _check("addresses", ok and not refused and not silent, found)


def _cover(host: DoctorNeeds) -> list[CheckResult]:
    """The traffic of the privacy profile, in all meshes together. The cover of others passes here with any
    profile."""
    name, meshes = host.profile, len(host.node.get_status().meshes)
    if name is None:
        return []
    return [_check("cover", True, f"{name}: {_costs(max(meshes, 1) * cost(PROFILES[name]))}")]


def _costs(frames_per_s: float) -> str:
    if not frames_per_s:
        return "none of yours; you relay others'"
    bandwidth = frames_per_s * FRAME_ON_WIRE / 1000
    return f"about {bandwidth:.0f} kB/s each way if all others have this profile, too"


async def _neighbours(host: DoctorNeeds, reached: bool) -> CheckResult:
    """The links; a node that has just started gets time for its first, where a rendezvous is ``reached``."""
    with host.events.follow_all() as happenings, suppress(TimeoutError):
        if reached and host.looking and host.node.list_meshes():
            async with asyncio.timeout(host.looks_until - host.clock.now()):
                async for _ in happenings:
                    if host.linked:
                        break
    now = host.node.get_status()
    links = sum(mesh.links for mesh in now.meshes)
    if not now.meshes:
        return _check("mesh", True, "in none yet")
    foreign = now.counters.get(f"input refused: {OtherVersion.kind}", 0)
    others = f"; refused {foreign} times members whose p2pchat speaks another version" if foreign else ""
    obstacle = find_link_fault(host) if not links else ""
    found = f"{links} link{'s' * (links != 1)}{others}"
    return _check("mesh", links > 0, f"{found}: {obstacle}" if obstacle else found)
