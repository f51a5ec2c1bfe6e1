"""When the line of a machine fails, the program says that at once, and nothing of others."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from p2pchat.daemon.own_network import NO_NETWORK
from tests.support.networks import NoNetworks, one_network
from tests.support.processes import Person, Started, _end

pytestmark = [pytest.mark.real, pytest.mark.netns]

SERVER = "192.168.77.2"


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_the_line_is_the_reason_while_links_still_count_as_up_and_later_the_rendezvous(
    stack: ExitStack, tmp_path: Path
) -> None:
    try:
        here, there = stack.enter_context(one_network())
    except NoNetworks as reason:
        pytest.skip(str(reason))
    server = Started([*there, sys.executable, "-m", "rendezvous", "--host", SERVER, "--port", "0"])
    stack.callback(_end, server.process)
    url = server.line().removeprefix("listening on ")
    ana, bob = Person(tmp_path / "ana", stack, here), Person(tmp_path / "bob", stack, there)
    for name, person in (("ana", ana), ("bob", bob)):
        assert person.run("init", "--name", name, "--no-passphrase").returncode == 0
    invite = ana.start("invite", "--rendezvous", url)
    assert bob.run("join", "--rendezvous", url, invite.line()).returncode == 0
    assert invite.ended().returncode == 0
    bob.node()
    ana.node()
    assert ana.run("send", "bob", "hi").returncode == 0

    subprocess.run([*here, "ip", "link", "set", "eth0", "down"], check=True)
    said = json.loads(ana.run("node", "status", "--json").stdout)
    assert (said["health"], said["hindrance"]) == (f"alone: {NO_NETWORK}", NO_NETWORK)
    doctor = ana.run("doctor")
    assert doctor.returncode == 3
    assert doctor.stderr.startswith("p2pchat: network: ")
    assert f"problem  {NO_NETWORK}" in doctor.stdout
    sent = ana.run("send", "bob", "into the void", "--timeout", "1")
    assert f"({NO_NETWORK})" in sent.stderr

    subprocess.run([*here, "ip", "link", "set", "eth0", "up"], check=True)
    assert ana.run("send", "bob", "back", "--timeout", "40").returncode == 0

    server.process.kill()
    server.process.wait()
    bob.run("node", "stop")
    doctor = ana.run("doctor")
    assert doctor.stderr.startswith("p2pchat: rendezvous: "), doctor.stdout
    assert "blocks UDP" not in doctor.stdout, "the rendezvous alone would have answered STUN"
