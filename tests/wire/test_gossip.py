"""IHAVE, GRAFT and PRUNE fit their frame and come back; anything else is malformed."""

from __future__ import annotations

import pytest

from p2pchat.errors import Malformed
from p2pchat.types import CellId
from p2pchat.wire.codec import pack
from p2pchat.wire.control import decode, encode
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.gossip import ID_BYTES, IDS_MAX, Gossip, Graft, Ihave, Prune

FULL = tuple(CellId(bytes([number]) * ID_BYTES) for number in range(IDS_MAX))


@pytest.mark.parametrize(
    "message",
    [
        Ihave(FULL, late=True),
        Ihave(FULL[:1], late=False),
        Graft(FULL, eager=True),
        Graft((), eager=False),
        Prune(agreed=False),
        Prune(agreed=True),
    ],
)
def test_messages_come_back_equal_and_fit_a_frame(message: Gossip) -> None:
    body = encode(message)
    assert len(body) <= GEOMETRY.body
    assert decode(body) == message


@pytest.mark.parametrize("ids", [(*FULL, bytes(ID_BYTES)), (bytes(ID_BYTES - 1),)])
def test_what_does_not_fit_is_a_mistake_of_ours(ids: tuple[CellId, ...]) -> None:
    with pytest.raises(ValueError, match="ids"):
        encode(Ihave(ids, late=False))


@pytest.mark.parametrize(
    "fields",
    [
        {"t": 16, "late": False},
        {"t": 16, "ids": bytes(ID_BYTES + 1), "late": False},
        {"t": 16, "ids": b"", "late": 0},
        {"t": 17, "ids": b""},
        {"t": 17, "ids": "", "eager": True},
        {"t": 16, "ids": bytes((IDS_MAX + 1) * ID_BYTES), "late": False},
    ],
)
def test_what_is_no_message_is_malformed(fields: object) -> None:
    with pytest.raises(Malformed):
        decode(pack(fields))
