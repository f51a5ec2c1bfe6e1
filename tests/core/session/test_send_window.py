"""How many cells may leave before the contact shows that it has seen some, and what it may claim to have
seen."""

from __future__ import annotations

import pytest

from p2pchat.core.session.send_window import DATA_WINDOW, SILENT_RESERVE, SILENT_WINDOW, SKIP_MAX, SendWindow
from p2pchat.crypto.envelope import EPOCH_SECONDS, LOOKAHEAD, SendChain
from p2pchat.types import Epoch
from p2pchat.wire.geometry import GEOMETRY

EPOCH = Epoch(1000)
NOW = EPOCH * EPOCH_SECONDS


@pytest.fixture
def window() -> SendWindow:
    return SendWindow(SendChain(bytes(32), EPOCH))


def send(window: SendWindow, cells: int) -> None:
    for _ in range(cells):
        window.chain.seal_cell(bytes(GEOMETRY.plain))


def test_each_cell_that_leaves_takes_room_and_what_is_seen_gives_it_back(window: SendWindow) -> None:
    send(window, 10)
    assert window.data_space(NOW) == DATA_WINDOW - 10
    assert window.silent_space(NOW) == SILENT_WINDOW - 10
    assert window.answer_space(NOW) == LOOKAHEAD - 10
    window.note_seen(EPOCH, 6)
    assert window.data_space(NOW) == DATA_WINDOW - 3


def test_more_may_leave_into_silence_as_the_epoch_goes_on(window: SendWindow) -> None:
    late = NOW + EPOCH_SECONDS * 0.75
    assert window.silent_space(late) == SILENT_WINDOW + SILENT_RESERVE * 3 // 4


def test_a_new_epoch_has_all_its_room(window: SendWindow) -> None:
    send(window, DATA_WINDOW)
    assert window.data_space(NOW) == 0
    assert window.data_space(NOW + EPOCH_SECONDS) == DATA_WINDOW


def test_what_was_seen_is_never_taken_back(window: SendWindow) -> None:
    send(window, 10)
    window.note_seen(EPOCH, 6)
    window.note_seen(EPOCH, 2)
    assert window.has_seen(EPOCH, 6) and not window.has_seen(EPOCH, 7)
    window.chain.advance_to(Epoch(EPOCH + 1))
    window.note_seen(EPOCH, 9)
    assert not window.has_seen(EPOCH, 9), "it says nothing of the present epoch"


def test_we_go_on_behind_what_another_copy_of_this_home_has_written(window: SendWindow) -> None:
    send(window, 1)
    window.note_seen(EPOCH, 100)
    assert window.chain.index == 101
    assert not window.overtaken


@pytest.mark.parametrize(("epoch", "index"), [(EPOCH, SKIP_MAX + 1), (EPOCH + 1, 0)])
def test_what_lies_too_far_ahead_is_not_followed(window: SendWindow, epoch: int, index: int) -> None:
    send(window, 1)
    window.note_seen(Epoch(epoch), index)
    assert window.overtaken
    assert window.chain.index == 1 and not window.has_seen(EPOCH, 0)
