"""Choices from the environment are taken or refused in words, never half understood."""

from __future__ import annotations

import pytest

from p2pchat.core.settings import Settings
from p2pchat.daemon import environment
from p2pchat.errors import UsageError


def test_nothing_set_is_the_default() -> None:
    assert environment.settings() == Settings()
    assert environment.ice_servers() == ()


def test_every_choice_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = {"LINKS": "3", "LINKS_MAX": "4", "WALKS": "no", "STAMP_BITS": "12", "HOLD_MB": "2"}
    for name, value in chosen.items():
        monkeypatch.setenv(f"P2PCHAT_{name}", value)
    assert environment.settings() == Settings(
        links_wanted=3, links_max=4, walks=False, stamp_bits=12, hold_bytes=2 << 20
    )


def test_who_wants_more_links_allows_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P2PCHAT_LINKS", "12")
    assert environment.settings().links_max == 12


@pytest.mark.parametrize(
    ("name", "value"),
    [("LINKS", "few"), ("LINKS", "0"), ("LINKS_MAX", "65"), ("WALKS", "1"), ("STAMP_BITS", "21")],
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
    assert environment.ice_servers() == tuple(urls.split())


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
        environment.ice_servers()
