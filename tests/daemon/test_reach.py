"""Why no link comes up is said in a sentence that names the cause and what helps."""

from __future__ import annotations

from itertools import product

import pytest

from p2pchat.core.membership.unreached import Unreached
from p2pchat.daemon.reach import KINDS, no_way
from p2pchat.daemon.turn_servers import TurnServers
from p2pchat.types import NodeId
from p2pchat.wire.description import Nat

NODE = NodeId(b"n" * 8)


@pytest.mark.parametrize(
    ("own", "theirs", "said"),
    [
        (
            Nat.SYMMETRIC,
            Nat.SYMMETRIC,
            "both change ports for every destination (symmetric NAT); a TURN server",
        ),
        (Nat.SYMMETRIC, Nat.CONE, "yours changes ports for every destination (symmetric NAT), and theirs"),
        (Nat.CONE, Nat.SYMMETRIC, "theirs changes ports for every destination (symmetric NAT), and yours"),
        (
            Nat.BLOCKED,
            Nat.CONE,
            "yours seems to let no UDP out (no STUN server answers there); a TURN server",
        ),
        (
            Nat.CONE,
            Nat.BLOCKED,
            "theirs seems to let no UDP out (no STUN server answers there); a TURN server",
        ),
        (
            Nat.BLOCKED,
            Nat.BLOCKED,
            "no STUN server answers either (UDP gets out of neither, or the servers are down)",
        ),
        (Nat.UNKNOWN, Nat.UNKNOWN, "(no STUN server); a rendezvous that answers STUN helps"),
        (Nat.CONE, Nat.OPEN, "(a firewall?)"),
        (Nat.SOME, Nat.CONE, "(a second STUN answer would tell"),
    ],
)
def test_each_pair_of_networks_has_its_reason(own: Nat, theirs: Nat, said: str) -> None:
    sentence = no_way([Unreached(NODE, 1.0, own, theirs, relayed=False)])
    assert sentence.startswith("no way between your two networks: ") and said in sentence


def test_where_a_turn_server_was_tried_another_is_not_advised() -> None:
    sentence = no_way([Unreached(NODE, 1.0, Nat.SYMMETRIC, Nat.SYMMETRIC, relayed=True)])
    assert "did not help either" in sentence and "helps, or" not in sentence


def test_a_turn_server_that_refuses_the_login_is_named() -> None:
    refusing = TurnServers(own_refuses=True)
    sentence = no_way([Unreached(NODE, 1.0, Nat.SYMMETRIC, Nat.CONE, relayed=False)], refusing)
    assert sentence.endswith("but refuses its user or password (see 'p2pchat doctor')")


@pytest.mark.parametrize(
    ("turn", "said"),
    [
        (
            TurnServers(hinted=True, hinted_silent="192.0.2.9:3478"),
            "; the TURN server that the rendezvous names, 192.0.2.9:3478, does not answer; tell its operator",
        ),
        (TurnServers(hinted=True), "; the TURN server that the rendezvous names may still help"),
        (TurnServers(own_silent="turn.example:3478"), "; your TURN server turn.example:3478 does not answer"),
    ],
)
def test_where_there_is_a_turn_server_no_other_is_advised(turn: TurnServers, said: str) -> None:
    assert no_way([Unreached(NODE, 1.0, Nat.SOME, Nat.SOME, relayed=False)], turn).endswith(said)


def test_the_last_peer_met_is_told_and_none_is_told_as_none() -> None:
    older = Unreached(NODE, 1.0, Nat.BLOCKED, Nat.CONE, relayed=False)
    newer = Unreached(NODE, 2.0, Nat.CONE, Nat.BLOCKED, relayed=False)
    assert no_way([newer, older]) == no_way([newer]) != no_way([older])
    assert no_way([]) == ""


def test_every_pair_gives_one_plain_line() -> None:
    assert set(KINDS) == set(Nat)
    for own, theirs, relayed in product(Nat, Nat, (False, True)):
        sentence = no_way([Unreached(NODE, 1.0, own, theirs, relayed)])
        assert sentence.isprintable() and len(sentence) < 220 and sentence.count("; ") == 1
