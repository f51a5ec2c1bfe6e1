"""What a neighbour says for its contacts alone is in no log."""

from __future__ import annotations

from p2pchat.core.mesh.outputs import MarksGiven
from p2pchat.types import LinkId
from p2pchat.wire.marks import MARK_BYTES, MARKS, NONCE_BYTES, Marks


def test_marks_are_not_shown() -> None:
    marks = Marks(bytes(NONCE_BYTES), (b"secret".ljust(MARK_BYTES),) * MARKS)
    assert "secret" not in repr(MarksGiven(LinkId(1), marks))
