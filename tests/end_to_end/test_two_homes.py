"""Two people at two homes, behind routers of every kind: nothing is set; they talk, or hear why not."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.lab import SERVER, SERVER_V6, Lab, Place, Router, coturn, lab
from tests.support.networks import NoNetworks
from tests.support.processes import Person, Started, _end

pytestmark = [pytest.mark.real, pytest.mark.netns]

SECOND_TRY = "second tries with a TURN server"

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
    url = serve(world, stack, SERVER, 8750, "--turn-secret-file", str(secret))
    return paired(world, stack, folder, url)


@pytest.fixture(scope="module")
def alone(world: Lab, stack: ExitStack, tmp_path_factory: pytest.TempPathFactory) -> Homes:
    """Paired through a rendezvous and nothing else."""
    folder = tmp_path_factory.mktemp("alone")
    return paired(world, stack, folder, serve(world, stack, SERVER, 8760))


def serve(world: Lab, stack: ExitStack, host: str, port: int, *flags: str) -> str:
    server = Started(
        [*world.world, sys.executable, "-m", "rendezvous", "--host", host, "--port", str(port), *flags]
    )
    stack.callback(_end, server.process)
    return server.line().removeprefix("listening on ")


def paired(world: Lab, stack: ExitStack, folder: Path, url: str) -> Homes:
    """As README.md prints it: the friend knows nothing but what the code leads to and where it was made."""
    world.behind(Router.PORT_RESTRICTED, Router.PORT_RESTRICTED)
    ana, bob = (
        somebody("ana", world.west, stack, folder, url),
        somebody("bob", world.east, stack, folder, url),
    )
    invite = ana.start("invite")
    joined = bob.run("join", invite.line())
    assert joined.returncode == 0, joined.stderr
    assert invite.ended().returncode == 0
    return Homes(world, ana, bob)


def somebody(name: str, place: Place, stack: ExitStack, folder: Path, url: str) -> Person:
    person = Person(folder / name, stack, place)
    made = person.run("init", "--name", name, "--no-passphrase", "--rendezvous", url)
    assert made.returncode == 0, made.stderr
    return person


def counters(person: Person) -> dict[str, int]:
    found: dict[str, int] = json.loads(person.run("node", "status", "--json").stdout)["counters"]
    return found


def delivered(homes: Homes, text: str) -> int:
    """Have a fresh node of each end talk; how many second tries that took."""
    here, there = homes.ana.node(), homes.bob.node()
    try:
        sent = homes.ana.run("send", "bob", text, "--timeout", "45")
        assert sent.stderr.split()[-1:] == ["delivered"], sent.stderr
        return sum(counters(each).get(SECOND_TRY, 0) for each in (homes.ana, homes.bob))
    finally:
        for person, node in ((homes.ana, here), (homes.bob, there)):
            person.run("node", "stop")
            node.ended()


@pytest.mark.parametrize(("west", "east"), DIRECT, ids=lambda kind: kind.value)
def test_a_direct_link_is_made_where_there_can_be_one(homes: Homes, west: Router, east: Router) -> None:
    homes.lab.behind(west, east)
    assert delivered(homes, f"{west.value} to {east.value}") == 0


@pytest.mark.parametrize(("west", "east"), RELAYED, ids=lambda kind: kind.value)
def test_the_turn_server_helps_where_there_can_be_none(homes: Homes, west: Router, east: Router) -> None:
    homes.lab.behind(west, east)
    assert delivered(homes, f"{west.value} to {east.value}") > 0


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
