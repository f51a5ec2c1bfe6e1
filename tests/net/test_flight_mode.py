"""A machine whose only interface is the loopback: two nodes on it still reach each other."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from p2pchat.core.facts import FrameReceived, LinkUp
from p2pchat.net import engines
from tests.support.links import ONE, TWO, Side, frame, introduced

ROOT = Path(__file__).parents[2]


@pytest.mark.real
@pytest.mark.netns
@pytest.mark.parametrize("engine", engines.installed())
def test_links_come_up_over_the_loopback_alone(engine: str) -> None:
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        pytest.skip("needs unshare and iproute2")
    inside = f"ip link set lo up && exec {sys.executable} -W error -m tests.net.test_flight_mode {engine}"
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", inside], capture_output=True, text=True, cwd=ROOT, timeout=60
    )
    if "Operation not permitted" in done.stderr:
        pytest.skip("needs the right to make network namespaces (root)")
    assert (done.stderr, done.returncode) == ("", 0)
    assert {"127.0.0.1"} <= {*done.stdout.split()} <= {"127.0.0.1", "::1"}


async def _over_the_loopback(engine: str) -> None:
    a, b = Side(engine=engine), Side(engine=engine)
    offer, answer = await introduced(a, b)
    a.links.accept_answer(ONE, answer)
    await a.next(LinkUp)
    await b.next(LinkUp)
    b.links.send(TWO, frame(1))
    assert await a.next(FrameReceived) == FrameReceived(ONE, frame(1))
    print(*sorted({candidate.address for candidate in (*offer.candidates, *answer.candidates)}))
    await a.links.aclose()
    await b.links.aclose()


if __name__ == "__main__":
    asyncio.run(_over_the_loopback(sys.argv[1]))
