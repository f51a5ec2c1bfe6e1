"""What a pairing brings: a contact's keys, and the session that begins with them.

Knows: its fields. Does not know: how two people pair (``pairing``), or what is kept of it.
"""

from __future__ import annotations

from dataclasses import field

from p2pchat.crypto.envelope import ReceiveChain, SendChain
from p2pchat.crypto.olm import OlmSession
from p2pchat.data import dataclass


@dataclass(frozen=True, slots=True)
class Paired:
    """A new contact, for the node to keep."""

    identity_key: bytes
    name: str
    how: str
    mesh_secret: bytes = field(repr=False)
    rendezvous: tuple[str, ...]
    """Where the mesh is met; for a guest, where the host says so."""
    olm: OlmSession = field(repr=False)
    sending: SendChain = field(repr=False)
    receiving: ReceiveChain = field(repr=False)
    renewal_key: bytes = field(repr=False)
    leads: bool
    """Whether we, as the host, begin the renewals."""
    used: bytes = b""
    """The mark of its code."""
    typed: tuple[str, ...] = ()
    """Of where the mesh is met, what the person has typed."""
    theirs: tuple[str, ...] = ()
    """What the code named, or the person accepts unseen: others named it."""
    through_room: str = ""
    """As in ``records.Contact``, of an introduction."""
    introduced_by: str = ""
