"""How much a peer can make us send to addresses that it only names.

Knows: what was sent to whom for one link, who answered. Does not know: datagrams, or how a check is made.

A description may name anybody. So few checks of a link go to one address, and few altogether, until somebody
there proves to know the link's keys.
"""

from __future__ import annotations

from collections import Counter
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


class Checks:
    """Those of one link. A host is a numeric address."""

    def __init__(self) -> None:
        self._sent: Counter[str] = Counter()
        self._known: set[Address] = set()

    def may_send(self, to: Address) -> bool:
        """Whether one more may go there; it counts if so. As many as are wanted go to who has answered."""
        host = _of_one(to[0])
        if to in self._known:
            return True
        if self._sent[host] >= TO_ONE_MAX or self._sent.total() >= TO_ALL_MAX:
            return False
        self._sent[host] += 1
        return True

    def came(self, host: str) -> None:
        """A check under the link's keys came from there, or from who writes that address on it: one may go
        back."""
        self._sent[_of_one(host)] = max(0, self._sent[_of_one(host)] - 1)

    def answered(self, by: Address) -> None:
        """A check was answered under the link's keys."""
        self._known.add(by)


def sparing(description: Description) -> Description:
    """With the best candidates of each address alone, and none where nobody can be."""
    taken: Counter[str] = Counter()
    kept: list[Candidate] = []
    for each in sorted(description.candidates, key=lambda candidate: -candidate.priority):
        host = _of_one(each.address)
        address = ip_address(host)
        everybody = address.is_multicast or address.is_unspecified or host == BROADCAST
        if not everybody and taken[host] < PORTS_MAX:
            taken[host] += 1
            kept.append(each)
    return replace(description, candidates=tuple(kept))


def _of_one(host: str) -> str:
    """The same for all ways to write one address."""
    return str(plain_address(host))
