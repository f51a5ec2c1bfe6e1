"""What is sealed, and what a neighbour said, is in no log."""

from __future__ import annotations

from p2pchat.core.membership.outputs import MessageReceived, SendBlob
from p2pchat.types import LinkId
from p2pchat.wire.frame import Frame, FrameKind
from tests.support.sides import SEAT


def test_a_blob_and_a_frame_are_not_shown() -> None:
    assert "secret" not in repr(SendBlob(SEAT, b"secret"))
    assert "secret" not in repr(MessageReceived(LinkId(1), Frame(FrameKind.CELL, b"secret")))
