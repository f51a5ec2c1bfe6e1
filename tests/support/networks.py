"""Networks of our own: two that cannot reach each other, and a host with a leg in both.

Knows: namespaces and the addresses in them. Does not know: what runs there. Nothing outside is touched, and
everything is gone when the processes that hold the namespaces end, however that comes about.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

WEST_HOST, EAST_HOST = "10.199.1.1", "10.199.2.1"
"""The middle's address as the west and as the east see it."""

ROOT = os.geteuid() == 0

HOLD = ("sh", "-c", "echo held; exec cat")
"""Runs until its stdin is closed, which the end of the test closes in any case."""


class NoNetworks(Exception):
    """Why networks cannot be made here."""


@dataclass(frozen=True)
class Networks:
    """What a command is run by to be in each place."""

    west: tuple[str, ...]
    middle: tuple[str, ...]
    east: tuple[str, ...]


@contextmanager
def two_networks() -> Iterator[Networks]:
    """West and east, with the middle in both. The middle forwards nothing. Raises NoNetworks."""
    for tool in ("ip", "unshare", "nsenter"):
        if shutil.which(tool) is None:
            raise NoNetworks(f"needs {tool} (iproute2, util-linux)")
    with ExitStack() as stack:
        # Who is not root becomes it in a user namespace, which then owns the three networks.
        middle = stack.enter_context(_held(("unshare", "--net") if ROOT else ("unshare", "-r", "--net")))
        inside = () if ROOT else _enter(middle, "--user", "--preserve-credentials")
        west = stack.enter_context(_held((*inside, "unshare", "--net")))
        east = stack.enter_context(_held((*inside, "unshare", "--net")))
        _join(middle, "west", WEST_HOST, west, "10.199.1.2")
        _join(middle, "east", EAST_HOST, east, "10.199.2.2")
        yield Networks(west=_into(west), middle=_into(middle), east=_into(east))


@contextmanager
def one_network(begins: str = "192.168.77") -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """What a command is run by to be on the one or the other of two machines at one switch, with a way to
    nowhere else. Their addresses begin so and end with 1 and 2. Raises NoNetworks."""
    for tool in ("ip", "unshare", "nsenter"):
        if shutil.which(tool) is None:
            raise NoNetworks(f"needs {tool} (iproute2, util-linux)")
    with ExitStack() as stack:
        switch = stack.enter_context(_held(("unshare", "--net") if ROOT else ("unshare", "-r", "--net")))
        inside = () if ROOT else _enter(switch, "--user", "--preserve-credentials")
        _ip(switch, "link", "add", "switch", "type", "bridge")
        _ip(switch, "link", "set", "switch", "up")
        places = []
        for number in (1, 2):
            place = stack.enter_context(_held((*inside, "unshare", "--net")))
            port = f"port{number}"
            _ip(switch, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", str(place))
            _ip(switch, "link", "set", port, "master", "switch", "up")
            _ip(place, "addr", "add", f"{begins}.{number}/24", "dev", "eth0")
            for device in ("eth0", "lo"):
                _ip(place, "link", "set", device, "up")
            places.append(_into(place))
        yield places[0], places[1]


@contextmanager
def _held(unshare: tuple[str, ...]) -> Iterator[int]:
    """The process that holds a new network namespace."""
    process = subprocess.Popen(
        [*unshare, *HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        if not process.stdout.readline():
            raise NoNetworks(
                f"needs the right to make network namespaces: {process.communicate()[1].strip()}"
            )
        yield process.pid
    finally:
        process.communicate()


def _enter(holder: int, *namespaces: str) -> tuple[str, ...]:
    return ("nsenter", "--target", str(holder), *namespaces)


def _into(holder: int) -> tuple[str, ...]:
    return _enter(holder, "--net") if ROOT else _enter(holder, "--user", "--preserve-credentials", "--net")


def _join(middle: int, device: str, address: str, place: int, its_address: str) -> None:
    _ip(middle, "link", "add", device, "type", "veth", "peer", "name", "eth0", "netns", str(place))
    for where, name, own in ((middle, device, address), (place, "eth0", its_address)):
        _ip(where, "addr", "add", f"{own}/24", "dev", name)
        _ip(where, "link", "set", name, "up")
    for where in (middle, place):
        _ip(where, "link", "set", "lo", "up")


def _ip(where: int, *arguments: str) -> None:
    done = subprocess.run([*_into(where), "ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoNetworks(f"needs 'ip {arguments[0]} {arguments[1]}': {done.stderr.strip()}")
