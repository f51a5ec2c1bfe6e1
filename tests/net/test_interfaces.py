"""Which of this machine's addresses a link is offered at, and in which order."""

from __future__ import annotations

from p2pchat.net import interfaces


def test_the_way_to_the_world_comes_first_then_one_address_of_each_network() -> None:
    docker = [f"172.{n}.0.1" for n in range(17, 29)]
    own = [*docker, "192.168.1.7", "192.168.1.8", "2001:db8::2", "2001:db8::3"]
    chosen = interfaces.best(own, ("192.168.1.7", "2001:db8::2"))
    assert chosen[:2] == ["192.168.1.7", "2001:db8::2"]
    assert len(chosen) == interfaces.HOSTS_MAX
    few = interfaces.best(["192.168.1.8", "10.0.0.1", "192.168.1.7"], ())
    assert few == ["192.168.1.8", "10.0.0.1", "192.168.1.7"]


def test_the_unspecified_address_and_repeats_are_left_out() -> None:
    assert interfaces.best(["0.0.0.0", "192.0.2.1", "::", "192.0.2.1"], ("::",)) == ["192.0.2.1"]


def test_the_loopback_is_one_of_our_own_and_no_private_place() -> None:
    assert "127.0.0.1" in interfaces.own()
    assert all(not place.ip.is_loopback for place in interfaces.private())


def test_datagrams_leave_from_where_they_are_sent_to_or_not_at_all() -> None:
    assert interfaces.source_towards("127.0.0.1") == "127.0.0.1"
    assert interfaces.source_towards("255.255.255.255") is None


def test_what_is_routed_is_one_of_our_own() -> None:
    assert set(interfaces.routed()) <= interfaces.own()


def test_a_numeric_address_has_the_route_that_the_system_finds() -> None:
    assert interfaces.has_route("127.0.0.1")
    assert not interfaces.has_route("255.255.255.255")
    assert interfaces.has_route("meet.example") is bool(interfaces.routed())
