"""What neighbours say to each other about the cells that spread: IHAVE, GRAFT and PRUNE (Plumtree, 2007).

Knows: the messages. Does not know: which link is eager, or when to ask.

Types 16 to 18 of a control frame. Ids are laid end to end in one byte string: a frame of them has no room to
waste.
"""

from __future__ import annotations

from typing import Final, assert_never, cast

from p2pchat.data import dataclass
from p2pchat.errors import Malformed
from p2pchat.types import CellId
from p2pchat.wire.codec import Reader

TYPES: Final = range(16, 19)

ID_BYTES: Final = 16
"""A cell's id: BLAKE2b-128 of its bytes."""

IDS_MAX: Final = 68
"""Ids in one message: 1088 bytes of a body's 1120."""


@dataclass(frozen=True, slots=True)
class Ihave:
    """The sender has these cells and did not push them; at most ``IDS_MAX``."""

    ids: tuple[CellId, ...]
    late: bool
    """The cells were recovered later than they spread: no other neighbour will push them."""


@dataclass(frozen=True, slots=True)
class Graft:
    """Send these cells, at most ``IDS_MAX``. ``eager``: and let us push every further one to each other."""

    ids: tuple[CellId, ...]
    eager: bool


@dataclass(frozen=True, slots=True)
class Prune:
    """Let us no longer push cells to each other, but announce them."""

    agreed: bool
    """False: a proposal; True: so it is from now on."""


Gossip = Ihave | Graft | Prune


def fields(message: Gossip) -> dict[str, object]:
    """The message as a map, its type under ``t``. Raises ValueError on too many ids or one of another
    size."""
    match message:
        case Ihave(ids, late):
            return {"t": 16, "ids": _join(ids), "late": late}
        case Graft(ids, eager):
            return {"t": 17, "ids": _join(ids), "eager": eager}
        case Prune(agreed):
            return {"t": 18, "agreed": agreed}
    assert_never(message)


def read(kind: int, reader: Reader) -> Gossip:
    """Undo ``fields`` for a type in ``TYPES``. Raises Malformed."""
    match kind:
        case 16:
            return Ihave(_split(reader), reader.get_flag("late"))
        case 17:
            return Graft(_split(reader), reader.get_flag("eager"))
        case _:
            return Prune(reader.get_flag("agreed"))


def _join(ids: tuple[CellId, ...]) -> bytes:
    if len(ids) > IDS_MAX or any(len(id) != ID_BYTES for id in ids):
        raise ValueError(f"{len(ids)} ids, or one that is not of {ID_BYTES} bytes")
    return b"".join(ids)


def _split(reader: Reader) -> tuple[CellId, ...]:
    joined = reader.get_bytes("ids", limit=IDS_MAX * ID_BYTES)
    if len(joined) % ID_BYTES:
        raise Malformed("a part of an id")
    ids = tuple(joined[at : at + ID_BYTES] for at in range(0, len(joined), ID_BYTES))
    return cast("tuple[CellId, ...]", ids)
