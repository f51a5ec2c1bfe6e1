"""Why the core does not do what the person here asks for, and why an invite comes to nothing.

Knows: the reasons. Does not know: the words in which a person is told (``daemon.refusals``,
``daemon.failed_invites``).
"""

from __future__ import annotations

from enum import Enum, auto

from p2pchat.data import dataclass
from p2pchat.wire.signalling import Refusal


class Reason(Enum):
    """A rule that an input would break."""

    NO_SUCH_CONTACT = auto()
    CONTACT_BLOCKED = auto()
    TEXT_EMPTY = auto()
    TEXT_NOT_UNICODE = auto()
    """It has surrogates without their other half, for which UTF-8 has no bytes."""
    TEXT_TOO_LONG = auto()
    SIGN_TOO_LONG = auto()
    """A reaction says more than a sign."""
    NOT_THE_AUTHOR = auto()
    """Another person wrote the message to be corrected or withdrawn."""
    OUTBOX_FULL = auto()
    NAME_MALFORMED = auto()
    NAME_TAKEN = auto()
    """Another contact has it, or one that looks the same."""
    NAME_IS_OURS = auto()
    """The lines of the person here are shown under it, or under one that looks the same."""
    RETENTION_IMPOSSIBLE = auto()
    # --- rooms
    NO_SUCH_ROOM = auto()
    NO_SUCH_MEMBER = auto()
    NO_SUCH_OFFER = auto()
    """It is over."""
    NO_MESH = auto()
    """There is none in which a room could be: this home has no contact yet."""
    NOT_IN_ROOM = auto()
    """We are not in any more."""
    STILL_IN_ROOM = auto()
    """It is left before it is forgotten."""
    MAY_NOT = auto()
    """Our office in the room does not permit it."""
    ROOM_NAME_TAKEN = auto()
    """Another room is called so here, or looks the same; ``Rejected.name``."""
    ROOM_FULL = auto()
    """It has fifty members, or its log is at its end."""
    ROOMS_FULL = auto()
    """This home is in as many rooms as it can be."""
    OFFERS_FULL = auto()
    """Too many offers are open."""
    OFFERED_ALREADY = auto()
    IN_ALREADY = auto()
    """The contact is a member."""
    IN_OTHER_MESH = auto()
    """The contact is in another mesh than the room."""
    ROOM_WAITS = auto()
    """This home was put back to a copy: the room waits to hear the others before anything is written."""
    # --- introductions
    NO_SUCH_INTRODUCTION = auto()
    """It is over."""
    INTRODUCTIONS_FULL = auto()
    """Too many are open."""
    REQUESTED_ALREADY = auto()
    CONTACT_ALREADY = auto()
    """The member is a contact; ``Rejected.name``."""
    SAME_PERSON = auto()
    """One is not introduced to oneself."""
    KEYS_EXCHANGED = auto()
    """It is too late to take that back."""
    IN_TWO_MESHES = auto()
    """The two contacts are in different meshes."""
    # --- files
    NO_SUCH_FILE = auto()
    FILE_OVER = auto()
    """It was declined, cancelled or transferred already."""
    FILE_TOO_LARGE = auto()
    """The mesh takes none of that size."""
    FILES_FULL = auto()
    """Too many wait, or take too much of the disk."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """Nothing came of the input, and nothing has changed."""

    reason: Reason
    name: str = ""
    """The present contact's name."""


class NoContact(Enum):
    """Why no contact comes of an invite."""

    # --- before it begins
    ADDRESSES_MALFORMED = auto()
    """No invite can carry the rendezvous of the mesh."""
    NO_RENDEZVOUS = auto()
    NO_RENDEZVOUS_NOR_NETWORK = auto()
    """Nor is this machine on a network on which nodes may be found."""
    PRIVATE_RENDEZVOUS = auto()
    """The link names private addresses alone, and the person has typed none of them."""
    INVITES_FULL = auto()
    OWN_INVITE = auto()
    """It was made here."""
    NUMBER_IN_USE = auto()
    """Another invite with this number is open here."""
    TRIED_HERE = auto()
    """It was made here, and a guest has tried it."""
    TRIED_FROM_HERE = auto()
    MESH_UNKNOWN = auto()
    """The mesh into which it was to lead is none of ours."""

    # --- no host is met
    UNREACHABLE = auto()
    """No rendezvous can be reached."""
    NOT_IN_TIME = auto()
    NOBODY_NEARBY = auto()
    """No node on this network announces it, and no rendezvous is known."""
    NO_SUCH_INVITE = auto()
    """No host waits at it, at any rendezvous that could be asked."""
    TAKEN = auto()
    """Another guest is there."""
    RENDEZVOUS_BUSY = auto()
    MESH_LEFT = auto()
    """The mesh into which it leads was left."""

    # --- half-way
    FELL_SILENT = auto()
    WENT_AWAY = auto()
    RENDEZVOUS_LOST = auto()
    OTHER_VERSION = auto()
    WRONG_WORDS = auto()
    """Ours are not the host's."""
    WRONG_GUESS = auto()
    """The guest's are not ours."""
    WRONG_HOST = auto()
    """The host did not make the link."""
    OWN_HOST = auto()
    """The host has our identity key."""
    OWN_GUEST = auto()
    """The guest has our identity key."""
    OTHER_PAIRING = auto()
    """What the other side says is of another pairing."""
    CLOCKS_APART = auto()


Unreached = tuple[tuple[str, str | Refusal], ...]
"""Rendezvous that could not be asked, or were lost, each with what its connection or itself says."""


NO_ANSWER = "no answer in time"
"""Said of a rendezvous that was asked for a seat, and has neither given nor refused it."""


@dataclass(frozen=True, slots=True)
class InviteFailure:
    """Why no contact comes of an invite, and what a person must know to do better."""

    reason: NoContact
    unreached: Unreached = ()
    urls: tuple[str, ...] = ()
    """The addresses of ``ADDRESSES_MALFORMED`` and ``PRIVATE_RENDEZVOUS``."""
    version: int = 0
    """The other side's, of the protocol."""
