"""How somebody comes into a room: with which keys, and what the member gives that lets it in.

Knows: keys, the welcome. Does not know: the session of two over which both travel.
"""

from __future__ import annotations

from p2pchat.core.room.changes import RosterChanges
from p2pchat.core.room.flow import MessageFlow
from p2pchat.core.room.key_state import RoomKeyState
from p2pchat.crypto.exchange import KemKey
from p2pchat.crypto.room_keys import MemberKey
from p2pchat.data import dataclass
from p2pchat.errors import LimitError
from p2pchat.ports import Entropy
from p2pchat.types import EntryId, MemberId
from p2pchat.wire.room_actions import NewMember
from p2pchat.wire.room_welcome import NUMBERS_MAX, RoomWelcome


@dataclass(frozen=True, slots=True)
class MemberKeys:
    """What somebody brings to a room, all of it its own."""

    name: str
    key: MemberKey
    recovery: MemberKey
    kem: KemKey

    @classmethod
    def draw_keys(cls, name: str, entropy: Entropy) -> MemberKeys:
        """Draw new ones."""
        return cls(name, MemberKey.generate(entropy), MemberKey.generate(entropy), KemKey.generate(entropy))

    @property
    def public(self) -> NewMember:
        """What the entry has that lets its owner in. Raises Malformed on what cannot be a name."""
        return NewMember(self.key.public, self.recovery.public, self.kem.encapsulation_key, self.name)


def make_welcome(
    entry: EntryId, changes: RosterChanges, state: RoomKeyState, flow: MessageFlow
) -> RoomWelcome:
    """Make what a newcomer is given, by whose ``entry`` it is in. Raises LimitError where it is not, or there
    is no period for it."""
    member = MemberId(entry)
    period = state.periods.choose_period(changes.members)
    grant = state.make_grant(period) if period is not None else None
    if grant is None or member not in changes.members:
        raise LimitError("this member cannot let anybody in now")
    numbers = [
        (sender, flow.own.last if sender == changes.own else flow.numbers.frontier_of(sender))
        for sender in flow.list_senders()
    ]
    known = sorted([(sender, number) for sender, number in numbers if number][:NUMBERS_MAX])
    return RoomWelcome(member, tuple(changes.log.list_entries()), grant, tuple(known))
