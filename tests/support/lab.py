"""Homes behind routers of every kind, and a world with a rendezvous and coturn between them.

Knows: namespaces, addresses, what each kind of NAT does (RFC 4787), how coturn is started. Does not know:
p2pchat. Nothing outside is touched, and everything is gone when the processes that hold the namespaces end.

::

    world   203.0.113.10 (rendezvous, coturn)   198.51.100.1   198.51.101.1   198.51.102.1
                                                     |              |              |
    routers                                    198.51.100.2   198.51.101.2         |
                                               192.168.1.1    192.168.2.1          |
                                                     |              |              |
    homes                                      192.168.1.2    192.168.2.2    198.51.102.2
                                                   west           east          public
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from tests.support.certificates import certificate
from tests.support.networks import ROOT, NoNetworks, _held

SERVER = "203.0.113.10"
ANOTHER = "203.0.113.11"
"""A second address of the world's host, on which nothing runs by itself."""
SERVER_V6 = "2001:db8:99::10"
TURN_PORT = 3478
HTTPS_PORT = 443
"""Where coturn takes TLS."""
PATIENCE_S = 20.0

Place = tuple[str, ...]
"""What a command is run by to be there."""


class Router(Enum):
    """What stands between a home and the world."""

    FULL_CONE = "full cone"
    """One port for all destinations. Any machine can send to it."""
    RESTRICTED = "address-restricted cone"
    """One port for all destinations. Only addresses to which the machine has sent can send to it."""
    PORT_RESTRICTED = "port-restricted cone"
    """One port for all destinations. Only addresses and ports to which the machine has sent can send to it:
    most homes."""
    SYMMETRIC = "symmetric"
    """Another port for each destination."""
    NO_UDP = "no UDP"
    """A port-restricted cone that lets no datagram out: some companies and hotels."""
    NO_TURN = "no UDP and no TURN"
    """The same, and it closes the port of TURN."""
    HTTPS_ONLY = "HTTPS only"
    """It lets TCP to port 443 out, and nothing else."""


@dataclass(frozen=True)
class Lab:
    """A network in which commands can run."""

    world: Place
    west: Place
    east: Place
    public: Place
    routers: tuple[Place, Place]

    def behind(self, west: Router, east: Router) -> None:
        """Set both routers up, and have them forget what passed before."""
        for router, kind, home in zip(self.routers, (west, east), _HOMES, strict=True):
            _run(router, "nft", "-f", "-", stdin=_rules(kind, home))
            _run(router, "conntrack", "-F")

    def ipv6(self, on: bool) -> None:
        """IPv6 everywhere, behind routers that let no stranger in; or nowhere."""
        for place in (self.world, *self.routers, self.west, self.east, self.public):
            _run(place, "sysctl", "-qw", f"net.ipv6.conf.all.disable_ipv6={int(not on)}")
        if on:
            _number_v6(self)

    def up(self, place: Place, on: bool) -> None:
        """Take a home's line down, or up again with what it had."""
        _run(place, "ip", "link", "set", "eth0", "up" if on else "down")
        if on:
            index = (self.west, self.east).index(place)
            _run(place, "ip", "route", "replace", "default", "via", f"{_HOMES[index]}.1")

    def move(self, place: Place, last: int) -> None:
        """Give a home another address, as another network would."""
        home = _HOMES[(self.west, self.east).index(place)]
        _run(place, "ip", "addr", "flush", "dev", "eth0", "scope", "global")
        _run(place, "ip", "addr", "add", f"{home}.{last}/24", "dev", "eth0")
        _run(place, "ip", "route", "replace", "default", "via", f"{home}.1")

    @contextmanager
    def narrow(self, mtu: int) -> Iterator[None]:
        """West's line, behind its router, takes packets of so many bytes at most: a tunnel, as many have."""
        router, ends = self.routers[0], ("wan", "to0")
        for place, device in zip((router, self.world), ends, strict=True):
            _run(place, "ip", "link", "set", device, "mtu", str(mtu))
        try:
            yield
        finally:
            for place, device in zip((router, self.world), ends, strict=True):
                _run(place, "ip", "link", "set", device, "mtu", "1500")

    @contextmanager
    def containers(self, count: int) -> Iterator[None]:
        """Both homes have so many networks of their own machine beside the way out, of the same addresses."""
        places = (self.west, self.east)
        for place in places:
            _run(place, "ip", "-batch", "-", stdin="".join(map(_CONTAINERS.format, range(count))))
        try:
            yield
        finally:
            for place in places:
                _run(place, "ip", "-batch", "-", stdin="".join(f"link del c{n}\n" for n in range(count)))

    @contextmanager
    def unreachable(self, port: int) -> Iterator[None]:
        """Drop everything to that port of the world's server, without an error for the sender."""
        _run(self.world, "nft", "-f", "-", stdin=_CLOSED.format(port=port))
        try:
            yield
        finally:
            _run(self.world, "nft", "delete", "table", "inet", "closed")


@contextmanager
def lab() -> Iterator[Lab]:
    """Raises NoNetworks."""
    if not ROOT:
        raise NoNetworks("needs root: routers are set up by nftables")
    for tool in ("ip", "unshare", "nsenter", "nft", "conntrack", "sysctl"):
        if shutil.which(tool) is None:
            raise NoNetworks(f"needs {tool} (iproute2, util-linux, nftables, conntrack, procps)")
    with ExitStack() as stack:
        pids = [stack.enter_context(_held(("unshare", "--net"))) for _ in range(6)]
        world, near_west, near_east, west, east, public = [
            ("nsenter", "--target", str(pid), "--net") for pid in pids
        ]
        made = Lab(world, west, east, public, (near_west, near_east))
        for place in (world, near_west, near_east, west, east, public):
            _run(place, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv4.ip_forward=1")
            _run(place, "ip", "link", "set", "lo", "up")
        for address in (SERVER, ANOTHER):
            _run(world, "ip", "addr", "add", f"{address}/32", "dev", "lo")
        for number, (router, home, pid) in enumerate(
            ((near_west, west, pids[1]), (near_east, east, pids[2]))
        ):
            wan, lan = f"198.51.{100 + number}", _HOMES[number]
            _join(world, f"to{number}", f"{wan}.1/30", router, pid, "wan", f"{wan}.2/30")
            _run(router, "ip", "route", "add", "default", "via", f"{wan}.1")
            _join(router, "lan", f"{lan}.1/24", home, pids[3 + number], "eth0", f"{lan}.2/24")
            _run(home, "ip", "route", "add", "default", "via", f"{lan}.1")
        _join(world, "to2", "198.51.102.1/30", public, pids[5], "eth0", "198.51.102.2/30")
        _run(public, "ip", "route", "add", "default", "via", "198.51.102.1")
        # As on the Internet, what is sent to an unused address is lost on the way and no error here.
        _run(world, "ip", "link", "add", "void", "type", "veth", "peer", "name", "lost")
        for device in ("void", "lost"):
            _run(world, "ip", "link", "set", device, "up")
        nobody = ("192.0.2.254", "02:00:00:00:00:01")
        _run(world, "ip", "neigh", "add", nobody[0], "lladdr", nobody[1], "dev", "void")
        _run(world, "ip", "route", "add", "default", "via", nobody[0], "dev", "void", "onlink")
        made.behind(Router.PORT_RESTRICTED, Router.PORT_RESTRICTED)
        yield made


@contextmanager
def coturn(lab: Lab, secret: str, folder: Path) -> Iterator[None]:
    """coturn in the world, as docs/running-a-rendezvous.md sets it up, with the certificate of the world's
    servers. Raises NoNetworks."""
    if shutil.which("turnserver") is None:
        raise NoNetworks("needs coturn")
    chain, key = certificate(folder, SERVER, ANOTHER)
    options = (
        "-n",
        "--use-auth-secret",
        f"--static-auth-secret={secret}",
        "--realm=lab.test",
        f"--listening-ip={SERVER}",
        f"--relay-ip={SERVER}",
        f"--listening-port={TURN_PORT}",
        f"--tls-listening-port={HTTPS_PORT}",
        f"--cert={chain}",
        f"--pkey={key}",
        "--no-dtls",
        "--no-cli",
        "--no-multicast-peers",
        "--denied-peer-ip=10.0.0.0-10.255.255.255",
        "--denied-peer-ip=127.0.0.0-127.255.255.255",
        "--denied-peer-ip=172.16.0.0-172.31.255.255",
        "--denied-peer-ip=192.168.0.0-192.168.255.255",
        f"--userdb={folder / 'turn.db'}",
        f"--pidfile={folder / 'turn.pid'}",
        "--verbose",
        "--log-file=stdout",
        "--simple-log",
    )
    with (folder / "turn.log").open("wb") as log:
        process = subprocess.Popen(
            [*lab.world, "turnserver", *options], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            _listening(lab.world, TURN_PORT)
            yield
        finally:
            process.kill()
            process.wait()


_HOMES = ("192.168.1", "192.168.2")

_CONTAINERS = """
link add c{0} type veth peer name inside{0}
link set inside{0} up
addr add 172.20.{0}.1/24 dev c{0}
link set c{0} up
"""

_CLOSED = """
table inet closed {{
  chain input {{
    type filter hook input priority 0;
    udp dport {port} drop
    tcp dport {port} drop
  }}
}}
"""

_RULES = """
flush ruleset
table ip nat {{
  set known {{
    type ipv4_addr
    flags dynamic, timeout
    timeout 60s
  }}
  chain in {{
    type nat hook prerouting priority -100;
    {let_in}
  }}
  chain out {{
    type nat hook postrouting priority 100;
    oifname "wan" masquerade {ports}
  }}
  chain through {{
    type filter hook forward priority 0;
    {forbid}
    iifname "lan" oifname "wan" meta l4proto udp update @known {{ ip daddr }}
    ct state established,related accept
    iifname "wan" ct status dnat accept
    iifname "wan" drop
  }}
}}
table inet wall {{
  chain to_itself {{
    type filter hook input priority 0;
    iifname "wan" ct state new drop
  }}
}}
table ip6 wall {{
  chain through {{
    type filter hook forward priority 0;
    ct state established,related accept
    iifname "wan" drop
  }}
}}
"""


def _rules(kind: Router, home: str) -> str:
    to_home = f"udp dport 1024-65535 dnat to {home}.2"
    let_in = {
        Router.FULL_CONE: f'iifname "wan" {to_home}',
        Router.RESTRICTED: f'iifname "wan" ip saddr @known {to_home}',
    }.get(kind, "")
    out = 'iifname "lan" oifname "wan"'
    forbid = {
        Router.NO_UDP: f"{out} meta l4proto udp drop",
        Router.NO_TURN: f"{out} meta l4proto udp drop; {out} tcp dport {TURN_PORT} drop",
        Router.HTTPS_ONLY: f"{out} meta l4proto udp drop; {out} tcp dport != {HTTPS_PORT} drop",
    }.get(kind, "")
    ports = "fully-random" if kind is Router.SYMMETRIC else ""
    return _RULES.format(let_in=let_in, ports=ports, forbid=forbid)


def _join(
    place: Place, device: str, address: str, other: Place, pid: int, its_device: str, its_address: str
) -> None:
    _run(place, "ip", "link", "add", device, "type", "veth", "peer", "name", its_device, "netns", str(pid))
    for where, name, own in ((place, device, address), (other, its_device, its_address)):
        _run(where, "ip", "addr", "add", own, "dev", name)
        _run(where, "ip", "link", "set", name, "up")


def _number_v6(lab: Lab) -> None:
    def add(place: Place, address: str, device: str) -> None:
        _run(place, "ip", "-6", "addr", "replace", address, "dev", device, "nodad")

    def lead(place: Place, to: str, via: str) -> None:
        _run(place, "ip", "-6", "route", "replace", to, "via", via)

    for place in (lab.world, *lab.routers):
        _run(place, "sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
    add(lab.world, f"{SERVER_V6}/128", "lo")
    for number, (router, home) in enumerate(zip(lab.routers, (lab.west, lab.east), strict=True)):
        wan, lan = f"2001:db8:f{number}:", f"2001:db8:{number + 1}:"
        add(lab.world, f"{wan}:1/64", f"to{number}")
        add(router, f"{wan}:2/64", "wan")
        add(router, f"{lan}:1/64", "lan")
        add(home, f"{lan}:2/64", "eth0")
        lead(lab.world, f"{lan}:/64", f"{wan}:2")
        lead(router, "default", f"{wan}:1")
        lead(home, "default", f"{lan}:1")


def _listening(place: Place, port: int) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        seen = subprocess.run([*place, "ss", "-Hlnu"], capture_output=True, text=True, check=True).stdout
        if f":{port} " in seen:
            return
        time.sleep(0.05)
    raise NoNetworks(f"nothing came to listen on port {port}")


def _run(place: Place, *command: str, stdin: str | None = None) -> None:
    done = subprocess.run(
        [*place, *command], input=stdin, capture_output=True, text=True, check=False, env=os.environ
    )
    if done.returncode:
        raise NoNetworks(f"needs '{' '.join(command[:4])}': {done.stderr.strip()}")
