"""The shared part of tests of the client: a node of a new home without contacts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from p2pchat.client import Node, connect, create_home

NOWHERE = "ws://127.0.0.1:9"


@pytest.fixture
async def lone(tmp_path: Path) -> AsyncIterator[Node]:
    create_home(tmp_path / "ana", "ana", [NOWHERE])
    async with connect(tmp_path / "ana") as node:
        yield node
