"""How two people with a shared code or link become contacts, over one seat each at a rendezvous.

Knows: the messages of a pairing, what each side checks, when the code is burnt. Does not know: how seats are
kept, what the node does with a new contact.

::

    guest                                               host
      │                                                   │  takes the HOST seat: the code can be given away
      │  takes the GUEST seat                             │
      │ ── PakeStart(version, sid, Ya) ─────────────────► │  from now on no other guest is heard
      │                                                   │  the code is used up, on disk
      │ ◄────────────────────────── PakeReply(version, Yb) │
      │  the code is used up here, too                    │
      │ ── PakeConfirm(confirmation) ───────────────────► │  wrong: Burnt, and the code is gone
      │ ◄────────────────────────────────── HostBundle ── │  sealed from here on under the CPace key
      │ ── GuestBundle(…, Olm: hello) ──────────────────► │  hello is of this pairing: paired
      │ ◄────────────────────────── Welcome(Olm: welcome) │
      │  welcome is of this pairing: paired               │
"""

from __future__ import annotations

from p2pchat.core.pairing.guest import Guest
from p2pchat.core.pairing.host import Host
from p2pchat.core.pairing.party import (
    Disturbed,
    Guessed,
    LocalParty,
    Output,
    PairingFailed,
    Ready,
    topic_of,
)
from p2pchat.core.values.paired import Paired

__all__ = [
    "Disturbed",
    "Guessed",
    "Guest",
    "Host",
    "LocalParty",
    "Output",
    "Paired",
    "PairingFailed",
    "Ready",
    "topic_of",
]
