"""The recorded line of a user who shows her address only to a relay has no other party on it."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from scripts.bench._line import TCP, Datagram
from tests.support.networks import EAST_HOST, WEST_HOST, NoNetworks, two_networks
from tests.support.processes import ROOT, Person, Started, _end

pytestmark = [pytest.mark.real, pytest.mark.netns]

HER_ADDRESS = "10.199.1.2"


def test_nothing_leaves_but_to_the_relay_and_the_rendezvous(tmp_path: Path) -> None:
    with ExitStack() as stack:
        try:
            networks = stack.enter_context(two_networks())
        except NoNetworks as reason:
            pytest.skip(str(reason))

        def started(*command: str) -> Started:
            running = Started(command)
            stack.callback(_end, running.process)
            return running

        server = started(*networks.middle, sys.executable, "-m", "rendezvous", "--host", "*", "--port", "0")
        port = server.line().rsplit(":", 1)[1]
        turn = started(
            *networks.middle, sys.executable, "-m", "tests.support.turn", WEST_HOST, EAST_HOST
        ).line()
        line = started(*networks.west, sys.executable, str(ROOT / "scripts/bench/_line.py"), "eth0")
        assert line.line()
        ana, cyd = (
            Person(tmp_path / "ana", stack, networks.west),
            Person(tmp_path / "cyd", stack, networks.east),
        )
        for person, host in ((ana, WEST_HOST), (cyd, EAST_HOST)):
            made = person.run(
                *(
                    "init",
                    "--name",
                    person.home.name,
                    "--no-passphrase",
                    "--rendezvous",
                    f"ws://{host}:{port}",
                )
            )
            assert made.returncode == 0, made.stderr
        hidden = {"P2PCHAT_ICE": turn, "P2PCHAT_RELAY_ONLY": "yes"}
        cyd.node()
        invite = cyd.start("invite")
        assert ana.run("join", invite.line(), **hidden).returncode == 0
        sent = ana.run("send", "cyd", "from nowhere", "--timeout", "40", **hidden)
        assert (sent.returncode, sent.stderr.split()[-1:]) == (0, ["delivered"])

        line.process.terminate()
        seen = [Datagram(*json.loads(each)) for each in line.ended().stdout.splitlines()]
    relay = turn.rsplit(":", 1)[1]
    udp = {(each.flow.split("-")[1], each.flow.split("-", 2)[2]) for each in seen if each.kind != TCP}
    assert udp == {(relay, f"{WEST_HOST}-{HER_ADDRESS}")}, "port and addresses of all that is not TCP"
    assert {each.flow for each in seen if each.kind == TCP} == {f"{WEST_HOST}-{HER_ADDRESS}"}
    assert len([each for each in seen if each.kind != TCP]) > 20
