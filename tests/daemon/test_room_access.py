"""What methods about rooms share: the room as it is after a change, and refusals in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from p2pchat.core.values.inputs import Input
from p2pchat.core.values.records import Trust
from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.core.values.room_inputs import RoomRenamed
from p2pchat.daemon.room_access import RoomAccess
from p2pchat.errors import LimitError, UsageError
from tests.support.room_views import ROOM, FakeCore, contact, member, room

BOB = contact("bob")
FRIENDS = room("friends", member(b"\x02", "robert", contact=BOB.id), member(b"\x06", "dave"))


def access(core: FakeCore) -> RoomAccess:
    return RoomAccess(cast(Any, core))


async def test_a_changed_room_is_shown_as_it_is_then() -> None:
    core = FakeCore(FRIENDS)

    def rename(input: Input) -> None:
        core.rooms.rooms = [replace(FRIENDS, record=replace(FRIENDS.record, name="club"))]

    core.take = rename
    assert (await access(core).change_room(FRIENDS, RoomRenamed(ROOM, "club"), "club")).name == "#club"


def test_a_member_that_is_a_verified_contact_is_shown_so() -> None:
    core = FakeCore(FRIENDS)
    core.people = [replace(BOB, trust=Trust(verified=True))]
    shown = [access(core).view_member(FRIENDS, one.id) for one in FRIENDS.members]
    assert [(one.contact, one.verified) for one in shown] == [(True, True), (False, False)]


REFUSED = [(Reason.ROOM_WAITS, LimitError, "put back to a copy"), (Reason.ROOM_NAME_TAKEN, UsageError, "'x'")]


@pytest.mark.parametrize(("reason", "kind", "words"), REFUSED)
async def test_a_refusal_is_told_in_words(reason: Reason, kind: type[Exception], words: str) -> None:
    core = FakeCore(FRIENDS)
    core.take = lambda input: Rejected(reason, "x")
    with pytest.raises(kind, match=words):
        await access(core).submit_input(RoomRenamed(ROOM, "x"))
