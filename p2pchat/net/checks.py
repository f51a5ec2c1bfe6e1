"""How much a peer can make us send to addresses that it only names.

Knows: what was sent to which address for one link, and which answered. Does not know: datagrams, or how a
check is made.

A description may name any address. So few checks of a link go to one address, and few altogether, until its
owner proves to know the link's keys.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address
from typing import Final

from p2pchat.wire.description import Candidate, Description
from p2pchat.wire.places import BROADCAST, plain_address

Address = tuple[str, int]

PORTS_MAX: Final = 4
"""Candidates of one address that are checked: some of one NAT's ports, of several nodes behind it."""

TO_ONE_MAX: Final = 36
"""Datagrams of one link to one address without an answer: six pairs, each tried six times in
``CONNECT_SECONDS``."""

TO_ALL_MAX: Final = 144
"""Datagrams of one link to all addresses without an answer: as many as the most candidates take from one
address of ours."""

PEERS_MAX: Final = 48
"""Addresses of the other end that a link knows, those included from which its checks came."""


FROM_MAX: Final = 3
"""Addresses of ours from which one of theirs is checked. From each of eight, two machines with dozens of
container networks would spend ``TO_ALL_MAX`` on places of the same name at home."""


def checked_from(own: Sequence[str], source: str | None) -> list[str]:
    """Return the own addresses from which to check an address, the best first. ``source``: the address from
    which the system sends to it."""
    first = [host for host in own if host == source]
    return list(dict.fromkeys((*first, *own)))[:FROM_MAX]


class Checks:
    """The connectivity checks of one link. A host is a numeric address."""

    def __init__(self) -> None:
        self._sent: Counter[str] = Counter()
        self._known: set[Address] = set()

    def may_send(self, to: Address) -> bool:
        """Whether one more may go there; it counts if so. An address that has answered has no limit."""
        host = _of_one(to[0])
        if to in self._known:
            return True
        if self._sent[host] >= TO_ONE_MAX or self._sent.total() >= TO_ALL_MAX:
            return False
        self._sent[host] += 1
        return True

    def credit_check(self, host: str) -> None:
        """Allow one check more: one under the link's keys came from there, or bears that address."""
        self._sent[_of_one(host)] = max(0, self._sent[_of_one(host)] - 1)

    def mark_answered(self, by: Address) -> None:
        """Note that the address answered a check under the link's keys."""
        self._known.add(by)


def sparing(description: Description) -> Description:
    """Keep the best candidates of each address, and none of an address that no single machine has."""
    taken: Counter[str] = Counter()
    kept: list[Candidate] = []
    for candidate in sorted(description.candidates, key=lambda candidate: -candidate.priority):
        host = _of_one(candidate.address)
        address = ip_address(host)
        everybody = address.is_multicast or address.is_unspecified or host == BROADCAST
        if not everybody and taken[host] < PORTS_MAX:
            taken[host] += 1
            kept.append(candidate)
    return replace(description, candidates=tuple(kept))


def _of_one(host: str) -> str:
    """Return one form for all forms of one address."""
    return str(plain_address(host))
