"""Make homes of people, of whom the first is everybody's contact; all in one process, for its start is dear.

Run it as ``python -m tests.support.introduce FOLDER URL NAME ...``.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from p2pchat.client import connect, create_home
from tests.support.nodes import pair


async def introduce(folder: Path, url: str, names: list[str]) -> None:
    """Have every other person join the first, at this rendezvous."""
    for name in names:
        create_home(folder / name, name, [url])
    async with connect(folder / names[0]) as first:
        for name in names[1:]:
            async with connect(folder / name) as other:
                await pair(first, other)


if __name__ == "__main__":
    asyncio.run(introduce(Path(sys.argv[1]), sys.argv[2], sys.argv[3:]))
