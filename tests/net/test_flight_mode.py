"""A machine whose only interface is the loopback, or one of many: two ends on it reach each other."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from p2pchat.core.values.inputs import FrameReceived, LinkUp
from p2pchat.net import engines, interfaces
from tests.support.links import ONE, TWO, Side, frame, introduced

ROOT = Path(__file__).parents[2]


MANY = 20
"""Interfaces, each with a network of its own."""


@pytest.mark.real
@pytest.mark.netns
@pytest.mark.parametrize("engine", engines.installed())
def test_links_come_up_over_the_loopback_alone(engine: str) -> None:
    found = _inside(f"ip link set lo up && exec {_program(engine)}")
    assert {"127.0.0.1"} <= set(found) <= {"127.0.0.1", "::1"}


@pytest.mark.real
@pytest.mark.netns
@pytest.mark.parametrize("engine", engines.installed())
def test_links_come_up_on_a_machine_of_many_interfaces_and_few_are_offered(engine: str) -> None:
    made = (
        f"ip link add many{number} type veth peer name far{number} && ip link set far{number} up"
        f" && ip addr add 10.77.{number}.1/24 dev many{number} && ip link set many{number} up"
        for number in range(MANY)
    )
    found = _inside(" && ".join(("ip link set lo up", *made, f"exec {_program(engine)}")))
    assert 0 < len(found) <= interfaces.HOSTS_MAX
    assert all(address.startswith(("10.77.", "fe80:")) for address in found)


def _program(engine: str) -> str:
    return f"{sys.executable} -W error -m tests.net.test_flight_mode {engine}"


def _inside(commands: str) -> list[str]:
    """Addresses that two ends describe to each other in a network namespace that was so prepared."""
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        pytest.skip("needs unshare and iproute2")
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", commands], capture_output=True, text=True, cwd=ROOT, timeout=60
    )
    if "Operation not permitted" in done.stderr:
        pytest.skip("needs the right to make network namespaces (root)")
    assert (done.stderr, done.returncode) == ("", 0)
    return done.stdout.split()


async def _over_the_loopback(engine: str) -> None:
    a, b = Side(engine=engine), Side(engine=engine)
    offer, answer = await introduced(a, b)
    a.links.accept_answer(ONE, answer)
    await a.next(LinkUp)
    await b.next(LinkUp)
    b.links.send_frame(TWO, frame(1))
    assert await a.next(FrameReceived) == FrameReceived(ONE, frame(1))
    print(*sorted({candidate.address for candidate in (*offer.candidates, *answer.candidates)}))
    await a.links.aclose()
    await b.links.aclose()


if __name__ == "__main__":
    asyncio.run(_over_the_loopback(sys.argv[1]))
