"""What a newcomer to a room is given by the member that lets it in.

Knows: the layout and its limits. Does not know: how it travels, or what the newcomer makes of it.

::

    welcome  member 32 | length 2, grant | count 2, numbers 36 each | entries, each length 2, entry
    number   sender 32 | number 4

A room of 50 takes some 75 kB, nearly all of it ML-KEM keys.
"""

from __future__ import annotations

from dataclasses import field
from typing import Final

from p2pchat.data import dataclass
from p2pchat.errors import Malformed
from p2pchat.types import MemberId
from p2pchat.wire.room_cells import MEMBER_BYTES, NUMBER_MAX
from p2pchat.wire.room_commits import PeriodGrant, decode_grant, encode_grant
from p2pchat.wire.room_log import RoomEntry, decode_entry, encode_entry

NUMBERS_MAX: Final = 512
"""Members who have written anything, departed ones among them."""

ENTRIES_MAX: Final = 16_384
_NUMBER_BYTES: Final = MEMBER_BYTES + 4


@dataclass(frozen=True, slots=True)
class RoomWelcome:
    """All of it. Raises Malformed."""

    member: MemberId
    """The newcomer's id."""
    entries: tuple[RoomEntry, ...]
    """The log, parents first."""
    grant: PeriodGrant = field(repr=False)
    numbers: tuple[tuple[MemberId, int], ...]
    """Up to which each member's messages are from before; members in order."""

    def __post_init__(self) -> None:
        senders = [sender for sender, _ in self.numbers]
        if len(self.member) != MEMBER_BYTES or any(len(sender) != MEMBER_BYTES for sender in senders):
            raise Malformed("a welcome with an id of another size")
        if len(senders) > NUMBERS_MAX or senders != sorted(set(senders)):
            raise Malformed("a welcome with too many numbers, or not in order")
        if any(not 1 <= number <= NUMBER_MAX for _, number in self.numbers):
            raise Malformed("a welcome with an impossible number")
        if not 1 <= len(self.entries) <= ENTRIES_MAX:
            raise Malformed("a welcome without a log, or with too long a one")


def encode_welcome(welcome: RoomWelcome) -> bytes:
    """Return all of it."""
    grant = encode_grant(welcome.grant)
    numbers = b"".join(sender + number.to_bytes(4, "big") for sender, number in welcome.numbers)
    entries = b"".join(len(entry).to_bytes(2, "big") + entry for entry in map(encode_entry, welcome.entries))
    front = welcome.member + len(grant).to_bytes(2, "big") + grant
    return front + len(welcome.numbers).to_bytes(2, "big") + numbers + entries


def decode_welcome(data: bytes) -> RoomWelcome:
    """Undo ``encode_welcome``. Raises Malformed."""
    member, at = data[:MEMBER_BYTES], MEMBER_BYTES
    grant, at = _take(data, at, int.from_bytes(data[at : at + 2], "big"))
    count = int.from_bytes(data[at : at + 2], "big")
    listed, at = _take(data, at, count * _NUMBER_BYTES)
    entries: list[RoomEntry] = []
    while at < len(data):
        if len(entries) >= ENTRIES_MAX:
            raise Malformed("a welcome with too long a log")
        entry, at = _take(data, at, int.from_bytes(data[at : at + 2], "big"))
        entries.append(decode_entry(entry))
    numbers = tuple(
        (
            MemberId(listed[start : start + MEMBER_BYTES]),
            int.from_bytes(listed[start + MEMBER_BYTES : start + _NUMBER_BYTES], "big"),
        )
        for start in range(0, len(listed), _NUMBER_BYTES)
    )
    return RoomWelcome(MemberId(member), tuple(entries), decode_grant(grant), numbers)


def _take(data: bytes, at: int, size: int) -> tuple[bytes, int]:
    """What stands behind a length of two bytes, which says that it has ``size``."""
    start = at + 2
    if start + size > len(data):
        raise Malformed("a welcome that is cut off")
    return data[start : start + size], start + size
