"""Whatever shows a chat can match on all that happens."""

from __future__ import annotations

import dataclasses
from typing import get_args

from p2pchat.chat import happenings


def test_the_union_names_every_happening() -> None:
    declared = {
        kind
        for kind in vars(happenings).values()
        if dataclasses.is_dataclass(kind) and kind.__module__ == happenings.__name__
    }
    assert declared == set(get_args(happenings.Happening))
