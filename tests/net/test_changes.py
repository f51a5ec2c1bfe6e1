"""A node hears at once that an address has changed."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from p2pchat.net.changes import Changes

ROOT = Path(__file__).parents[2]
FAR_OFF_S = 30.0


async def test_where_the_system_tells_nothing_time_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "elsewhere")
    with Changes() as changes:
        await changes.wait_for_change(0.01)


async def test_while_nothing_changes_time_passes() -> None:
    with Changes() as changes:
        await changes.wait_for_change(0.01)


@pytest.mark.real
@pytest.mark.netns
@pytest.mark.parametrize(
    "change",
    [
        "ip addr add 192.0.2.7/32 dev lo",
        "ip addr add 2001:db8::7/128 dev lo",
        "ip route add 198.51.100.0/24 dev lo",
        "ip addr add 192.0.2.7/32 dev lo && ip addr del 192.0.2.7/32 dev lo",
    ],
)
def test_a_change_is_told_at_once_and_once(change: str) -> None:
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        pytest.skip("needs unshare and iproute2")
    inside = f"ip link set lo up && exec {sys.executable} -W error -m tests.net.test_changes '{change}'"
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", inside], capture_output=True, text=True, cwd=ROOT, timeout=60
    )
    if "Operation not permitted" in done.stderr:
        pytest.skip("needs the right to make network namespaces (root)")
    assert (done.stdout, done.stderr, done.returncode) == ("told\nquiet\n", "", 0)


async def _told_of(change: str) -> None:
    loop = asyncio.get_running_loop()
    with Changes() as changes:
        await changes.wait_for_change(0.2)  # what setting the interface up had still to tell
        start = loop.time()
        waiting = loop.create_task(changes.wait_for_change(FAR_OFF_S))
        await asyncio.sleep(0)
        await (await asyncio.create_subprocess_exec("sh", "-c", change)).wait()
        await waiting
        print("told" if loop.time() - start < FAR_OFF_S else "late")
        start = loop.time()
        await changes.wait_for_change(0.5)
        print("told twice" if loop.time() - start < 0.5 else "quiet")


if __name__ == "__main__":
    asyncio.run(_told_of(sys.argv[1]))
