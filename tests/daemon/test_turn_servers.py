"""A TURN server that refuses is the owner's matter, or that of the operator of the rendezvous."""

from __future__ import annotations

from p2pchat.daemon.turn_servers import TurnServers, turn_servers_of
from p2pchat.wire.ice import NO_SERVERS, Servers, TurnServer

MINE = TurnServer("turn.example", 3478, "me", "secret")
THEIRS = TurnServer("192.0.2.9", 3478, "u", "p")
OWN = Servers(turn=(MINE,))


def test_a_server_that_a_rendezvous_names_is_told_from_the_owners() -> None:
    assert turn_servers_of(NO_SERVERS, NO_SERVERS, ()) == TurnServers()
    assert turn_servers_of(OWN, OWN, ()) == TurnServers()
    assert turn_servers_of(OWN, OWN + Servers(turn=(THEIRS,)), ()) == TurnServers(hinted=True)


def test_a_silent_server_is_told_only_while_links_may_use_it() -> None:
    both, silent = OWN + Servers(turn=(THEIRS,)), ["192.0.2.9:3478"]
    assert turn_servers_of(OWN, both, (), silent) == TurnServers(hinted=True, hinted_silent="192.0.2.9:3478")
    assert turn_servers_of(OWN, OWN, (), silent) == TurnServers()
    assert turn_servers_of(OWN, OWN, (), ["turn.example:3478"]).own_silent == "turn.example:3478"


def test_with_relay_only_no_link_comes_up_if_none_of_the_owners_servers_lends_an_address() -> None:
    two = OWN + Servers(turn=(TurnServer("other.example", 443, "me", "secret", "tls"),))
    refused, silent = ["turn.example:3478"], ["other.example:443"]
    assert turn_servers_of(two, two, refused, silent, relay_only=True).barred
    assert not turn_servers_of(two, two, refused, relay_only=True).barred
    assert not turn_servers_of(two, two, refused, silent).barred


def test_each_refusal_is_that_of_the_server_that_refused() -> None:
    both = OWN + Servers(turn=(THEIRS,))
    assert turn_servers_of(OWN, both, ["turn.example:3478"]) == TurnServers(hinted=True, own_refuses=True)
    assert turn_servers_of(OWN, both, ["192.0.2.9:3478"]) == TurnServers(hinted=True, hinted_refuses=True)
    assert [turn_servers_of(OWN, both, refused).refuse for refused in ([], ["192.0.2.9:3478"])] == [
        False,
        True,
    ]
