"""What a person may choose has bounds, and beyond them the reason is told."""

from __future__ import annotations

from typing import Any

import pytest

from p2pchat.core.values.settings import Settings
from p2pchat.crypto.stamp import BITS_MAX


@pytest.mark.parametrize(
    ("choice", "reason"),
    [
        ({"hold_bytes": -1}, "hold_bytes >= 0"),
        ({"contact_bytes": (1 << 20) - 1}, "contact_bytes >= 1 MiB"),
        ({"stamp_bits": -1}, "stamp_bits"),
        ({"stamp_bits": BITS_MAX + 1}, "stamp_bits"),
    ],
)
def test_what_makes_no_sense_is_refused(choice: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Settings(**choice)


@pytest.mark.parametrize(
    "choice", [{"hold_bytes": 0}, {"contact_bytes": 1 << 20}, {"stamp_bits": 0}, {"stamp_bits": BITS_MAX}]
)
def test_the_least_and_the_most_are_taken(choice: dict[str, Any]) -> None:
    settings = Settings(**choice)
    assert {name: getattr(settings, name) for name in choice} == choice
