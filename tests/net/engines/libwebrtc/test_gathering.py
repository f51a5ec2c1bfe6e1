"""What is described of what libwebrtc finds, how long it may look, what it tells of the network."""

from __future__ import annotations

import asyncio

import pytest

from p2pchat.net.engines.libwebrtc.gathering import Gathering, best_hosts, can_reach, read_line, server_url
from p2pchat.net.interfaces import HOSTS_MAX
from p2pchat.wire.description import Nat
from p2pchat.wire.ice import NO_SERVERS, Servers, StunServer, TurnServer

STUNS = (StunServer("192.0.2.1"), StunServer("192.0.2.2"))
TURN = TurnServer("2001:db8::1", 3478, "user", "password")
HOST = "candidate:1 1 udp 2122194687 192.168.1.2 43889 typ host generation 0 ufrag t8dC"
SEEN = "candidate:2 1 udp 1685987071 203.0.113.5 {} typ srflx raddr 192.168.1.2 rport 43889 generation 0"
RELAY = "candidate:3 1 udp 41885439 198.51.100.7 50000 typ relay raddr 203.0.113.5 rport 1 generation 0"
OVER_TCP = "candidate:4 1 tcp 1518214911 192.168.1.2 9 typ host tcptype active generation 0"
SDP = f"""v=0
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
a={HOST}
a={OVER_TCP}
a=ice-ufrag:t8dC
a=ice-pwd:ELLbL6KtP3XWDgV2/KFaJFyE
a=fingerprint:sha-256 {":".join(["38"] * 32)}
a=setup:actpass
"""


def gathering(*lines: tuple[str, StunServer | TurnServer | None], servers: Servers = NO_SERVERS) -> Gathering:
    made = Gathering(servers, relay_only=False)
    for text, server in lines:
        made.add_candidate(text, server_url(server) if server else None)
    return made


def test_a_line_without_a_numeric_address_is_none() -> None:
    assert read_line("candidate:1 1 udp 1 0a1b2c3d.local 9 typ host") is None
    assert read_line("candidate:1") is None
    line = read_line(SEEN.format(1))
    assert line is not None
    assert (line.kind, line.address, line.base) == ("srflx", "203.0.113.5", "192.168.1.2")


def test_addresses_of_all_kinds_are_described_and_none_of_tcp() -> None:
    made = gathering(
        (HOST, None), (OVER_TCP, None), (SEEN.format(7), STUNS[0]), (RELAY, TURN)
    ).describe_local(SDP)
    assert [(each.kind, each.port) for each in made.candidates] == [
        ("host", 43889),
        ("srflx", 7),
        ("relay", 50000),
    ]
    assert (made.setup, made.ufrag, made.fingerprint) == ("actpass", "t8dC", b"8" * 32)


def test_an_address_that_a_server_cannot_see_is_not_described() -> None:
    public = StunServer("9.9.9.9")
    seen = "candidate:2 1 udp 1685987071 {} 80 typ srflx raddr 192.168.1.2 rport 43889 generation 0"
    said = [(seen.format(each), public) for each in ("192.168.1.1", "127.0.0.1", "239.1.2.3", "8.8.8.8")]
    made = gathering(*said, servers=Servers((public,))).describe_local(SDP)
    assert [each.address for each in made.candidates] == ["8.8.8.8"]


def test_the_loopback_is_described_only_where_there_is_nothing_else() -> None:
    assert best_hosts(["127.0.0.1", "::1"]) == ["127.0.0.1", "::1"]
    assert best_hosts(["127.0.0.1", "192.0.2.7"]) == ["192.0.2.7"]


def test_a_machine_of_many_addresses_describes_a_few() -> None:
    assert len(best_hosts(f"10.0.{number}.1" for number in range(30))) == 8


def test_of_a_machine_of_dozens_of_networks_the_way_out_comes_first_and_alone_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("p2pchat.net.interfaces.routed", lambda: ("192.168.1.2",))
    lines = [(HOST, None), (SEEN.format(7), STUNS[0])]
    for number in range(30):
        own = f"172.20.{number}.1"
        lines += [
            (HOST.replace("192.168.1.2", own).replace("2122194687", "2122262783"), None),
            (SEEN.format(100 + number).replace("192.168.1.2", own), STUNS[0]),
        ]
    made = gathering(*lines).describe_local(SDP)
    assert made.candidates[0].address == "192.168.1.2"
    assert [each.port for each in made.candidates if each.kind == "srflx"] == [7]
    monkeypatch.setattr("p2pchat.net.interfaces.routed", lambda: ())
    assert len(gathering(*lines).describe_local(SDP).candidates) <= 2 * HOSTS_MAX


@pytest.mark.parametrize(
    ("seen", "failed", "nat"),
    [
        ([], [], Nat.OPEN),
        ([], STUNS, Nat.BLOCKED),
        ([1], [], Nat.CONE),
        ([1], STUNS[:1], Nat.SOME),
        ([1, 2], [], Nat.SYMMETRIC),
    ],
)
def test_what_stun_servers_saw_tells_the_kind_of_nat(
    seen: list[int], failed: tuple[StunServer, ...], nat: Nat
) -> None:
    made = gathering(*((SEEN.format(number), STUNS[0]) for number in seen), servers=Servers(STUNS))
    for server in failed:
        made.add_failure(server_url(server))
    made.stop_waiting()
    assert made.kind_of_nat() is nat


def test_without_a_query_nothing_is_known() -> None:
    assert gathering((HOST, None)).kind_of_nat() is Nat.UNKNOWN


async def test_waiting_ends_with_the_engine_and_with_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STUN_SECONDS", "TURN_SECONDS", "LATE_SECONDS"):
        monkeypatch.setattr(f"p2pchat.net.engines.port.{name}", 0.01)
    async with asyncio.timeout(5):
        await gathering(servers=Servers(STUNS)).wait_for_enough()
        await gathering(servers=Servers(STUNS, (TURN,))).wait_for_enough()
        await gathering((SEEN.format(1), STUNS[0]), servers=Servers(STUNS)).wait_for_enough()
        relay_only = Gathering(Servers(turn=(TURN,)), relay_only=True)
        waiting = asyncio.create_task(relay_only.wait_for_enough())
        await asyncio.sleep(0.05)
        assert not waiting.done()
        relay_only.stop_waiting()
        await waiting


def test_servers_are_named_as_libwebrtc_takes_them() -> None:
    tls = TurnServer("turn.example.org", 443, "user", "password", "tls")
    assert [server_url(each) for each in (STUNS[0], TURN, tls)] == [
        "stun:192.0.2.1:3478",
        "turn:[2001:db8::1]:3478?transport=udp",
        "turns:turn.example.org:443?transport=tcp",
    ]
    assert can_reach(tls)
    assert not can_reach(TurnServer("192.0.2.1", 443, "user", "password", "tls", "turn.example.org"))
