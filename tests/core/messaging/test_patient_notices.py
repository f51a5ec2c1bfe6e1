"""What goes when nothing else does: a few at a time, within half the window, requests first."""

from __future__ import annotations

import pytest

from p2pchat.core.messaging.conversation import Conversation
from p2pchat.core.messaging.outputs import SendCell
from p2pchat.core.messaging.patient_notices import HANDED_MAX, LEAVES_S, UNSEEN_MAX, PatientNotices
from p2pchat.core.session.send_window import DATA_WINDOW
from p2pchat.core.values.user_inputs import Haste
from p2pchat.types import MessageId
from p2pchat.wire.cell import tag_of
from p2pchat.wire.files import FileBlock, FileRequest
from tests.core.messaging.test_messages import friends
from tests.support.world import World

FILE, OTHER = MessageId("0a" * 16), MessageId("0b" * 16)
REQUEST = FileRequest(FILE, 0, b"", 0, resend=True)


@pytest.fixture
def world() -> World:
    world = friends("alice", "bob")
    world.run(60.0)
    return world


def notices_of(world: World) -> tuple[PatientNotices, Conversation]:
    talks = world.machines["alice"].running._conversations._by_id
    talk = talks[world.conversation("alice", "bob")]
    return talk.notices, talk


def blocks(count: int, file: MessageId = FILE) -> list[FileBlock]:
    return [FileBlock(file, 0, at, b"data") for at in range(count)]


def flush(notices: PatientNotices, now: float) -> list[bytes]:
    cells = notices.flush(now)
    assert all(isinstance(cell, SendCell) and cell.haste is Haste.PATIENT for cell in cells)
    return [cell.cell for cell in cells if isinstance(cell, SendCell)]


def test_a_few_are_handed_over_and_others_as_they_leave(world: World) -> None:
    notices, _ = notices_of(world)
    notices.put_blocks(FILE, blocks(HANDED_MAX + 3))
    cells = flush(notices, world.now)
    assert len(cells) == HANDED_MAX and flush(notices, world.now) == []
    assert notices.note_left(tag_of(cells[0])) and not notices.note_left(tag_of(cells[0]))
    assert len(flush(notices, world.now)) == 1


def test_what_never_leaves_makes_room_some_day(world: World) -> None:
    notices, _ = notices_of(world)
    notices.put_blocks(FILE, blocks(HANDED_MAX + 1))
    flush(notices, world.now)
    assert notices.next_wakeup() == world.now + LEAVES_S
    assert len(flush(notices, world.now + LEAVES_S)) == 1


def test_half_the_window_is_left_to_people(world: World) -> None:
    notices, talk = notices_of(world)
    notices.put_blocks(FILE, blocks(2 * DATA_WINDOW))
    sent = 0
    while cells := flush(notices, world.now):
        sent += len(cells)
        for cell in cells:
            notices.note_left(tag_of(cell))
    assert UNSEEN_MAX - 10 < sent <= UNSEEN_MAX + 1
    assert talk.delivery.session.window.data_space(world.now) >= DATA_WINDOW - UNSEEN_MAX - 1
    notices.put_blocks(FILE, blocks(5))
    assert len(flush(notices, world.now)) == 1, "who has just asked listens"


def test_requests_go_first_and_one_for_each_file(world: World) -> None:
    notices, _ = notices_of(world)
    notices.put_blocks(OTHER, blocks(9, OTHER))
    for _ in range(3):
        notices.put_request(REQUEST)
    assert len(flush(notices, world.now)) == HANDED_MAX
    assert not notices._requests and len(notices._blocks) == 9 - (HANDED_MAX - 1)


def test_blocks_can_be_taken_back(world: World) -> None:
    notices, _ = notices_of(world)
    notices.put_blocks(FILE, blocks(9))
    notices.put_blocks(OTHER, ())
    assert len(notices._blocks) == 9
    notices.put_blocks(FILE, ())
    assert not notices._blocks
    notices.put_request(REQUEST)
    notices.put_blocks(FILE, blocks(9))
    notices.drop_all()
    assert flush(notices, world.now) == []
