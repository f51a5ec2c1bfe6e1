"""Where handshakes are too many, those of the one that has the most make way."""

from __future__ import annotations

from rendezvous.handshakes import Handshakes


def full(*whose: tuple[str, str], in_all: int = 100, per_network: int = 4) -> Handshakes[int]:
    """Numbered from 0, each of an address and its network."""
    handshakes = Handshakes[int](in_all, per_network)
    for number, (address, network) in enumerate(whose):
        assert handshakes.begin_handshake(number, address, network) is None
    return handshakes


def test_a_network_may_have_so_many_and_its_busiest_address_makes_way() -> None:
    handshakes = full(("b", "near"), ("a", "near"), ("a", "near"), ("a", "near"))
    assert handshakes.begin_handshake(4, "c", "near") == 1
    assert handshakes.begin_handshake(5, "d", "near") == 2
    assert handshakes.begin_handshake(6, "e", "far") is None
    assert len(handshakes) == 5


def test_among_all_the_busiest_network_makes_way() -> None:
    handshakes = full(("a", "quiet"), ("b", "busy"), ("c", "busy"), ("b", "busy"), in_all=4)
    assert handshakes.begin_handshake(4, "d", "new") == 1
    assert handshakes.begin_handshake(5, "e", "new") == 2
    assert len(handshakes) == 4


def test_one_that_has_ended_leaves_its_room() -> None:
    handshakes = full(("a", "near"), ("a", "near"), in_all=2)
    handshakes.end_handshake(0, "near")
    handshakes.end_handshake(0, "near")
    handshakes.end_handshake(7, "elsewhere")
    assert handshakes.begin_handshake(2, "a", "near") is None
    assert handshakes.begin_handshake(3, "a", "near") == 1


def test_those_without_a_network_have_the_limit_over_all_alone() -> None:
    handshakes = full(*[("", "")] * 8, in_all=8, per_network=2)
    assert handshakes.begin_handshake(8, "", "") == 0
