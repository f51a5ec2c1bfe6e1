"""Files that we give: offered, asked for, read, sent.

Knows: what follows from a contact's words and requests. Does not know: the disk, or when a block leaves.
"""

from __future__ import annotations

from typing import Final

from p2pchat.core.files.outputs import FileOutput, SendBlocks, TellFileWord
from p2pchat.core.files.quotas import FileQuotas
from p2pchat.core.files.sending import Sending
from p2pchat.core.files.table import FileTable, expiry_of
from p2pchat.core.kit.table import Table
from p2pchat.core.values.files import FetchPiece, FileRecord, FileState, FileSubmitted
from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.types import ContactId, MessageId
from p2pchat.wire.files import FileEnd, FileEnded, FileOffer, FileRequest

UNKNOWN_MAX: Final = 64
"""Files that a contact asked for in vain and was told so, once each."""

STATES: Final = {
    FileEnd.DECLINED: FileState.DECLINED,
    FileEnd.CANCELLED: FileState.CANCELLED,
    FileEnd.WHOLE: FileState.WHOLE,
    FileEnd.WRONG: FileState.WRONG,
    FileEnd.UNKNOWN: FileState.LOST,
    FileEnd.FULL: FileState.FULL,
}
"""What became of a file, by what its receiver says."""


class OutgoingFiles:
    """One home's. Each method returns what is to be done."""

    def __init__(self, table: FileTable, quotas: FileQuotas) -> None:
        self._table = table
        self._quotas = quotas
        self._unknown = Table[tuple[ContactId, MessageId], None](UNKNOWN_MAX)

    def offer_file(self, input: FileSubmitted, now: float) -> list[FileOutput]:
        """The person gives a file; its content is in the home."""
        contact = self._table.contact(input.contact)
        if contact is None:
            return [Rejected(Reason.NO_SUCH_CONTACT)]
        if contact.blocked:
            return [Rejected(Reason.CONTACT_BLOCKED)]
        if input.id in self._table.files:
            return []
        reason = self._quotas.refuse_outgoing(self._table.files.values(), contact.id, input.size)
        if reason is not None:
            return [Rejected(reason)]
        file = FileRecord(
            input.id,
            contact.id,
            True,
            input.id,
            now,
            input.name,
            input.size,
            input.kind,
            input.salt,
            input.root,
            input.key,
            FileState.OFFERED,
            now,
            expires_at=expiry_of(contact, now),
        )
        offer = FileOffer(file.called, now, file.name, file.size, file.kind, file.salt, file.root)
        return [*self._table.move_file(file, file.state, now), TellFileWord(contact.id, offer)]

    def take_acceptance(self, contact: ContactId, called: MessageId, now: float) -> list[FileOutput]:
        """The contact wants the file."""
        file = self._table.find_called(contact, called, outgoing=True)
        return self._accept(file, now) if file is not None else self._tell_unknown(contact, called)

    def take_end(self, contact: ContactId, called: MessageId, end: FileEnd, now: float) -> list[FileOutput]:
        """The contact says what became of it."""
        file = self._table.find_called(contact, called, outgoing=True)
        if file is None or not file.state.open:
            return []
        return self._table.finish_transfer(file, STATES[end], now)

    def take_request(self, contact: ContactId, request: FileRequest, now: float) -> list[FileOutput]:
        """Who asks has accepted, even if the word that says so is still on its way."""
        file = self._table.find_called(contact, request.file, outgoing=True)
        if file is None:
            return self._tell_unknown(contact, request.file)
        if not file.state.open:
            return []
        outputs = self._accept(file, now)
        file = self._table.files[file.id]
        sending = self._table.sending.setdefault(file.id, Sending())
        if sending.take_request(file, request):
            outputs.append(FetchPiece(file, request.piece))
        return [*outputs, *self._table.report_progress(file, now)]

    def take_fetched(self, id: MessageId, index: int, sent: bytes | None, now: float) -> list[FileOutput]:
        """A piece was read."""
        file, sending = self._table.files.get(id), self._table.sending.get(id)
        if file is None or sending is None:
            return []
        if sent is None:
            return self._table.end_transfer(file, FileState.LOST, FileEnd.UNKNOWN, now)
        blocks = sending.cut_blocks(file, index, sent)
        if blocks is None:
            assert sending.request is not None, "it was read for a request"
            return [FetchPiece(file, sending.request.piece)]
        return [SendBlocks(file.contact, file.called, blocks)]

    def _accept(self, file: FileRecord, now: float) -> list[FileOutput]:
        if file.state is not FileState.OFFERED:
            return []
        return self._table.move_file(file, FileState.ACCEPTED, now)

    def _tell_unknown(self, contact: ContactId, called: MessageId) -> list[FileOutput]:
        if (contact, called) in self._unknown:
            return []
        self._unknown.put((contact, called), None)
        return [TellFileWord(contact, FileEnded(called, FileEnd.UNKNOWN))]
