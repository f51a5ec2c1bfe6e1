"""Two friends find each other again after their rendezvous has gone and both have restarted."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.networks import NoNetworks, one_network
from tests.support.processes import PATIENCE_S, Person, Started, _end

pytestmark = [pytest.mark.real, pytest.mark.netns]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def status(person: Person) -> dict[str, object]:
    told: dict[str, object] = json.loads(person.run("node", "status", "--json").stdout)
    return told


def linked(*people: Person) -> None:
    end = time.monotonic() + PATIENCE_S
    while not all(status(person)["links_up"] for person in people):
        assert time.monotonic() < end, [status(person)["health"] for person in people]
        time.sleep(0.2)


def test_where_one_listens_the_other_finds_it_with_no_rendezvous(stack: ExitStack, tmp_path: Path) -> None:
    try:  # addresses of the Internet, on a network that reaches nowhere
        places = stack.enter_context(one_network("11.0.0"))
    except NoNetworks as reason:
        pytest.skip(str(reason))
    server = Started([*places[0], sys.executable, "-m", "rendezvous", "--host", "*", "--port", "0"])
    stack.callback(_end, server.process)
    url = f"ws://11.0.0.1:{server.line().rsplit(':', 1)[1]}"
    carol, ana = (
        Person(tmp_path / name, stack, inside) for name, inside in zip(("carol", "ana"), places, strict=True)
    )
    for name, person in (("carol", carol), ("ana", ana)):
        made = person.run("init", "--name", name, "--no-passphrase", "--rendezvous", url)
        assert made.returncode == 0, made.stderr
    assert carol.run("config", "set", "listen", "8750").returncode == 0
    invite = carol.start("invite")
    assert ana.run("join", invite.line()).returncode == 0
    assert invite.ended().returncode == 0
    nodes = [carol.node(), ana.node()]
    linked(carol, ana)
    assert status(carol)["listen"] == {"port": 8750, "problem": ""}

    for person, node in zip((carol, ana), nodes, strict=True):
        assert person.run("node", "stop").returncode == 0
        node.ended()
    _end(server.process)
    carol.node()
    ana.node()
    linked(carol, ana)
    sent = ana.run("send", "carol", "still there", "--timeout", "40")
    assert (sent.returncode, sent.stderr.split()[-1:]) == (0, ["delivered"]), sent.stderr


def test_a_port_that_another_program_has_is_said(stack: ExitStack, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ana = Person(tmp_path / "ana", stack)
        assert ana.run("init", "--name", "ana", "--no-passphrase").returncode == 0
        assert ana.run("config", "set", "listen", str(port)).returncode == 0
        ana.node()
        assert f"cannot listen at port {port}" in str(status(ana)["listen"])
        told = json.loads(ana.run("doctor", "--json").stdout)["checks"]
    assert [each["ok"] for each in told if each["name"] == "listen"] == [False]
