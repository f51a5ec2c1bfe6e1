"""How STUN and TURN servers are named, by people and by a rendezvous."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.errors import Malformed
from p2pchat.wire.ice import (
    HINTED_PORTS,
    Servers,
    StunServer,
    Transport,
    TurnServer,
    can_see,
    hinted,
    parse_server,
    parse_servers,
    server_url,
)
from p2pchat.wire.signalling import Hints, Login

LOGIN = Login(1_800_000_000, b"\x01" * 8, b"\xff" * 20)

said = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("stun:stun.example.org", StunServer("stun.example.org", 3478)),
        ("stun:192.0.2.1:19302", StunServer("192.0.2.1", 19302)),
        ("stun:[2001:db8::1]:3478", StunServer("2001:db8::1", 3478)),
        ("stun:[2001:db8:0:0::1]", StunServer("2001:db8::1", 3478)),
        ("turn:ana:secret@turn.example.org", TurnServer("turn.example.org", 3478, "ana", "secret")),
        ("turn:ana:secret@[::1]:99?transport=tcp", TurnServer("::1", 99, "ana", "secret", "tcp")),
        ("turn:ana:se:cr@et@host:1?transport=udp", TurnServer("host", 1, "ana", "se:cr@et")),
        ("turns:ana:secret@host", TurnServer("host", 5349, "ana", "secret", "tls")),
        ("turn:1700000000%3Abob:p%40ss%25@host:1", TurnServer("host", 1, "1700000000:bob", "p@ss%")),
    ],
)
def test_a_server_is_named_by_its_url(url: str, server: StunServer | TurnServer) -> None:
    assert parse_server(url) == server
    assert parse_server(server_url(server)) == server


@given(said, said, st.sampled_from(["udp", "tcp", "tls"]))
def test_any_user_and_any_password_can_be_written(user: str, password: str, transport: Transport) -> None:
    server = TurnServer("turn.example.org", 3478, user, password, transport)
    assert parse_server(server_url(server)) == server


@pytest.mark.parametrize(
    "url",
    [
        "",
        "stun:",
        "stun:host:0",
        "stun:host:65536",
        "stun:host?transport=udp",
        "stun:user:secret@host",
        "stun:[::1",
        "stun:[1::2::3]",
        "turn:host:3478",
        "turn:user@host",
        "turns:user:secret@host?transport=udp",
        "https://host",
        "stun:ho st",
    ],
)
def test_what_no_link_could_use_is_refused_when_it_is_named(url: str) -> None:
    with pytest.raises(Malformed) as refused:
        parse_server(url)
    assert "secret" not in str(refused.value)


def test_several_of_each_are_kept_in_their_order() -> None:
    urls = ("stun:a", "turn:u:p@b", "stun:c", "turn:u:p@d?transport=tcp")
    servers = parse_servers(urls)
    assert [each.host for each in servers.stun] == ["a", "c"]
    assert [each.host for each in servers.turn] == ["b", "d"]
    with pytest.raises(Malformed, match="at most 8"):
        parse_servers(("stun:a",) * 9)


def test_a_password_is_not_shown_when_a_server_is_printed() -> None:
    assert "secret" not in repr(TurnServer("host", 1, "ana", "secret"))


def test_a_hint_names_ports_on_the_host_that_we_reach_and_no_other() -> None:
    hints = Hints((8750, 3478), (3478,), (5349,), LOGIN)
    servers = hinted("ws://meet.example:8750/prefix", "192.0.2.7", hints)
    assert servers.stun == (StunServer("192.0.2.7", 8750), StunServer("192.0.2.7", 3478))
    user, password = "1800000000:0101010101010101", base64.b64encode(b"\xff" * 20).decode()
    assert servers.turn == (
        TurnServer("192.0.2.7", 3478, user, password, "udp"),
        TurnServer("192.0.2.7", 3478, user, password, "tcp"),
        TurnServer("192.0.2.7", 5349, user, password, "tls", "meet.example"),
    )


@given(
    st.lists(st.integers(1, 65535), max_size=2, unique=True).map(tuple),
    st.sampled_from(["ws://meet.example", "wss://meet.example", "wss://[2001:db8::1]:99/x"]),
)
def test_a_hint_leads_to_the_servers_own_port_or_a_known_one(ports: tuple[int, ...], url: str) -> None:
    own = {"ws://meet.example": 80, "wss://meet.example": 443}.get(url, 99)
    servers = hinted(url, "192.0.2.7", Hints(ports, ports, ports[:1], LOGIN if ports else None))
    named = {each.port for each in servers.stun} | {each.port for each in servers.turn}
    assert named == {port for port in ports if port in HINTED_PORTS or port == own}


def test_servers_that_are_named_twice_are_asked_once_the_users_own_first() -> None:
    own, more = Servers((StunServer("a"),)), Servers((StunServer("b"), StunServer("a")))
    assert own + more == Servers((StunServer("a"), StunServer("b")))


@pytest.mark.parametrize(
    ("server", "seen", "can"),
    [
        ("9.9.9.9", "8.8.8.8", True),
        ("9.9.9.9", "192.168.1.1", False),
        ("9.9.9.9", "100.64.0.1", False),
        ("9.9.9.9", "127.0.0.1", False),
        ("9.9.9.9", "239.1.2.3", False),
        ("2620:fe::fe", "fd00::1", False),
        ("2620:fe::fe", "::ffff:10.0.0.1", False),
        ("2620:fe::fe", "2606:4700::1", True),
        ("192.168.1.1", "192.168.1.7", True),
        ("192.168.1.1", "8.8.8.8", True),
        ("192.168.1.1", "127.0.0.1", False),
        ("192.168.1.1", "255.255.255.255", False),
        ("127.0.0.1", "127.0.0.1", True),
        ("stun.example.org", "10.0.0.7", True),
        ("stun.example.org", "127.0.0.1", False),
        ("stun.example.org", "nowhere", False),
    ],
)
def test_a_server_of_the_internet_sees_no_private_address(server: str, seen: str, can: bool) -> None:
    assert can_see(server, seen) is can
