"""What happens to the rooms of this home while a chat is open.

Knows: which changes are told, and when members are read again. Does not know: what is said in rooms, or the
screen.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from p2pchat.chat.happenings import Decided, Happening, RoomChanged
from p2pchat.chat.lines import notice_of
from p2pchat.chat.sent import PASSING, time_now
from p2pchat.control.rooms import RoomEvent
from p2pchat.control.values import given
from p2pchat.errors import ControlError, UsageError
from p2pchat.text import harmless_name
from p2pchat.wording.rooms import room_change, room_line

if TYPE_CHECKING:
    from p2pchat.chat.counterparts import ChatRoom, Counterparts
    from p2pchat.client import Node

URGENT: Final = frozenset({"entered", "out", "told otherwise", "withheld", "uneven", "put back"})
"""Changes that a person is told also while another conversation is open."""


class RoomFollower:
    """Bound to one chat."""

    def __init__(self, node: Node, known: Counterparts, tell: Callable[[Happening], None]) -> None:
        self._node = node
        self._known = known
        self._tell = tell
        self._notices = 0

    async def read_rooms(self) -> None:
        """Read the rooms again; an old node without rooms has none."""
        with suppress(ControlError):
            await self._known.read_rooms(self._node)

    async def read_members(self, room: ChatRoom | None) -> None:
        """Read the members of a room again, if there is one."""
        if room is not None:
            with suppress(*PASSING, UsageError):  # it may be forgotten meanwhile
                room.members = await self._node.list_members(room.name)

    async def look_round(self, room: ChatRoom | None) -> None:
        """Learn anew what no event tells: who was heard lately. ``room``: the open one, or None."""
        with suppress(ControlError):
            for info in await self._node.list_rooms():
                known = self._known.rooms.get(info.name)
                if known is not None and known.room.id == info.id:
                    known.room = info
        await self.read_members(room)

    def tell_event(self, event: RoomEvent) -> None:
        """Tell what a person need know: in the room, or where there is none yet, at once."""
        room, change = self._known.rooms.get(event.room), room_change(event)
        if event.change == "offered":
            by, name = harmless_name(given(event.by) or "a contact"), harmless_name(event.room)
            self._tell(
                Decided(f"{by} invites you to the room {name}: /room accept {name}, or /room decline {name}")
            )
        elif change is not None and room is not None:
            self._notices += 1
            line = notice_of(room.name, f"notice {self._notices}", time_now(), change)
            room.note_change(line)
            self._tell(RoomChanged(line, event.change in URGENT))
        elif change is not None:
            self._tell(Decided(room_line(event) or change))
