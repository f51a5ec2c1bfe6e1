"""What to do about a check of the doctor's that failed.

Knows: the checks by name. Does not know: how they are made.
"""

from __future__ import annotations

from typing import Final

ADVICE: Final = {
    "home": "others on this machine can look in: chmod 700",
    "store": "if you did not put it back, compare safety numbers again ('p2pchat contacts verify NAME')",
    "disk": "nothing more can be kept: make room, or let it be written to",
    "rendezvous": "first links need one: is the address right, are you online, does a firewall block it?",
    "lan": "be on the same private network as your friend, and let UDP port 5353 and TCP in to python",
    "listen": "another program has the port: 'p2pchat config set listen' another, and let TCP in to it",
    "clock": "members meet by the time: set the clock (or have NTP do so); the node follows by itself",
    "addresses": "no address from a STUN or TURN server: host, port, password ('p2pchat config get ice')?",
    "nat": "a TURN server beside the rendezvous, or a friend with a public address in the mesh, helps",
    "link": "a firewall may block UDP; a TURN server over TCP helps ('p2pchat config set ice')",
    "session": "'p2pchat contacts' shows with whom, 'p2pchat contacts show NAME' says what to do",
    "mesh": "nobody of your mesh is there, or no link to them can be made; leave 'p2pchat node run' on",
}
