"""A cell is found by its tag, and opened by the tag's owner."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from p2pchat.core.messaging.letterbox import ReceivedCell
from p2pchat.core.messaging.outputs import Output
from p2pchat.core.messaging.tag_owner import TagTable
from p2pchat.crypto.envelope import TagDelta
from p2pchat.types import ConversationId, Tag

A, B, C, D = (Tag(name) for name in (b"a", b"b", b"c", b"d"))


@dataclass
class Room:
    """An owner that is no contact's conversation."""

    id: ConversationId
    listened: list[Tag] = field(default_factory=list)

    def list_tags(self) -> list[Tag]:
        return self.listened

    def open_cells(self, received: Iterable[ReceivedCell], now: float) -> list[Output]:
        return []


def test_a_tag_leads_to_its_owner_until_it_changes_or_the_owner_goes() -> None:
    one, other = Room(ConversationId("1"), [A, B]), Room(ConversationId("2"), [C])
    table = TagTable[Room]()
    table.register_owner(one)
    table.register_owner(other)
    assert [table.owner_of(tag) for tag in (A, C, Tag(b"x"))] == [one, other, None]
    table.change_tags(one, TagDelta((D,), (A,)))
    assert [table.owner_of(tag) for tag in (A, B, D)] == [None, one, one]
    table.unregister_owner(one)
    assert list(table) == [C] and len(table) == 1
