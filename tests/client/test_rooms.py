"""What is asked of a room that is not known is refused in words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from p2pchat.client import Node
from p2pchat.errors import UsageError

pytestmark = pytest.mark.real

ASKED: list[Callable[[Node], Awaitable[object]]] = [
    lambda node: node.find_room("#friends"),
    lambda node: node.list_members("#friends"),
    lambda node: node.room_words("#friends"),
    lambda node: node.invite_to_room("#friends", ["bob"]),
    lambda node: node.accept_room("friends"),
    lambda node: node.decline_room("friends"),
    lambda node: node.set_role("#friends", "bob", "admin"),
    lambda node: node.remove_member("#friends", "bob"),
    lambda node: node.rename_room("#friends", "club"),
    lambda node: node.leave_room("#friends"),
    lambda node: node.forget_room("#friends"),
    lambda node: node.renew_room("#friends"),
    lambda node: node.mute_room("#friends"),
    lambda node: node.disappear_in_room("#friends", 60.0),
    lambda node: node.send("#friends", "hi", wait="queued"),
    lambda node: node.history("#friends"),
    lambda node: node.forget("#friends"),
    lambda node: node.keep_draft("#friends", "hi"),
]


async def test_a_new_home_has_no_rooms_and_can_make_none_without_a_contact(lone: Node) -> None:
    assert await lone.list_rooms() == []
    for ask in ASKED:
        with pytest.raises(UsageError, match="friends"):
            await ask(lone)
    with pytest.raises(UsageError, match="pair with a contact first"):
        await lone.create_room("friends")
