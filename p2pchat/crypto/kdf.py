"""Key derivation and the hashes by which things are named.

Knows: keyed BLAKE2b and the labels that keep its uses apart. Does not know: what the keys are for.
"""

from __future__ import annotations

from hashlib import blake2b

from p2pchat.types import CellId, EntryId, Epoch, MeshId, RoomId, Topic

KEY_BYTES = 32


def derive(key: bytes, label: str, *parts: bytes, size: int = KEY_BYTES) -> bytes:
    """Keyed BLAKE2b (RFC 7693) of a label and parts, each prefixed by its length; ``size`` is 1 to 64 bytes.

    ``key`` is at most 64 bytes. The lengths make the encoding unambiguous: no two lists of parts hash the
    same input.
    """
    state = blake2b(key=key, digest_size=size)
    for part in (label.encode(), *parts):
        state.update(len(part).to_bytes(4, "big"))
        state.update(part)
    return state.digest()


def digest(data: bytes, size: int = 32) -> bytes:
    """BLAKE2b of ``data``, 1 to 64 bytes."""
    return blake2b(data, digest_size=size).digest()


def cell_id(cell: bytes) -> CellId:
    """BLAKE2b-128 of the bytes of a cell, or of an onion where it is traced."""
    return CellId(digest(cell, 16))


def mesh_id(secret: bytes) -> MeshId:
    """A mesh's local name, 16 bytes."""
    return MeshId(derive(secret, "mesh id", size=16))


def mesh_topic(secret: bytes, epoch: Epoch) -> Topic:
    """Return the topic where the members of a mesh meet during an epoch. Without the secret it cannot be
    linked to the mesh's other topics."""
    return Topic(derive(secret, "mesh topic", epoch.to_bytes(8, "big")))


def invite_topic(nameplate: int) -> Topic:
    """Return the topic where the two ends of a spoken invite meet. It depends on the public nameplate
    only."""
    return Topic(digest(b"p2pchat invite nameplate %d" % nameplate))


def link_topic(secret: bytes) -> Topic:
    """Return the topic where the two ends of an invite link meet. ``secret`` has 128 bits, so the topic shows
    nothing of it."""
    return Topic(derive(secret, "invite link topic"))


def nearby_key(secret: bytes, epoch: Epoch) -> bytes:
    """Return the key, 32 bytes, by which members of a mesh recognise each other's announcements on a network
    during an epoch. It cannot be derived from topics."""
    return derive(secret, "nearby", epoch.to_bytes(8, "big"))


def nearby_invite_key(topic: Topic) -> bytes:
    """Derive the same for an invite, 32 bytes: its nameplate is all that is needed."""
    return derive(topic, "nearby invite")


def entry_id(entry: bytes) -> EntryId:
    """A log entry's name in its room: BLAKE2b-256 of a label and its bytes, 32 bytes. With two entries of
    one name a member could tell two halves of a room different things, so it is as long as a key."""
    return EntryId(digest(b"p2pchat room entry" + entry))


def room_id(founding: EntryId) -> RoomId:
    """A room's name, 32 bytes, from the entry that founded it."""
    return RoomId(derive(founding, "room id"))
