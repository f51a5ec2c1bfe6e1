"""Two people at two homes, behind routers of every kind: nothing is set; they talk, or hear why not."""

from __future__ import annotations

import base64
import hmac
import json
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.lab import (
    ANOTHER,
    HTTPS_PORT,
    SERVER,
    SERVER_V6,
    TURN_PORT,
    Lab,
    Place,
    Router,
    coturn,
    lab,
)
from tests.support.networks import NoNetworks
from tests.support.processes import Person, Started, _end

pytestmark = [pytest.mark.real, pytest.mark.netns, pytest.mark.slow]

DIRECT = [
    (Router.PORT_RESTRICTED, Router.PORT_RESTRICTED),
    (Router.FULL_CONE, Router.PORT_RESTRICTED),
    (Router.RESTRICTED, Router.SYMMETRIC),
    (Router.SYMMETRIC, Router.FULL_CONE),
]
"""What a direct link gets through."""

RELAYED = [
    (Router.SYMMETRIC, Router.PORT_RESTRICTED),
    (Router.SYMMETRIC, Router.SYMMETRIC),
    (Router.NO_UDP, Router.PORT_RESTRICTED),
    (Router.NO_UDP, Router.NO_UDP),
]
"""What none does."""


@dataclass
class Homes:
    """Two friends, whose routers change."""

    lab: Lab
    ana: Person
    bob: Person
    folder: Path
    """Where coturn, if it runs, keeps its log and certificate."""


@pytest.fixture(scope="module")
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture(scope="module")
def world(stack: ExitStack) -> Lab:
    try:
        return stack.enter_context(lab())
    except NoNetworks as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def homes(world: Lab, stack: ExitStack, tmp_path_factory: pytest.TempPathFactory) -> Homes:
    """Paired through a rendezvous with coturn beside it."""
    folder = tmp_path_factory.mktemp("relayed")
    secret = folder / "secret"
    secret.write_text("north\n")
    try:
        stack.enter_context(coturn(world, "north", folder))
    except NoNetworks as reason:
        pytest.skip(str(reason))
    coturns = ("--turn-secret-file", str(secret), "--turn-tls-port", str(HTTPS_PORT))
    url = serve(world, stack, SERVER, 8750, *coturns)
    return paired(world, stack, folder, url)


@pytest.fixture(scope="module")
def alone(world: Lab, stack: ExitStack, tmp_path_factory: pytest.TempPathFactory) -> Homes:
    """Paired through a rendezvous and nothing else."""
    folder = tmp_path_factory.mktemp("alone")
    return paired(world, stack, folder, serve(world, stack, ANOTHER, 8760))


def serve(world: Lab, stack: ExitStack, host: str, port: int, *flags: str) -> str:
    server = Started(
        [*world.world, sys.executable, "-m", "rendezvous", "--host", host, "--port", str(port), *flags]
    )
    stack.callback(_end, server.process)
    return server.line().removeprefix("listening on ")


def paired(world: Lab, stack: ExitStack, folder: Path, url: str, chain: str = "") -> Homes:
    """As README.md prints it: the friend knows nothing but what the code leads to and where it was made; and
    the rendezvous' certificate, if it is in ``chain``."""
    world.behind(Router.PORT_RESTRICTED, Router.PORT_RESTRICTED)
    ana, bob = (
        somebody("ana", world.west, stack, folder, url),
        somebody("bob", world.east, stack, folder, url),
    )
    for person in (ana, bob) if chain else ():
        assert person.run("config", "set", "ca-file", chain).returncode == 0
    invite = ana.start("invite")
    joined = bob.run("join", invite.line())
    assert joined.returncode == 0, joined.stderr
    assert invite.ended().returncode == 0
    return Homes(world, ana, bob, folder)


def somebody(name: str, place: Place, stack: ExitStack, folder: Path, url: str) -> Person:
    person = Person(folder / name, stack, place)
    made = person.run("init", "--name", name, "--no-passphrase", "--rendezvous", url)
    assert made.returncode == 0, made.stderr
    return person


def borrowed(homes: Homes) -> int:
    """How many addresses coturn has lent so far."""
    log = homes.folder / "turn.log"
    return log.read_text().count(": new, realm=") if log.exists() else 0


def delivered(homes: Homes, text: str) -> int:
    """Have a fresh node of each end talk; how many addresses of the TURN server that took."""
    before = borrowed(homes)
    there = homes.bob.node()
    try:
        sent = homes.ana.run("send", "bob", text, "--timeout", "45")
        assert sent.stderr.split()[-1:] == ["delivered"], sent.stderr
        return borrowed(homes) - before
    finally:
        there.process.terminate()
        there.ended()


@pytest.mark.parametrize(("west", "east"), DIRECT, ids=lambda kind: kind.value)
def test_a_direct_link_is_made_where_there_can_be_one(homes: Homes, west: Router, east: Router) -> None:
    homes.lab.behind(west, east)
    assert delivered(homes, f"{west.value} to {east.value}") == 0


@pytest.mark.parametrize(("west", "east"), RELAYED, ids=lambda kind: kind.value)
def test_the_turn_server_helps_where_there_can_be_none(homes: Homes, west: Router, east: Router) -> None:
    homes.lab.behind(west, east)
    assert delivered(homes, f"{west.value} to {east.value}") > 0


@pytest.mark.parametrize("engine", ["aiortc", "libwebrtc"])
def test_turn_over_tcp_serves_networks_without_udp_by_either_engine(homes: Homes, engine: str) -> None:
    with engines(homes, engine, engine):
        homes.lab.behind(Router.NO_UDP, Router.NO_UDP)
        assert delivered(homes, f"{engine} by TCP") > 0


def test_turn_over_tls_leads_through_a_network_that_closes_turns_port(homes: Homes) -> None:
    """The rendezvous names the port for TLS by itself."""
    chain = str(homes.folder / "cert.pem")
    with setting(homes.ana, "ca-file", chain), setting(homes.bob, "ca-file", chain):
        homes.lab.behind(Router.NO_TURN, Router.NO_TURN)
        assert delivered(homes, "by TLS") > 0


def test_a_network_that_lets_https_alone_out_reaches_a_turn_server_that_was_named(
    homes: Homes, tmp_path: Path
) -> None:
    """As docs/running-a-rendezvous.md says: the rendezvous has 443 of one address, coturn of another."""
    chain, key = (str(homes.folder / name) for name in ("cert.pem", "key.pem"))
    with ExitStack() as stack:  # it has the ports for STUN of an address that others need
        url = serve(homes.lab, stack, ANOTHER, HTTPS_PORT, "--tls-cert", chain, "--tls-key", key)
        others = paired(homes.lab, stack, tmp_path, url, chain)
        user, password = turn_login("north")
        turns = f"turns:{user}:{password}@{SERVER}:{HTTPS_PORT}"
        assert others.ana.run("config", "set", "ice", turns).returncode == 0
        others.lab.behind(Router.HTTPS_ONLY, Router.PORT_RESTRICTED)
        before = borrowed(homes)
        delivered(others, "by the door of the web")
        assert borrowed(homes) > before


def turn_login(secret: str) -> tuple[str, str]:
    """What coturn takes for an hour from who knows its secret."""
    user = f"{int(time.time()) + 3600}"
    made = hmac.digest(secret.encode(), user.encode(), "sha1")
    return user, quote(base64.b64encode(made).decode(), safe="")


@pytest.mark.parametrize(
    ("one", "other"), [("libwebrtc", "libwebrtc"), ("libwebrtc", "aiortc"), ("aiortc", "libwebrtc")]
)
def test_either_engine_links_two_homes(homes: Homes, one: str, other: str) -> None:
    with engines(homes, one, other):
        homes.lab.behind(Router.FULL_CONE, Router.PORT_RESTRICTED)
        assert delivered(homes, f"{one} to {other}") == 0
        homes.lab.behind(Router.SYMMETRIC, Router.SYMMETRIC)
        assert delivered(homes, f"{one} to {other} by the TURN server") > 0


@contextmanager
def engines(homes: Homes, one: str, other: str) -> Iterator[None]:
    """Ana's node and Bob's use these for so long."""
    with setting(homes.ana, "engine", one), setting(homes.bob, "engine", other):
        yield


@contextmanager
def setting(person: Person, name: str, value: str) -> Iterator[None]:
    """A home has a setting for so long."""
    assert person.run("config", "set", name, value).returncode == 0
    try:
        yield
    finally:
        person.run("config", "unset", name)


def test_a_line_of_1200_bytes_carries_what_is_larger(homes: Homes) -> None:
    homes.lab.behind(Router.PORT_RESTRICTED, Router.PORT_RESTRICTED)
    with homes.lab.narrow(1200):
        assert delivered(homes, "long " * 2000) == 0


@pytest.mark.parametrize(
    ("one", "other"), [("aiortc", "aiortc"), ("libwebrtc", "aiortc"), ("libwebrtc", "libwebrtc")]
)
def test_dozens_of_container_networks_at_both_ends_do_not_crowd_the_way_out(
    homes: Homes, one: str, other: str
) -> None:
    homes.lab.behind(Router.PORT_RESTRICTED, Router.PORT_RESTRICTED)
    with homes.lab.containers(60), engines(homes, one, other):
        for time in ("at first", "again, though a link asked the rendezvous hundreds of times for addresses"):
            assert delivered(homes, f"{one} to {other} past sixty networks, {time}") == 0


def test_ipv6_leads_through_walls_that_let_no_stranger_in(
    homes: Homes, stack: ExitStack, tmp_path: Path
) -> None:
    homes.lab.ipv6(on=True)
    try:
        others = paired(homes.lab, stack, tmp_path, serve(homes.lab, stack, SERVER_V6, 8770))
        homes.lab.behind(Router.SYMMETRIC, Router.SYMMETRIC)
        assert delivered(others, "by the other way") == 0
    finally:
        homes.lab.ipv6(on=False)


def test_a_turn_server_that_knows_another_secret_than_the_rendezvous_is_its_operators_matter(
    homes: Homes, stack: ExitStack, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("south\n")
    url = serve(homes.lab, stack, SERVER, 8790, "--turn-secret-file", str(tmp_path / "secret"))
    others = paired(homes.lab, stack, tmp_path, url)
    homes.lab.behind(Router.SYMMETRIC, Router.SYMMETRIC)
    nodes = [(person, person.node()) for person in (others.ana, others.bob)]
    try:
        sent = others.ana.run("send", "bob", "nothing carries this", "--timeout", "20")
        assert sent.returncode == 6, sent.stderr
        told = others.ana.run("doctor").stdout
        assert "refuses the password that the rendezvous' operator gave it" in " ".join(told.split())
        assert "TURN server of the" in " ".join(told.split())
        assert "TURN: the rendezvous' TURN server refuses you" in others.ana.run("node", "status").stdout
    finally:
        for person, node in nodes:
            stopped(person, node)


def test_a_turn_server_that_the_rendezvous_names_and_that_does_not_answer_is_named(
    homes: Homes, stack: ExitStack, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("north\n")
    url = serve(homes.lab, stack, SERVER, 8791, "--turn-secret-file", str(tmp_path / "secret"))
    others = paired(homes.lab, stack, tmp_path, url)
    homes.lab.behind(Router.SYMMETRIC, Router.SYMMETRIC)
    named = f"the TURN server that the rendezvous names, {SERVER}:{TURN_PORT}, does not answer"
    with homes.lab.unreachable(TURN_PORT):
        nodes = [(person, person.node()) for person in (others.ana, others.bob)]
        try:
            told = others.ana.run("send", "bob", "nothing carries this", "--timeout", "20").stderr
            assert "a TURN server beside" not in told
            assert next(line for line in told.splitlines() if named in line).startswith("not yet"), told
            for command in (("node", "status"), ("doctor",)):
                assert named in others.ana.run(*command, "--json").stdout
        finally:
            for person, node in nodes:
                stopped(person, node)


def test_with_relay_only_a_refused_login_is_the_reason_and_not_that_nobody_is_online(homes: Homes) -> None:
    homes.lab.behind(Router.PORT_RESTRICTED, Router.PORT_RESTRICTED)
    refused = "your TURN server refuses its user or password, and relay-only lets links take no other way"
    login = f"turn:ana:mistyped@{SERVER}:{TURN_PORT}"
    with setting(homes.ana, "ice", login), setting(homes.ana, "relay-only", "yes"):
        nodes = [(person, person.node()) for person in (homes.ana, homes.bob)]
        try:
            assert refused in homes.ana.run("send", "bob", "nor this", "--timeout", "10").stderr
            status = json.loads(homes.ana.run("node", "status", "--json").stdout)
            assert status["health"].startswith(f"alone: {refused}")
        finally:
            for person, node in nodes:
                stopped(person, node)


def stopped(person: Person, node: Started) -> None:
    person.run("node", "stop")
    node.ended()


def hindered(started: Started) -> str:
    """What a command which waits says first of the way to the other. On a busy machine it may say before that
    the rendezvous has not answered yet."""
    assert started.process.stderr is not None
    return next(line for line in started.process.stderr if "has answered yet" not in line)


def test_where_there_is_no_way_it_is_said_at_once_and_why(alone: Homes) -> None:
    alone.lab.behind(Router.SYMMETRIC, Router.SYMMETRIC)
    node = alone.bob.node()
    try:
        sending = alone.ana.start("send", "bob", "can you hear me?", "--timeout", "15")
        assert "both change ports for every destination (symmetric NAT); a TURN server" in hindered(sending)
        ended = sending.ended()
        assert ended.returncode == 6 and "no way between your two networks" in ended.stderr
        chat = alone.bob.terminal("chat", "--plain", "ana")
        chat.until("no way between your two networks")
        chat.until("bob>")
        chat.type("\x04")
        assert chat.ended() == 0
        status = json.loads(alone.bob.run("node", "status", "--json").stdout)
        assert "no way between your two networks" in status["health"]
        checks = json.loads(alone.bob.run("doctor", "--json").stdout)["checks"]
        found = {each["name"]: each for each in checks}
        assert not found["nat"]["ok"] and "symmetric" in found["nat"]["found"]
        assert "no way between your two networks" in found["mesh"]["found"]
    finally:
        stopped(alone.bob, node)


def test_a_network_without_udp_is_named(alone: Homes) -> None:
    alone.lab.behind(Router.NO_UDP, Router.PORT_RESTRICTED)
    node = alone.bob.node()
    try:
        sending = alone.ana.start("send", "bob", "can you hear me?", "--timeout", "15")
        assert "yours seems to let no UDP out" in hindered(sending)
    finally:
        stopped(alone.bob, node)


def test_two_people_without_a_direct_way_talk_through_a_third_and_need_no_rendezvous(
    world: Lab, stack: ExitStack, tmp_path: Path
) -> None:
    with ExitStack() as gone:
        three = paired(world, stack, tmp_path, serve(world, gone, SERVER, 8780))
        carol = somebody("carol", world.public, stack, tmp_path, f"ws://{SERVER}:8780")
        invite = three.ana.start("invite")
        assert carol.run("join", invite.line()).returncode == 0
        assert invite.ended().returncode == 0
        world.behind(Router.SYMMETRIC, Router.SYMMETRIC)
        nodes = [(person, person.node()) for person in (three.ana, three.bob, carol)]
        first = three.ana.run("send", "bob", "through carol", "--timeout", "45")
        assert first.stderr.split()[-1:] == ["delivered"], first.stderr
    again = three.bob.run("send", "ana", "and back, without an introduction", "--timeout", "45")
    assert again.stderr.split()[-1:] == ["delivered"], again.stderr
    for person, node in nodes:
        stopped(person, node)


def test_a_changed_address_and_a_line_that_was_down_cost_seconds_and_no_message(homes: Homes) -> None:
    homes.lab.behind(Router.PORT_RESTRICTED, Router.PORT_RESTRICTED)
    nodes = [(person, person.node()) for person in (homes.ana, homes.bob)]
    try:
        assert homes.ana.run("send", "bob", "before", "--timeout", "45").returncode == 0
        homes.lab.move(homes.lab.west, 7)
        # The peer counts on the old link for 7 s, and has it for 30.
        moved = homes.ana.run("send", "bob", "moved", "--timeout", "20")
        assert moved.returncode == 0, moved.stderr
        homes.lab.up(homes.lab.west, on=False)
        down = homes.ana.run("send", "bob", "down", "--timeout", "2")
        assert down.returncode == 6
        homes.lab.up(homes.lab.west, on=True)
        back = homes.ana.run("send", "bob", "back", "--timeout", "20")
        assert back.returncode == 0, back.stderr
        said = homes.bob.run("history", "ana", "--json").stdout.splitlines()
        texts = [json.loads(line)["text"] for line in said]
        assert texts[-4:] == ["before", "moved", "down", "back"]
    finally:
        homes.lab.move(homes.lab.west, 2)
        for person, node in nodes:
            stopped(person, node)
