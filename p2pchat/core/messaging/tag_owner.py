"""The owner of a tag: the conversation for which a cell that bears it came.

Knows: which tags are listened for, and whose they are. Does not know: keys, or what an owner makes of a cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, Protocol, TypeVar

from p2pchat.core.messaging.letterbox import ReceivedCell
from p2pchat.core.messaging.outputs import Output, Routed
from p2pchat.crypto.envelope import TagDelta
from p2pchat.types import ConversationId, Tag
from p2pchat.wire.cell import Cell


class TagOwner(Protocol):
    """What owns tags, and opens the cells that bear them."""

    @property
    def id(self) -> ConversationId: ...

    def list_tags(self) -> list[Tag]:
        """Return every tag that a cell for this owner may bear."""
        ...

    def open_cells(self, received: Iterable[ReceivedCell], now: float) -> list[Output]:
        """Open cells that bear such tags, in the order in which they came."""
        ...


Owner = TypeVar("Owner", bound=TagOwner)


class CellOwners(Protocol):
    """The rooms: owners whose tags are computed, not listed."""

    def find_owner(self, cell: Cell, now: float) -> ConversationId | None:
        """Return the owner of a cell, or None."""
        ...

    def count_tag_keys(self) -> int:
        """Return a number that grows with every new tag key, also if an old one went for it."""
        ...

    def expects_keys(self) -> bool:
        """Return whether a new tag key may come: there is a room, or a welcome is on its way."""
        ...

    def open_cells(self, owner: ConversationId, cells: Iterable[Cell], now: float) -> list[Routed]:
        """Open cells of one owner, in the order in which they came, and return what is left to do."""
        ...


class TagTable(Generic[Owner]):
    """The tags that the node listens for. Almost every cell that it relays is looked up here."""

    def __init__(self) -> None:
        self._owners: dict[Tag, Owner] = {}

    def __len__(self) -> int:
        return len(self._owners)

    def __iter__(self) -> Iterator[Tag]:
        return iter(self._owners)

    def owner_of(self, tag: Tag) -> Owner | None:
        """Return the owner of a tag, or None."""
        return self._owners.get(tag)

    def register_owner(self, owner: Owner) -> None:
        """Listen for all tags of an owner."""
        self._owners.update(dict.fromkeys(owner.list_tags(), owner))

    def unregister_owner(self, owner: Owner) -> None:
        """Stop listening for all tags of an owner."""
        self._owners = {tag: other for tag, other in self._owners.items() if other.id != owner.id}

    def change_tags(self, owner: Owner, delta: TagDelta) -> None:
        """Add and remove tags of an owner."""
        for tag in delta.removed:
            self._owners.pop(tag, None)
        for tag in delta.added:
            self._owners[tag] = owner
