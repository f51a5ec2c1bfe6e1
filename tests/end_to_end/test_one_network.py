"""Two machines at one switch, with no Internet and no rendezvous, pair and talk."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.networks import NoNetworks, one_network
from tests.support.processes import Person, Started, _end

pytestmark = [pytest.mark.real, pytest.mark.netns]


FLOOD = """
import ipaddress, os, socket, time
from p2pchat.wire.mdns import GROUP, PORT, Announcement, encode
made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("192.168.77.2"))
made.bind(("192.168.77.2", PORT))
print("flooding", flush=True)
while True:
    marks = tuple(os.urandom(16) for _ in range(32))
    said = Announcement(os.urandom(16), ipaddress.IPv4Address("192.168.77.2"), 4660, marks)
    made.sendto(encode(said), (GROUP, PORT))
    time.sleep(0.001)
"""


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def places(stack: ExitStack) -> tuple[tuple[str, ...], tuple[str, ...]]:
    try:
        return stack.enter_context(one_network())
    except NoNetworks as reason:
        pytest.skip(str(reason))


@pytest.fixture
def people(
    stack: ExitStack, tmp_path: Path, places: tuple[tuple[str, ...], tuple[str, ...]]
) -> tuple[Person, Person]:
    ana, bob = (
        Person(tmp_path / name, stack, inside) for name, inside in zip(("ana", "bob"), places, strict=True)
    )
    for name, person in (("ana", ana), ("bob", bob)):
        assert person.run("init", "--name", name, "--no-passphrase").returncode == 0
    return ana, bob


def test_they_pair_talk_and_find_each_other_again(people: tuple[Person, Person]) -> None:
    ana, bob = people
    invite = ana.start("invite", "--lan")
    joined = bob.run("join", "--lan", invite.line())
    assert joined.returncode == 0, joined.stderr
    assert "p2pchat config set lan yes" in joined.stderr
    assert invite.ended().returncode == 0

    for person in people:  # from now on without a flag
        assert person.run("config", "set", "lan", "yes").returncode == 0
    for text in ("hello over the switch", "and again, after both were gone"):
        listening = bob.start("listen", "--json", "--timeout", "45")
        sent = ana.run("send", "bob", text, "--timeout", "40")
        assert (sent.returncode, sent.stderr.split()[-1:]) == (0, ["delivered"]), sent.stderr
        listening.process.terminate()
        heard = [json.loads(line) for line in listening.ended().stdout.splitlines()]
        assert [event["text"] for event in heard if event["type"] == "message"] == [text]

    for person in people:
        assert json.loads(person.run("rendezvous", "list", "--json").stdout or "[]") == []
    ana.node()
    status = json.loads(ana.run("node", "status", "--json").stdout)
    assert status["lan"]["addresses"] == ["192.168.77.1"] and not status["lan"]["problem"]
    told = {each["name"]: each for each in json.loads(ana.run("doctor", "--json").stdout)["checks"]}
    assert told["lan"]["ok"] and "192.168.77.1" in told["lan"]["found"]
    assert told["rendezvous"]["ok"]


def test_they_do_so_while_somebody_floods_the_network(
    people: tuple[Person, Person], places: tuple[tuple[str, ...], tuple[str, ...]], stack: ExitStack
) -> None:
    """A thousand announcements a second, each of another name, which are read as seldom as others."""
    ana, bob = people
    flood = Started([*places[1], sys.executable, "-c", FLOOD])
    stack.callback(_end, flood.process)
    assert flood.line() == "flooding"
    invite = ana.start("invite", "--lan")
    joined = bob.run("join", "--lan", invite.line(), "--timeout", "50")
    assert joined.returncode == 0, joined.stderr
    assert invite.ended().returncode == 0


def test_a_node_without_lan_looks_nowhere(people: tuple[Person, Person]) -> None:
    ana, bob = people
    assert "no rendezvous is known" in ana.run("invite").stderr
    bob.node()
    refused = bob.run("join", "--lan", "42-tango-marble-orbit")
    assert (refused.returncode, "without lan" in refused.stderr) == (2, True)
