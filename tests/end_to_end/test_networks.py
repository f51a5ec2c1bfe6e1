"""Two who cannot reach each other at all talk through one who can reach both."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.networks import EAST_HOST, WEST_HOST, Networks, two_networks, why_not
from tests.support.processes import Person, Started, _end

REASON = why_not()

pytestmark = [
    pytest.mark.real,
    pytest.mark.netns,
    pytest.mark.skipif(REASON is not None, reason=REASON or ""),
]


@pytest.fixture
def networks() -> Iterator[Networks]:
    with two_networks() as networks:
        yield networks


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


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
    assert relay["counters"]["cells relayed"] >= 2
    listening.process.terminate()
    heard = [json.loads(line) for line in listening.ended().stdout.splitlines()]
    assert [(event["id"], event["text"]) for event in heard if event["type"] == "message"] == [
        (sent.stdout.strip(), "over the hill")
    ]
    assert ron.run("listen", "--timeout", "0").stdout == ""
