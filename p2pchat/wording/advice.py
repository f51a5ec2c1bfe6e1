"""What to do when a check of ``p2pchat doctor`` fails.

Knows: the names of the checks. Does not know: how they are made.
"""

from __future__ import annotations

from typing import Final

ADVICE: Final = {
    "home": "other users of this machine can read this directory: chmod 700",
    "store": "if you did not restore a copy, compare safety numbers again ('p2pchat contacts verify NAME')",
    "disk": "nothing can be saved: free some space, or make the directory writable",
    "network": "connect this machine first: what waits leaves by itself then",
    "rendezvous": "check the address, your connection and the firewall: first links need a rendezvous",
    "lan": "join your friend's private network, and allow UDP port 5353 and TCP to python",
    "listen": "another program uses the port: 'p2pchat config set listen' another, and allow TCP to it",
    "clock": "nodes find each other by the time: set the clock (or use NTP); the node needs no restart",
    "addresses": "the operator of the rendezvous checks STUN and TURN there; yours: 'p2pchat config get ice'",
    "nat": "a TURN server beside the rendezvous, or a friend with a public address in the mesh, helps",
    "link": "a firewall may block UDP; a TURN server over TCP helps ('p2pchat config set ice')",
    "session": "'p2pchat contacts' shows with whom, 'p2pchat contacts show NAME' says what to do",
    "mesh": "'p2pchat node status' says why; a link needs a running node at both ends ('p2pchat node run')",
}
