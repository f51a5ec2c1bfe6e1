"""A node's files for tests of the command line: they are as the test says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from p2pchat.client.files import FileCalls
from p2pchat.control.files import FileEvent, FileInfo
from p2pchat.control.values import extended
from p2pchat.errors import Ended, UsageError


def file(id: str = "9f86d081" * 4, contact: str = "bob", **rest: Any) -> FileInfo:
    """A file as the control socket gives it."""
    outgoing = bool(rest.get("outgoing"))
    known: dict[str, Any] = {
        "id": id,
        "sender": "me" if outgoing else contact,
        "contact": contact,
        "at": "2026-01-02T03:04:05.000Z",
        "name": "report.pdf",
        "size": 300_000,
        "kind": "application/pdf",
        "outgoing": False,
        "state": "offered",
        "bytes": 0,
    }
    return FileInfo(**{**known, **rest})


def moved(of: FileInfo) -> FileEvent:
    """The event of a file's new state."""
    return extended(of, FileEvent, change="state", rate=0.0)


class FakeFiles(FileCalls):
    """Changes files as it was asked to, at once."""

    def __init__(self, *of: Any, **chosen: Any) -> None:
        super().__init__(*of, **chosen)
        self.known_files: dict[str, FileInfo] = {}
        self.ends_as = "whole"
        """What becomes of a file that is waited for."""
        self.saved_in: list[Path] = []

    def put_file(self, *files: FileInfo) -> None:
        """Let there be files."""
        self.known_files |= {each.id: each for each in files}

    def _find_file(self, id: str) -> FileInfo:
        found = next((file for file in self.known_files.values() if file.id.startswith(id)), None)
        if found is None:
            raise UsageError("no file has that id; see 'p2pchat files list'")
        return found

    def _move_file(self, id: str, state: str) -> FileInfo:
        known = self._find_file(id)
        size = known.size if state == "whole" else known.bytes
        changed = self.known_files[known.id] = known.with_changes(state=state, bytes=size)
        return changed

    async def list_files(self) -> list[FileInfo]:
        return list(self.known_files.values())

    async def offer_file(self, to: str, path: str | Path) -> FileInfo:
        number = len(self.known_files)
        offered = file(f"{number:032x}", to, name=Path(path).name, outgoing=True)
        self.put_file(offered)
        return offered

    async def accept_file(self, id: str) -> FileInfo:
        return self._move_file(id, "accepted")

    async def decline_file(self, id: str) -> FileInfo:
        return self._move_file(id, "declined")

    async def cancel_file(self, id: str) -> FileInfo:
        return self._move_file(id, "cancelled")

    async def save_file(self, id: str, folder: str | Path) -> Path:
        self._move_file(id, "saved")
        self.saved_in.append(Path(folder))
        return Path(folder) / self._find_file(id).name

    async def wait_for_file(
        self,
        id: str,
        *,
        timeout: float | None = None,
        on_move: Callable[[FileEvent], None] | None = None,
    ) -> FileInfo:
        ended = self._move_file(id, self.ends_as)
        if on_move is not None:
            on_move(moved(ended))
        if self.ends_as != "whole":
            raise Ended(f"the file was {self.ends_as}")
        return ended
