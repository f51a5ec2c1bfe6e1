"""What is said to find missing cells fits its frame and comes back; anything else is malformed."""

from __future__ import annotations

import pytest

from p2pchat.core.anti_entropy import sketch
from p2pchat.errors import Malformed
from p2pchat.types import CellKey, Epoch
from p2pchat.wire.codec import pack
from p2pchat.wire.control import decode, encode
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.reconcile import (
    INTERVALS_MAX,
    KEY_BYTES,
    KEY_SPACE,
    KEYS_MAX,
    TABLE_BYTES,
    CellDelivery,
    CellRequest,
    Horizon,
    InSync,
    KeyList,
    Reconciling,
    RoleSwap,
    SketchRequest,
    Summary,
)

FULL = tuple(CellKey(bytes([number]) * KEY_BYTES) for number in range(KEYS_MAX))
LATEST = Horizon(Epoch(2**32 - 1), 2**32 - 1)
PIECES = tuple((number << 28, number + 1 << 28) for number in range(INTERVALS_MAX))
HEAD = {"serial": 1, "floor": 2, "since": 3}


@pytest.mark.parametrize(
    "message",
    [
        SketchRequest(65_535, LATEST, PIECES),
        SketchRequest(0, Horizon(Epoch(0), 0), ((0, KEY_SPACE),), bytes(8)),
        InSync(7),
        Summary(65_535, 15, LATEST, 2**32 - 1, b"\xff" * TABLE_BYTES),
        KeyList(65_535, 15, LATEST, FULL),
        KeyList(1, 0, Horizon(Epoch(0), 0), ()),
        CellRequest(FULL),
        CellDelivery(2**32 - 1, b"c" * GEOMETRY.cell),
        RoleSwap(last=True),
    ],
)
def test_messages_come_back_equal_and_fit_a_frame(message: Reconciling) -> None:
    body = encode(message)
    assert len(body) <= GEOMETRY.body
    assert decode(body) == message


def test_the_sketches_are_those_of_the_core() -> None:
    assert (KEY_BYTES, TABLE_BYTES) == (sketch.KEY_BYTES, sketch.TABLE_BYTES)


@pytest.mark.parametrize("keys", [(*FULL, bytes(KEY_BYTES)), (bytes(KEY_BYTES - 1),)])
def test_what_does_not_fit_is_a_mistake_of_ours(keys: tuple[CellKey, ...]) -> None:
    with pytest.raises(ValueError, match="keys"):
        encode(CellRequest(keys))


@pytest.mark.parametrize(
    "fields",
    [
        {"t": 32, **HEAD, "in": b"", "digest": b""},
        {"t": 32, **HEAD, "in": bytes(15), "digest": b""},
        {"t": 32, **HEAD, "in": bytes(16), "digest": bytes(7)},
        {"t": 32, **HEAD, "in": bytes(32), "digest": b""},
        {"t": 32, **HEAD, "in": bytes(7) + b"\2" + bytes(7) + b"\1", "digest": b""},
        {"t": 32, **HEAD, "in": bytes(7) + b"\2" + bytes(7) + b"\3" + bytes(16), "digest": b""},
        {"t": 32, **HEAD, "in": bytes(16 * (INTERVALS_MAX + 1)), "digest": b""},
        {"t": 33},
        {"t": 34, **HEAD, "index": 16, "size": 0, "table": bytes(TABLE_BYTES)},
        {"t": 34, **HEAD, "index": 0, "size": 0, "table": bytes(TABLE_BYTES - 1)},
        {"t": 35, **HEAD, "index": 0, "keys": bytes(KEY_BYTES + 1)},
        {"t": 36, "keys": bytes(KEY_BYTES * (KEYS_MAX + 1))},
        {"t": 37, "slot": 1, "cell": bytes(GEOMETRY.cell - 1)},
        {"t": 37, "slot": -1, "cell": bytes(GEOMETRY.cell)},
        {"t": 38, "last": 1},
    ],
)
def test_what_is_no_message_is_malformed(fields: object) -> None:
    with pytest.raises(Malformed):
        decode(pack(fields))
