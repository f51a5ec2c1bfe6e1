"""Why no link to present members comes up, in words, and what helps.

Knows: what the two ends of an attempt told each other of their networks. Does not know: how links are made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from p2pchat.core.membership.unreached import Unreached
from p2pchat.daemon.turn_servers import TurnServers
from p2pchat.wire.description import Nat

KINDS = {
    Nat.UNKNOWN: "not known, as no STUN server was asked",
    Nat.OPEN: "none: others see this machine as it sees itself",
    Nat.CONE: "one port for all destinations: direct links with most others",
    Nat.SYMMETRIC: "another port for every destination (symmetric): direct links with few others",
    Nat.SOME: "there is a NAT; a second STUN answer would tell its kind",
    Nat.BLOCKED: "no STUN server answers: this network blocks UDP, or the servers are down",
}

TURN = "a TURN server beside the rendezvous helps, or a friend with a public address in this mesh"
STUN = "a rendezvous that answers STUN helps, or one of your own: p2pchat config set ice stun:HOST"


NONE: Final = TurnServers()


def no_way(unreached: Sequence[Unreached], turn: TurnServers = NONE) -> str:
    """One sentence about the last member that could not be linked with; empty if there is none."""
    if not unreached:
        return ""
    last = max(unreached, key=lambda member: member.at)
    return f"no way between your two networks: {_cause(last)}; {_help(last, turn)}"


def is_guess(unreached: Sequence[Unreached]) -> bool:
    """Whether neither network is of a kind that explains it: messages of the attempt may have been lost."""
    kinds = {kind for member in unreached for kind in (member.own, member.theirs)}
    return not kinds & {Nat.SYMMETRIC, Nat.BLOCKED}


def _cause(of: Unreached) -> str:
    if Nat.BLOCKED in (of.own, of.theirs):
        if of.own is of.theirs:
            return "no STUN server answers either (UDP gets out of neither, or the servers are down)"
        whose = "yours" if of.own is Nat.BLOCKED else "theirs"
        return f"{whose} seems to let no UDP out (no STUN server answers there)"
    if of.own is of.theirs is Nat.SYMMETRIC:
        return "both change ports for every destination (symmetric NAT)"
    if Nat.SYMMETRIC in (of.own, of.theirs):
        one, other = ("yours", "theirs") if of.own is Nat.SYMMETRIC else ("theirs", "yours")
        return f"{one} changes ports for every destination (symmetric NAT), and {other} lets no stranger in"
    if Nat.UNKNOWN in (of.own, of.theirs):
        return "their public addresses are not known (no STUN server)"
    if Nat.SOME in (of.own, of.theirs):
        return "nothing that is sent arrives (a second STUN answer would tell the kinds of the NATs)"
    return "nothing that is sent arrives, though both could be reached (a firewall?)"


def barred(turn: TurnServers) -> str:
    """Why no link at all can come up, where all go through the owner's TURN servers."""
    fault = "refuses its user or password" if turn.own_refuses else "does not answer"
    server = f" {turn.own_silent}" if not turn.own_refuses else ""
    return (
        f"your TURN server{server} {fault}, and relay-only lets links take no other way: "
        "check 'p2pchat config get ice'"
    )


def silent_turn(turn: TurnServers) -> str:
    """Which TURN server does not answer, and whose matter that is; empty for none."""
    if turn.own_silent:
        return f"your TURN server {turn.own_silent} does not answer"
    if turn.hinted_silent:
        return (
            f"the TURN server that the rendezvous names, {turn.hinted_silent}, does not answer; "
            "tell its operator"
        )
    return ""


def _help(of: Unreached, turn: TurnServers) -> str:
    if turn.refuse and not of.relayed:
        return "the TURN server would help, but refuses its user or password (see 'p2pchat doctor')"
    if not of.relayed and (silent := silent_turn(turn)):
        return silent
    if turn.hinted and not of.relayed:
        return "the TURN server that the rendezvous names may still help"
    if of.relayed:
        return "the TURN server did not help either: is it up, and are its ports open?"
    return STUN if Nat.UNKNOWN in (of.own, of.theirs) and Nat.BLOCKED not in (of.own, of.theirs) else TURN
