"""Two people who cannot reach each other talk through a third who can reach both."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.networks import EAST_HOST, WEST_HOST, Networks, NoNetworks, two_networks
from tests.support.processes import Person, Started, _end

pytestmark = [pytest.mark.real, pytest.mark.netns]


@pytest.fixture
def networks() -> Iterator[Networks]:
    with ExitStack() as stack:
        try:
            networks = stack.enter_context(two_networks())
        except NoNetworks as reason:
            pytest.skip(str(reason))
        yield networks


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_west_and_east_cannot_reach_each_other(networks: Networks) -> None:
    for inside, near, far in (
        (networks.west, WEST_HOST, (EAST_HOST, "10.199.2.2")),
        (networks.east, EAST_HOST, (WEST_HOST, "10.199.1.2")),
    ):
        assert reached(inside, near)
        assert not [address for address in far if reached(inside, address)]


def reached(inside: tuple[str, ...], address: str) -> bool:
    """Whether a datagram would even leave in that direction."""
    looked = [*inside, "ip", "route", "get", address]
    return subprocess.run(looked, capture_output=True, check=False).returncode == 0


def test_a_message_and_its_receipt_cross_a_relay(
    networks: Networks, stack: ExitStack, tmp_path: Path
) -> None:
    server = Started([*networks.middle, sys.executable, "-m", "rendezvous", "--host", "*", "--port", "0"])
    stack.callback(_end, server.process)
    port = server.line().rsplit(":", 1)[1]
    places = {
        "ana": (networks.west, WEST_HOST),
        "ron": (networks.middle, WEST_HOST),
        "cyd": (networks.east, EAST_HOST),
    }
    ana, ron, cyd = (Person(tmp_path / name, stack, inside) for name, (inside, _) in places.items())
    for name, person in zip(places, (ana, ron, cyd), strict=True):
        url = f"ws://{places[name][1]}:{port}"
        assert person.run("init", "--name", name, "--no-passphrase", "--rendezvous", url).returncode == 0
    for guest in (ron, cyd):
        invite = ana.start("invite")
        assert guest.run("join", invite.line()).returncode == 0
        assert invite.ended().returncode == 0

    ron.node()
    listening = cyd.start("listen", "--json", "--timeout", "45")
    sent = ana.run("send", "cyd", "over the hill", "--timeout", "40")
    assert (sent.returncode, sent.stderr.split()[-1:]) == (0, ["delivered"])
    relay = json.loads(ron.run("node", "status", "--json").stdout)
    passed_on = ("cells relayed", "cells entered for others", "onions relayed")
    assert sum(relay["counters"].get(way, 0) for way in passed_on) >= 2
    listening.process.terminate()
    heard = [json.loads(line) for line in listening.ended().stdout.splitlines()]
    assert [event["text"] for event in heard if event["type"] == "message"] == ["over the hill"]
    assert ron.run("listen", "--timeout", "0").stdout == ""
