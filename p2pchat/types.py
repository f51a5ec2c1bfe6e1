"""Ids and small value types that every room shares.

Knows: how things are named. Does not know: what is done with them.
"""

from __future__ import annotations

from enum import Enum
from typing import NewType

ContactId = NewType("ContactId", str)
"""Fingerprint of the contact's identity key, 64 hexadecimal digits."""

ConversationId = NewType("ConversationId", str)
"""What lines, what waits to be sent, and preferences are kept under (``conversation_with``)."""

MessageId = NewType("MessageId", str)
"""32 hexadecimal digits, of this home alone: what we send has an id that we chose, what comes has one made
of the sender and the id that the sender chose (``crypto.identity.received_id``)."""

MessageName = NewType("MessageName", str)
"""32 hexadecimal digits, the same for all who have the message: made of its author and of the id that its
author gave it. What came has it as its id; what we sent has one beside its id."""

MeshId = NewType("MeshId", bytes)
"""BLAKE2b-128 of the mesh secret, 16 bytes; never leaves the node."""

LinkId = NewType("LinkId", int)
"""Local number of one link attempt; never reused while a node runs."""

NodeId = NewType("NodeId", bytes)
"""8 random bytes a node draws anew for each mesh at every start, and tells only those to whom it offers a
link, or who offer it one, inside sealed blobs."""

CellId = NewType("CellId", bytes)
"""BLAKE2b-128 of a cell, 16 bytes: how neighbours tell which cells they have."""

CellKey = NewType("CellKey", bytes)
"""The first 8 bytes of a cell's id, by which two holds are compared."""

Tag = NewType("Tag", bytes)
"""The one-time address of a cell, 16 bytes."""

Epoch = NewType("Epoch", int)
"""The number of six hours, counted from the beginning of Unix time (``crypto.envelope.epoch_at``)."""

HopId = NewType("HopId", bytes)
"""How a node is named on a mesh's map during one epoch: BLAKE2b-64 of the key that signs its descriptors, 8
bytes. Stems and walks lead over such nodes."""

Topic = NewType("Topic", bytes)
"""32 opaque bytes under which seats are taken at a rendezvous."""

Seat = NewType("Seat", bytes)
"""8 random bytes by which a rendezvous names one taken seat."""

RoomId = NewType("RoomId", bytes)
"""32 bytes made of the entry that founded the room (``crypto.kdf.room_id``)."""

EntryId = NewType("EntryId", bytes)
"""Hash of an entry of a room's membership log, 32 bytes (``crypto.kdf.entry_id``)."""

MemberId = NewType("MemberId", bytes)
"""The id of the entry that let the member in, 32 bytes. A member that comes back gets another one."""

RoomOfferId = NewType("RoomOfferId", bytes)
"""16 random bytes by which two contacts name the offer of a room, and all that follows from it."""


IntroductionId = NewType("IntroductionId", bytes)
"""16 random bytes by which two people, and who introduces them, name one introduction."""


def conversation_with(contact: ContactId) -> ConversationId:
    """Return the conversation of two that we have with a contact: it has the contact's id."""
    return ConversationId(contact)


def conversation_in(room: RoomId) -> ConversationId:
    """Return the conversation in a room: ``#`` and the room's id, which is no contact's."""
    return ConversationId(f"#{room.hex()}")


def person_of(member: MemberId) -> ContactId:
    """Return how a member is named as an author, and in a mention: 64 hexadecimal digits, as a contact. No
    member learns another's fingerprint in a room."""
    return ContactId(member.hex())


class MessageState(Enum):
    """The last known step of a message. ``send`` never claims more."""

    QUEUED = "queued"
    """Durably ours."""
    RELAYED = "relayed"
    """It came back to us from the mesh: another node has it and passes it on."""
    DELIVERED = "delivered"
    """The recipient's receipt came back."""
    EXPIRED = "expired"
    """Given up after its lifetime."""
    CANCELLED = "cancelled"
    """Withdrawn: the contact was removed or blocked; or all members of a room went before any had confirmed
    it."""

    @property
    def final(self) -> bool:
        """Whether no further state can follow."""
        return self in (MessageState.DELIVERED, MessageState.EXPIRED, MessageState.CANCELLED)

    def has_reached(self, goal: MessageState) -> bool:
        """Whether this state is ``goal`` or later, in the order queued, relayed, delivered."""
        path = (MessageState.QUEUED, MessageState.RELAYED, MessageState.DELIVERED)
        return self in path and goal in path and path.index(self) >= path.index(goal)
