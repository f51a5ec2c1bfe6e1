"""Choices from the environment are taken or refused in words, never half understood."""

from __future__ import annotations

import pytest

from p2pchat.core.settings import Settings
from p2pchat.core.stem.profile import BALANCED, STRONG
from p2pchat.daemon import environment
from p2pchat.daemon.environment import Paths
from p2pchat.errors import UsageError


def test_nothing_set_is_the_default() -> None:
    assert environment.settings() == Settings(profile=BALANCED)
    assert environment.paths() == Paths()


def test_every_choice_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = {
        "LINKS": "3",
        "LINKS_MAX": "4",
        "WALKS": "no",
        "STAMP_BITS": "12",
        "HOLD_MB": "2",
        "PROFILE": "strong",
    }
    for name, value in chosen.items():
        monkeypatch.setenv(f"P2PCHAT_{name}", value)
    assert environment.settings() == Settings(
        links_wanted=3, links_max=4, walks=False, stamp_bits=12, hold_bytes=2 << 20, profile=STRONG
    )


def test_who_wants_more_links_allows_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P2PCHAT_LINKS", "9")
    assert environment.settings().links_max == 10


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LINKS", "few"),
        ("LINKS", "0"),
        ("LINKS_MAX", "65"),
        ("WALKS", "1"),
        ("STAMP_BITS", "21"),
        ("PROFILE", "paranoid"),
    ],
)
def test_what_makes_no_sense_is_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"P2PCHAT_{name}", value)
    with pytest.raises(UsageError, match=f"P2PCHAT_{name}"):
        environment.settings()


@pytest.mark.parametrize(
    "urls",
    [
        "stun:stun.example.org",
        "stun:192.0.2.1:3478 turn:user:password@turn.example.org:3478",
        "turns:user:password@turn.example.org:443?transport=tcp",
        "stun:[2001:db8::1]:3478",
    ],
)
def test_ice_servers_are_split(urls: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P2PCHAT_ICE", urls)
    assert environment.paths().ice_servers == tuple(urls.split())


@pytest.mark.parametrize(
    "urls",
    [
        "stun:",
        "http://stun.example.org",
        "turn:user@turn.example.org",
        "turns:user:password@turn.example.org?transport=udp",
        "turn:a:b@one.example.org turn:a:b@two.example.org",
    ],
)
def test_an_ice_server_that_would_not_work_is_refused(urls: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P2PCHAT_ICE", urls)
    with pytest.raises(UsageError, match="P2PCHAT_ICE"):
        environment.paths()


TURN = "turn:user:password@turn.example.org"


def test_relay_only_is_asked_for_by_variable_or_by_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P2PCHAT_ICE", TURN)
    assert not environment.paths().relay_only
    assert environment.paths(relay_only=True).relay_only
    monkeypatch.setenv("P2PCHAT_RELAY_ONLY", "yes")
    assert environment.paths().relay_only


@pytest.mark.parametrize(
    ("server", "works"),
    [(TURN, False), (f"{TURN}?transport=tcp", True), (TURN.replace("turn:", "turns:", 1), True)],
)
def test_behind_a_proxy_the_relay_must_be_one_that_the_proxy_can_reach(
    server: str, works: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("P2PCHAT_ICE", server)
    monkeypatch.setenv("P2PCHAT_PROXY", "socks5h://127.0.0.1:9050")
    assert not environment.paths().relay_only
    if works:
        assert environment.paths(relay_only=True).relay_only
    else:
        with pytest.raises(UsageError, match="TURN server over TCP"):
            environment.paths(relay_only=True)


@pytest.mark.parametrize("servers", ["", "stun:stun.example.org"])
def test_relay_only_without_a_relay_is_refused(servers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P2PCHAT_ICE", servers)
    with pytest.raises(UsageError, match="needs a TURN server: set P2PCHAT_ICE"):
        environment.paths(relay_only=True)


@pytest.mark.parametrize(
    "url",
    ["socks5h://127.0.0.1:9050", "socks5h://[::1]:9050", "socks5h://user:password@proxy.example.org:1080"],
)
def test_a_proxy_is_taken(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P2PCHAT_PROXY", url)
    assert environment.paths().proxy == url


@pytest.mark.parametrize(
    "url",
    [
        "socks5://127.0.0.1:9050",
        "socks5h://127.0.0.1",
        "socks5h://127.0.0.1:0",
        "socks5h://127.0.0.1:99999",
        "http://127.0.0.1:8080",
        "socks5h://user@127.0.0.1:9050",
        "127.0.0.1:9050",
    ],
)
def test_a_proxy_that_would_look_up_names_here_or_would_not_work_is_refused(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("P2PCHAT_PROXY", url)
    with pytest.raises(UsageError, match="P2PCHAT_PROXY must be like socks5h://"):
        environment.paths()


def test_a_wrong_proxy_is_refused_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P2PCHAT_PROXY", "socks5://user:secret@proxy.example.org:1080")
    with pytest.raises(UsageError) as refused:
        environment.paths()
    assert "secret" not in str(refused.value)
