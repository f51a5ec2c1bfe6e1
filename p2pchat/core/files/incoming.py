"""Files that come: offered, accepted, asked for piece by piece, kept.

Knows: which piece of which file comes next. Does not know: the disk, or how anything is sent.

Of one contact's files one comes at a time: the one that was accepted first, its first missing piece. It is
counted when it is on disk. What is on disk is checked after receiving start, before more is asked for.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Final

from p2pchat.core.files.outputs import AskForBlocks, FileOutput, TellFileWord
from p2pchat.core.files.quotas import FileQuotas
from p2pchat.core.files.receiving import Receiving
from p2pchat.core.files.table import FileTable, expiry_of
from p2pchat.core.kit.moments import NEVER
from p2pchat.core.values.files import (
    CheckFile,
    DropContent,
    FileRecord,
    FileState,
    KeepPiece,
    mark_piece,
)
from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.crypto.identity import received_id
from p2pchat.ports import Entropy
from p2pchat.types import ContactId, MessageId
from p2pchat.wire.files import FileAccepted, FileBlock, FileEnd, FileEnded, FileOffer

KEY_BYTES: Final = 32


class IncomingFiles:
    """One home's. Each method returns what is to be done."""

    def __init__(
        self,
        table: FileTable,
        quotas: FileQuotas,
        entropy: Entropy,
        counters: Counter[str],
        ask_first_s: float,
    ) -> None:
        """``ask_first_s``: how long to wait for a block before it is asked for once more."""
        self._table = table
        self._quotas = quotas
        self._entropy = entropy
        self._counters = counters
        self._ask_first_s = ask_first_s
        self._unchecked = {file.id for file in table.list_coming()}

    def check_all(self) -> list[FileOutput]:
        """See what is on disk of what was coming."""
        return [CheckFile(file) for file in self._table.list_coming()]

    def next_wakeup(self) -> float:
        """When ``tick`` is next due."""
        return min((receiving.ask_at for receiving in self._table.receiving.values()), default=NEVER)

    def tick(self, now: float) -> list[FileOutput]:
        """Ask once more where nothing came."""
        outputs: list[FileOutput] = []
        for id, receiving in self._table.receiving.items():
            if now >= receiving.ask_at:
                receiving.ask_once_more(now)
                outputs.append(self._ask(self._table.files[id], receiving, resend=True))
        return outputs

    # --- what the person wants, and what the disk says

    def answer_offer(self, id: MessageId, accept: bool, now: float) -> list[FileOutput]:
        """The person takes a file, or declines it."""
        file = self._table.files.get(id)
        if file is None or file.outgoing:
            return [Rejected(Reason.NO_SUCH_FILE)]
        if file.state is not FileState.OFFERED:
            return [Rejected(Reason.FILE_OVER)]
        if not accept:
            return self._table.end_transfer(file, FileState.DECLINED, FileEnd.DECLINED, now)
        reason = self._quotas.refuse_accepting(self._table.files.values(), file)
        if reason is not None:
            return [Rejected(reason)]
        accepted = self._table.move_file(file, FileState.ACCEPTED, now)
        return [*accepted, TellFileWord(file.contact, FileAccepted(file.called))]

    def take_saved(self, id: MessageId, now: float) -> list[FileOutput]:
        """It was saved elsewhere."""
        file = self._table.files.get(id)
        if file is None or file.outgoing or file.state is not FileState.WHOLE:
            return []
        return [*self._table.move_file(file, FileState.SAVED, now), DropContent(id)]

    def take_kept(self, id: MessageId, index: int, kept: bool, now: float) -> list[FileOutput]:
        """A piece is on disk, or the disk has no room."""
        file, receiving = self._table.files.get(id), self._table.receiving.get(id)
        if file is None or not file.state.holds_content:
            return [DropContent(id)]  # it was cancelled while the piece was on its way
        if receiving is None or receiving.index != index:
            return []
        if not kept:
            self._counters["pieces of files without room"] += 1
            receiving.wait_for_room(now)
            return []
        more = replace(file, pieces=mark_piece(file.pieces, index))
        return [*self._table.put_file(more), *self._go_on(more, receiving, now)]

    def take_checked(self, id: MessageId, pieces: bytes, now: float) -> list[FileOutput]:
        """It is known what is on disk."""
        self._unchecked.discard(id)
        self._table.moved = True
        file = self._table.files.get(id)
        if file is None or file.state is not FileState.ACCEPTED or pieces == file.pieces:
            return []
        return self._table.put_file(replace(file, pieces=pieces))

    # --- what a contact says

    def take_offer(self, contact: ContactId, offer: FileOffer, now: float) -> list[FileOutput]:
        """A contact gives a file, if we want it."""
        known = self._table.contact(contact)
        id = received_id(contact, offer.id)
        if known is None or id in self._table.files:
            return []
        if not self._quotas.has_room_for_offer(self._table.files.values(), contact):
            self._counters["offers of files refused: too many"] += 1
            return [TellFileWord(contact, FileEnded(offer.id, FileEnd.FULL))]
        file = FileRecord(
            id,
            contact,
            False,
            offer.id,
            min(offer.at, now),
            offer.name,
            offer.size,
            offer.kind,
            offer.salt,
            offer.root,
            self._entropy.draw_bytes(KEY_BYTES),
            FileState.OFFERED,
            now,
            expires_at=expiry_of(known, now),
        )
        return self._table.move_file(file, file.state, now)

    def take_end(self, contact: ContactId, called: MessageId, end: FileEnd, now: float) -> list[FileOutput]:
        """The contact takes the offer back, or does not have the file any longer."""
        file = self._table.find_called(contact, called, outgoing=False)
        if file is None or not file.state.open:
            return []
        lost = end is FileEnd.UNKNOWN
        return self._table.finish_transfer(file, FileState.LOST if lost else FileState.CANCELLED, now)

    def take_block(self, contact: ContactId, block: FileBlock, now: float) -> list[FileOutput]:
        """A block came."""
        file = self._table.find_called(contact, block.file, outgoing=False)
        receiving = self._table.receiving.get(file.id) if file is not None else None
        if file is None or receiving is None or not receiving.take_block(file, block, now):
            self._counters["blocks of files not wanted"] += 1
            return []
        if receiving.is_piece_whole(file):
            return self._on_whole_piece(file, receiving, now)
        if receiving.is_report_due():
            return [self._ask(file, receiving, resend=False), *self._table.report_progress(file, now)]
        return []

    def hurry_contact(self, contact: ContactId, now: float) -> None:
        """The contact is here: what it has may be asked for soon."""
        for id, receiving in self._table.receiving.items():
            if self._table.files[id].contact == contact:
                receiving.hurry_request(now)

    # --- what comes next

    def begin_next(self, now: float) -> list[FileOutput]:
        """Ask each contact for the first piece that is missing, unless one of its files comes already."""
        busy = {self._table.files[id].contact for id in self._table.receiving}
        outputs: list[FileOutput] = []
        for file in self._table.list_coming():
            if file.contact not in busy and file.id not in self._unchecked:
                busy.add(file.contact)
                receiving = Receiving(self._entropy, self._ask_first_s)
                self._table.receiving[file.id] = receiving
                outputs += self._go_on(file, receiving, now, resend=True)
        return outputs

    def _go_on(
        self, file: FileRecord, receiving: Receiving, now: float, resend: bool = False
    ) -> list[FileOutput]:
        """Ask for the next piece; or all is here. ``resend``: the sender may think that some of it came."""
        index = next(iter(file.list_missing()), None)
        if index is None:
            return self._table.end_transfer(file, FileState.WHOLE, FileEnd.WHOLE, now)
        receiving.begin_piece(index, now)
        return [self._ask(file, receiving, resend), *self._table.report_progress(file, now)]

    def _on_whole_piece(self, file: FileRecord, receiving: Receiving, now: float) -> list[FileOutput]:
        assert receiving.index is not None, "a piece was whole"
        piece = receiving.open_whole(file)
        if piece is not None:
            return [KeepPiece(file, receiving.index, piece)]
        self._counters["pieces of files refused"] += 1
        if receiving.is_wrong:
            return self._table.end_transfer(file, FileState.WRONG, FileEnd.WRONG, now)
        receiving.begin_piece(receiving.index, now)
        return [self._ask(file, receiving, resend=True)]

    def _ask(self, file: FileRecord, receiving: Receiving, resend: bool) -> FileOutput:
        return AskForBlocks(file.contact, receiving.make_request(file, resend))
