"""The places where members listen are remembered within bounds, and lead to no third party."""

from __future__ import annotations

import pytest

from p2pchat.core.membership.listeners import LISTENERS_CAP, Listeners


def test_the_last_confirmed_comes_first_and_the_oldest_makes_room() -> None:
    known = Listeners()
    for number in range(1, LISTENERS_CAP + 2):
        known.add_listener(f"11.0.0.{number}", 8750)
    assert known.urls == tuple(f"ws://11.0.0.{number}:8750" for number in (5, 4, 3, 2))
    known.add_listener("11.0.0.3", 8750)
    assert known.urls[0] == "ws://11.0.0.3:8750" and len(known.urls) == LISTENERS_CAP


def test_an_address_has_one_port() -> None:
    known = Listeners(["ws://11.0.0.1:8750", "ws://11.0.0.10:8750"])
    for port in range(2000, 2100):
        known.add_listener("11.0.0.1", port)
    assert known.urls == ("ws://11.0.0.1:2099", "ws://11.0.0.10:8750")


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "127.0.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "fe80::1%eth0",
        "fd00::1",
        "::1",
        "",
        "host.example",
    ],
)
def test_no_address_but_a_global_one_is_remembered(address: str) -> None:
    known = Listeners()
    known.add_listener(address, 8750)
    assert known.urls == ()


def test_an_address_of_ipv6_is_written_as_one() -> None:
    known = Listeners()
    known.add_listener("2606:4700::1", 8750)
    known.add_listener("2606:4700::1", 8751)
    assert known.urls == ("ws://[2606:4700::1]:8751",)


def test_what_is_new_is_to_be_kept_once_and_what_is_confirmed_never() -> None:
    known = Listeners(["ws://11.0.0.1:8750", "ws://11.0.0.2:8750"])
    known.add_listener("11.0.0.2", 8750)
    assert known.take_unkept() is None
    known.add_listener("11.0.0.3", 8750)
    assert known.take_unkept() == known.urls
    assert known.take_unkept() is None
