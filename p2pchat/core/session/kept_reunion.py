"""What is kept of a reunion, as plain values, and what homes of before kept of it.

Knows: the names and their defaults. Does not know: what follows from them.
"""

from __future__ import annotations

from typing import Any

from p2pchat.core.session.halves import OwnKeys, TheirKeys, both_as_values
from p2pchat.core.values.records import RecoveryState
from p2pchat.ports import Entropy
from p2pchat.wire import codec

_SNAPSHOT_LIMIT = 4 << 20


def begin_torn(own: OwnKeys, theirs: TheirKeys | None) -> bytes:
    """The state of an end that has nothing but the keys."""
    return codec.pack({**_nothing(), **both_as_values(own, theirs), "torn": True})


def read_reunion(kept: RecoveryState | None, entropy: Entropy) -> codec.Reader:
    """Read what is kept, or what is known of a contact at first. What homes of before had asked or answered
    is of no use. Raises Malformed."""
    if kept is None:
        return codec.Reader({**both_as_values(OwnKeys.draw_first(entropy), None), **_nothing()})
    value: Any = codec.unpack(kept.state, _SNAPSHOT_LIMIT)
    if not isinstance(value, dict):
        return codec.Reader(value)
    if "asked" not in value:
        value |= {"knock": [], "asked": [], "pending": []}
    if value.pop("anew", False):
        value["theirs"] = b""  # paired again, and not told the contact's key since
    return codec.Reader({"contended": False, "alone": False, "doubt": [], **value})


def _nothing() -> dict[str, Any]:
    """Nothing happened yet."""
    nothing: dict[str, Any] = dict.fromkeys(("told", "alone", "torn", "unconfirmed", "contended"), False)
    return nothing | {name: [] for name in ("former", "knock", "doubt", "asked", "pending")}
