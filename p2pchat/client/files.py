"""Files: they are given, taken, and followed.

Knows: how each question outlives the node that it was asked of. Does not know: where the node runs.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from p2pchat.client.following import remaining
from p2pchat.client.homes import absolute
from p2pchat.client.node_connection import NodeConnection
from p2pchat.control import files, methods, parameters
from p2pchat.control.files import FileEvent
from p2pchat.errors import NotInTime

ANSWER_S = 1.0
"""So much longer than its ``timeout`` the node may take to say that time ran out."""


class FileCalls(NodeConnection):
    """The methods about files. ``id``: the beginning of one is enough."""

    async def list_files(self) -> list[files.FileInfo]:
        """All files, ours and theirs: ``id``, ``sender``, ``contact``, ``at``, ``name``, ``size``, ``kind``,
        ``outgoing``, ``state`` (``offered``, ``accepted``, ``whole``, ``saved``, or why it is over),
        ``bytes`` (that its receiver has)."""
        return await self._call(methods.FILES, parameters.NoParams())

    async def offer_file(self, to: str, path: str | Path) -> files.FileInfo:
        """Offer a file to a contact: it goes through the mesh once they accept. A sealed copy is made in the
        home, so that the file may change or go. Raises UsageError, LimitError."""
        place, id = str(absolute(Path(path))), os.urandom(16).hex()
        return await self._call(methods.OFFER_FILE, parameters.OfferFileParams(to=to, path=place, id=id))

    async def accept_file(self, id: str) -> files.FileInfo:
        """Have an offered file sent. Raises UsageError, LimitError, Ended."""
        return await self._call(methods.ACCEPT_FILE, parameters.FileParams(id=id))

    async def decline_file(self, id: str) -> files.FileInfo:
        """Decline an offered file."""
        return await self._call(methods.DECLINE_FILE, parameters.FileParams(id=id))

    async def cancel_file(self, id: str) -> files.FileInfo:
        """End a transfer, or drop what came and was not saved."""
        return await self._call(methods.CANCEL_FILE, parameters.FileParams(id=id))

    async def save_file(self, id: str, folder: str | Path) -> Path:
        """Write a file that came into a folder, under its name, or one with a number where that is taken; the
        home does not keep it after that. Raises UsageError, LimitError, Ended."""
        params = parameters.SaveFileParams(id=id, folder=str(absolute(Path(folder))))
        return Path((await self._call(methods.SAVE_FILE, params)).path)

    async def wait_for_file(
        self,
        id: str,
        *,
        timeout: float | None = None,
        on_move: Callable[[FileEvent], None] | None = None,
    ) -> files.FileInfo:
        """Wait until the receiver has all of a file. ``on_move`` is told each step. Raises NotInTime (it goes
        on), Ended (it was declined, cancelled, or is not what was offered)."""
        left = remaining(timeout)

        async def follow() -> files.FileInfo:
            params = parameters.WaitForFileParams(id=id, timeout=left())
            async with self._report_silence(), self._open_call(methods.WAIT_FOR_FILE, params) as call:
                async for event in call:
                    if isinstance(event, FileEvent) and on_move is not None:
                        on_move(event)
                return await call.wait_result()

        try:
            async with asyncio.timeout(None if timeout is None else timeout + ANSWER_S):
                return await self._ask_until_answered(follow)
        except TimeoutError:
            raise NotInTime(f"not transferred within {timeout:g} s; it goes on while nodes run") from None
