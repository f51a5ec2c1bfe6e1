"""The files that are known here, and the transfers that are under way.

Knows: what is kept and told when a file gets another state. Does not know: why it gets one. Parent of
``progress``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from p2pchat.core.files.outputs import FileOutput, SendBlocks, TellFileWord
from p2pchat.core.files.progress import TransferProgress
from p2pchat.core.files.receiving import Receiving
from p2pchat.core.files.sending import Sending
from p2pchat.core.values.effects import Notify, Persist
from p2pchat.core.values.files import DropContent, DropFile, FileMoved, FileRecord, FileState, PutFile
from p2pchat.core.values.records import Contact
from p2pchat.crypto.identity import received_id
from p2pchat.types import ContactId, MessageId
from p2pchat.wire.files import FileEnd, FileEnded

FINISHED_MAX: Final = 500
"""Files that are over and listed; the oldest is forgotten for a new one."""


class FileTable:
    """One home's. Methods with outputs return what is to be done."""

    def __init__(self, files: Iterable[FileRecord], contact: Callable[[ContactId], Contact | None]) -> None:
        self.files = {file.id: file for file in files}
        """In the order in which they were offered."""
        self.contact = contact
        self.receiving: dict[MessageId, Receiving] = {}
        self.sending: dict[MessageId, Sending] = {}
        self.moved = False
        """Whether another file may have its turn."""
        self._progress: dict[MessageId, TransferProgress] = {}

    def find_called(self, contact: ContactId, called: MessageId, outgoing: bool) -> FileRecord | None:
        """Find a file by its contact and by how both ends call it."""
        file = self.files.get(called if outgoing else received_id(contact, called))
        return file if file is not None and (file.contact, file.outgoing) == (contact, outgoing) else None

    def list_coming(self) -> Iterator[FileRecord]:
        """What is on its way here, what was accepted first at the front."""
        files = (file for file in self.files.values() if not file.outgoing)
        coming = (file for file in files if file.state is FileState.ACCEPTED)
        return iter(sorted(coming, key=lambda file: file.changed_at))

    def count_bytes(self, file: FileRecord) -> int:
        """How much of a file its receiver has."""
        if file.state in (FileState.WHOLE, FileState.SAVED):
            return file.size
        if file.outgoing:
            sending = self.sending.get(file.id)
            return sending.count_bytes(file) if sending is not None else 0
        receiving = self.receiving.get(file.id)
        partial = receiving.partial_bytes if receiving is not None else 0
        return min(file.size, file.kept_bytes + partial)

    def put_file(self, file: FileRecord) -> list[FileOutput]:
        """Keep a file as it is now."""
        self.files[file.id] = file
        return [Persist(PutFile(file))]

    def move_file(self, file: FileRecord, state: FileState, now: float) -> list[FileOutput]:
        """A file has another state: it is kept and told."""
        moved = replace(file, state=state, changed_at=now)
        self.moved = True
        return [*self.put_file(moved), *self.report_progress(moved, now, turned=True)]

    def report_progress(self, file: FileRecord, now: float, turned: bool = False) -> list[FileOutput]:
        """Tell how far a file has come. ``turned``: it has another state."""
        amount = self.count_bytes(file)
        progress = self._progress.setdefault(file.id, TransferProgress())
        return [Notify(FileMoved(file, amount, progress.note_amount(amount, now), turned))]

    def end_transfer(self, file: FileRecord, state: FileState, end: FileEnd, now: float) -> list[FileOutput]:
        """The transfer is over here, and the other end is to know it."""
        if not file.state.open:
            return []
        return [
            TellFileWord(file.contact, FileEnded(file.called, end)),
            *self.finish_transfer(file, state, now),
        ]

    def finish_transfer(self, file: FileRecord, state: FileState, now: float) -> list[FileOutput]:
        """The transfer is over; content that is of no use goes."""
        self.receiving.pop(file.id, None)
        sent = self.sending.pop(file.id, None)
        outputs = self.move_file(file, state, now)
        self._progress.pop(file.id, None)
        if sent is not None:
            outputs.append(SendBlocks(file.contact, file.called, ()))
        if file.outgoing or state is not FileState.WHOLE:
            outputs.append(DropContent(file.id))
        return [*outputs, *self._forget_oldest()]

    def forget_file(self, file: FileRecord) -> list[FileOutput]:
        """Nothing stays of it."""
        for table in (self.files, self.receiving, self.sending, self._progress):
            table.pop(file.id, None)
        self.moved = True
        return [Persist(DropFile(file.id)), DropContent(file.id)]

    def _forget_oldest(self) -> list[FileOutput]:
        over = [file for file in self.files.values() if is_over(file)]
        oldest = sorted(over, key=lambda file: file.changed_at)[: max(0, len(over) - FINISHED_MAX)]
        return [output for file in oldest for output in self.forget_file(file)]


def is_over(file: FileRecord) -> bool:
    """Whether nothing more happens to it: what came whole waits to be saved."""
    return not file.state.open and (file.outgoing or file.state is not FileState.WHOLE)


def holds_content(file: FileRecord) -> bool:
    """Whether something of it is in the home."""
    return file.state.open if file.outgoing else file.state.holds_content


def expiry_of(contact: Contact, now: float) -> float | None:
    """When a file is forgotten, where what is said disappears."""
    seconds = contact.preferences.retention_s
    return now + seconds if seconds else None
