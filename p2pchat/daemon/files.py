"""The methods about files: offer, accept, decline, cancel, save, wait.

Knows: which file a caller means, when a caller has what it waits for. Does not know: how files travel, or how
their content is kept.
"""

from __future__ import annotations

import asyncio
import mimetypes
import re
from pathlib import Path
from typing import Final

from p2pchat.control import files, methods, parameters
from p2pchat.control.failures import INVALID_PARAMS, MethodError
from p2pchat.core.values.files import (
    DropContent,
    FileAnswered,
    FileCancelled,
    FileMoved,
    FileRecord,
    FileRequestInput,
    FileSaved,
    FileState,
    FileSubmitted,
)
from p2pchat.daemon.control import Caller
from p2pchat.daemon.events import Subscription
from p2pchat.daemon.file_views import file_info, moved
from p2pchat.daemon.handlers import Handlers
from p2pchat.daemon.names import is_room
from p2pchat.daemon.needs import MessageNeeds
from p2pchat.daemon.refusals import raise_refusal
from p2pchat.errors import ControlError, Ended, NotInTime, UsageError
from p2pchat.types import MessageId
from p2pchat.wire.files import is_file_kind, make_file_name

_FILE_ID: Final = re.compile(r"[0-9a-f]{32}")

_WHY: Final = {
    FileState.DECLINED: "the file was declined",
    FileState.CANCELLED: "the transfer was cancelled",
    FileState.WRONG: "what came was not what was offered; the transfer was ended",
    FileState.LOST: "the sender does not have the file any more",
    FileState.FULL: "the receiver has no room for the file",
    FileState.EXPIRED: "the file was given up after two weeks",
}


class FileMethods:
    """Handles requests about files, for one running node."""

    def __init__(self, host: MessageNeeds) -> None:
        self._host = host
        self._importing = asyncio.Lock()

    def add_handlers(self, handlers: Handlers) -> None:
        """Register the handlers of requests about files."""
        handlers.add(methods.FILES, self.list_files)
        handlers.add(methods.OFFER_FILE, self.offer_file)
        handlers.add(methods.ACCEPT_FILE, self.accept_file)
        handlers.add(methods.DECLINE_FILE, self.decline_file)
        handlers.add(methods.CANCEL_FILE, self.cancel_file)
        handlers.add(methods.SAVE_FILE, self.save_file)
        handlers.add(methods.WAIT_FOR_FILE, self.wait_for_file)

    async def list_files(self, params: parameters.NoParams, caller: Caller) -> list[files.FileInfo]:
        """List all files, the oldest offer first."""
        return [self._show(file) for file in self._host.node.files.list_files()]

    async def offer_file(self, params: parameters.OfferFileParams, caller: Caller) -> files.FileInfo:
        """Seal a copy of a file in the home, and offer it. A second request with the same id offers no second
        file."""
        id = MessageId(params.id or self._host.entropy.draw_bytes(16).hex())
        if not _FILE_ID.fullmatch(id):
            raise MethodError(INVALID_PARAMS, "id must be 32 hexadecimal digits")
        partner, path = self._host.names.find_partner(params.to), _absolute(params.path)
        if is_room(partner.conversation):
            raise UsageError("a file goes to one contact; rooms take none yet")
        async with self._importing:
            if self._host.node.files.find_file(id) is None:
                await self._import_and_submit(id, params.to, path)
        return self._show(self._find(id))

    async def _import_and_submit(self, id: MessageId, to: str, path: Path) -> None:
        contact, limit = self._host.names.find_contact(to), self._host.node.files.size_limit
        salt, key = self._host.entropy.draw_bytes(32), self._host.entropy.draw_bytes(32)
        found = await self._host.ask_store(lambda store: store.pieces.import_file(path, id, salt, key, limit))
        name, guessed = make_file_name(path.name), mimetypes.guess_type(path.name)[0] or ""
        kind = guessed if is_file_kind(guessed) else ""
        submitted = FileSubmitted(id, contact.id, name, found.size, kind, salt, found.root, key)
        rejected = await self._host.driver.submit_and_persist(submitted)
        if rejected is not None:
            await self._host.ask_store(lambda store: store.serve_file(DropContent(id)))
        raise_refusal(rejected, contact=to)

    async def accept_file(self, params: parameters.FileParams, caller: Caller) -> files.FileInfo:
        """Accept an offered file, so that it is sent; a repeated request changes nothing."""
        file = self._find(params.id)
        if file.outgoing or file.state not in (FileState.ACCEPTED, FileState.WHOLE):
            await self._submit(FileAnswered(file.id, accept=True), file)
        return self._show(self._find(file.id))

    async def decline_file(self, params: parameters.FileParams, caller: Caller) -> files.FileInfo:
        """Decline an offered file."""
        file = self._find(params.id)
        if file.outgoing or file.state is not FileState.DECLINED:
            await self._submit(FileAnswered(file.id, accept=False), file)
        return self._show(self._find(file.id))

    async def cancel_file(self, params: parameters.FileParams, caller: Caller) -> files.FileInfo:
        """End a transfer, or drop a received file that was not saved."""
        file = self._find(params.id)
        if file.state is not FileState.CANCELLED:
            await self._submit(FileCancelled(file.id), file)
        return self._show(self._find(file.id))

    async def save_file(self, params: parameters.SaveFileParams, caller: Caller) -> files.SavedFileResult:
        """Write a received file into a folder, and drop it from the home."""
        file, folder = self._find(params.id), _absolute(params.folder)
        if file.outgoing:
            raise UsageError("this file is one of yours; only what came can be saved")
        if file.state is FileState.SAVED:
            raise Ended("this file was saved already; the home does not keep it after that")
        if file.state is not FileState.WHOLE:
            raise UsageError(f"{file.name} is not here yet: it is {file.state.value}")
        path = await self._host.ask_store(lambda store: store.pieces.save_file(file, folder))
        await self._submit(FileSaved(file.id), file)
        return files.SavedFileResult(id=file.id, path=str(path))

    async def wait_for_file(self, params: parameters.WaitForFileParams, caller: Caller) -> files.FileInfo:
        """Wait until the receiver has all of a file; each step is sent as an event."""
        file = self._find(params.id)
        with self._host.events.follow_all() as happenings:
            try:
                async with asyncio.timeout(params.timeout):
                    await self._follow(file.id, happenings, caller)
            except TimeoutError:
                state = self._find(file.id).state.value
                raise NotInTime(
                    f"{file.name} is {state}; the transfer goes on while nodes run at both ends"
                ) from None
        return self._show(self._find(file.id))

    async def _follow(self, id: MessageId, happenings: Subscription, caller: Caller) -> None:
        files_here, names = self._host.node.files, self._host.names
        file = self._find(id)
        caller.send_event(moved(FileMoved(file, files_here.count_bytes(file), 0.0, turned=True), names))
        while file.state.open:
            event = await anext(happenings, None)
            if event is None:
                raise ControlError("this caller was too slow and has missed events")
            if isinstance(event, FileMoved) and event.file.id == id:
                file = event.file
                caller.send_event(moved(event, names))
            elif files_here.find_file(id) is None:
                raise Ended("the file was forgotten meanwhile")
        if file.state in _WHY:
            raise Ended(_WHY[file.state])

    async def _submit(self, input: FileRequestInput, file: FileRecord) -> None:
        raise_refusal(await self._host.driver.submit_and_persist(input), contact=file.name)

    def _find(self, id: str) -> FileRecord:
        """The file whose id begins so. Raises UsageError."""
        known = self._host.node.files.list_files()
        found = [file for file in known if id and file.id.startswith(id)]
        if not found:
            raise UsageError("no file has that id; see 'p2pchat files list'")
        if len(found) > 1:
            raise UsageError("the ids of several files begin so; give more of it")
        return found[0]

    def _show(self, file: FileRecord) -> files.FileInfo:
        return file_info(file, self._host.node.files.count_bytes(file), self._host.names)


def _absolute(path: str) -> Path:
    """Raises UsageError."""
    place = Path(path)
    if not place.is_absolute() or "\0" in path:
        raise UsageError("the path must begin at the root")
    return place
