"""Networks of our own: two that cannot reach each other, and a host with a leg in both.

Knows: namespaces and the addresses in them. Does not know: what runs there. Nothing outside is touched.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

WEST_HOST, EAST_HOST = "10.199.1.1", "10.199.2.1"
"""The middle's address as the west and as the east see it."""


@dataclass(frozen=True)
class Networks:
    """What a command is run by to be in each place."""

    west: tuple[str, ...]
    middle: tuple[str, ...]
    east: tuple[str, ...]


def why_not() -> str | None:
    """Why no networks can be made here, or None."""
    if shutil.which("ip") is None:
        return "needs iproute2"
    name = f"p2pchat-try-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
    if made.returncode:
        return "needs the right to make network namespaces (root)"
    subprocess.run(["ip", "netns", "del", name], check=True)
    return None


@contextmanager
def two_networks() -> Iterator[Networks]:
    """West and east, with the middle in both. The middle forwards nothing."""
    places = {place: f"p2pchat-{place}-{os.getpid()}" for place in ("west", "middle", "east")}
    try:
        for place in places.values():
            _ip("netns", "add", place)
            _ip("-n", place, "link", "set", "lo", "up")
        _join(places["west"], "10.199.1.2", places["middle"], WEST_HOST, "west")
        _join(places["east"], "10.199.2.2", places["middle"], EAST_HOST, "east")
        yield Networks(**{place: ("ip", "netns", "exec", name) for place, name in places.items()})
    finally:
        for place in places.values():
            subprocess.run(["ip", "netns", "del", place], capture_output=True, check=False)


def _join(one: str, its_address: str, other: str, other_address: str, name: str) -> None:
    _ip("link", "add", "eth0", "netns", one, "type", "veth", "peer", "name", name, "netns", other)
    for place, device, address in ((one, "eth0", its_address), (other, name, other_address)):
        _ip("-n", place, "addr", "add", f"{address}/24", "dev", device)
        _ip("-n", place, "link", "set", device, "up")


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
