"""All files that people give and take here.

Knows: which part takes an input, a word or a notice; what is over. Does not know: sessions, disks, or when a
block leaves. Parent of ``table``, ``incoming``, ``outgoing``, ``receiving``, ``sending`` and ``quotas``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final, assert_never

from p2pchat.core.files.incoming import IncomingFiles
from p2pchat.core.files.outgoing import OutgoingFiles
from p2pchat.core.files.outputs import FileOutput
from p2pchat.core.files.quotas import FileLimits, FileQuotas
from p2pchat.core.files.receiving import ASK_FIRST_S
from p2pchat.core.files.table import FileTable, holds_content, is_over
from p2pchat.core.kit.moments import NEVER
from p2pchat.core.values.files import (
    DropContent,
    FileAnswered,
    FileCancelled,
    FileChecked,
    FileRecord,
    FileSaved,
    FileState,
    FileSubmitted,
    ForFiles,
    PieceFetched,
    PieceKept,
    SweepContent,
)
from p2pchat.core.values.records import Contact
from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.ports import Entropy
from p2pchat.types import ContactId, MessageId
from p2pchat.wire.files import (
    FileAccepted,
    FileBlock,
    FileEnd,
    FileEnded,
    FileNotice,
    FileOffer,
    FileRequest,
    FileWord,
)

WAITS_S: Final = 14 * 86_400.0
"""A file that was not answered, or not transferred, in two weeks is given up, as messages are."""

LISTED_S: Final = 30 * 86_400.0
"""What is over is listed so much longer."""

SWEEP_S: Final = 3600.0


class Files:
    """One home's. Each method returns what is to be done, in order."""

    def __init__(
        self,
        files: Iterable[FileRecord],
        contact: Callable[[ContactId], Contact | None],
        limits: FileLimits,
        entropy: Entropy,
        counters: Counter[str],
        ask_first_s: float = ASK_FIRST_S,
    ) -> None:
        """``ask_first_s``: how long to wait for a block before it is asked for once more."""
        self._limits = limits
        quotas = FileQuotas(limits)
        self._table = FileTable(files, contact)
        self._outgoing = OutgoingFiles(self._table, quotas)
        self._incoming = IncomingFiles(self._table, quotas, entropy, counters, ask_first_s)
        self._sweep_at = NEVER

    def list_files(self) -> tuple[FileRecord, ...]:
        """All, in the order in which they were offered."""
        return tuple(self._table.files.values())

    def find_file(self, id: MessageId) -> FileRecord | None:
        """One, if it is known."""
        return self._table.files.get(id)

    @property
    def size_limit(self) -> int:
        """Bytes of the largest file that goes through the mesh."""
        return self._limits.mesh

    def count_bytes(self, file: FileRecord) -> int:
        """How much of a file its receiver has."""
        return self._table.count_bytes(file)

    # --- time

    def next_wakeup(self) -> float:
        """When ``tick`` is next due."""
        return min(self._sweep_at, self._incoming.next_wakeup())

    def check_contents(self, now: float) -> list[FileOutput]:
        """See what is on disk of what was coming."""
        self._sweep_at = now
        known = frozenset(file.id for file in self.list_files() if holds_content(file))
        return [SweepContent(known), *self._incoming.check_all()]

    def tick(self, now: float) -> list[FileOutput]:
        """Ask once more where nothing came, and forget what is over for long."""
        outputs = self._incoming.tick(now)
        if now >= self._sweep_at:
            self._sweep_at = now + SWEEP_S
            for file in self.list_files():
                outputs += self._give_up(file, now)
        return self._with_next(outputs, now)

    def _give_up(self, file: FileRecord, now: float) -> list[FileOutput]:
        expired = file.expires_at is not None and now >= file.expires_at
        outputs: list[FileOutput] = []
        if expired or (file.state.open and now >= file.changed_at + WAITS_S):
            outputs += self._table.end_transfer(file, FileState.EXPIRED, FileEnd.CANCELLED, now)
        if expired or (is_over(file) and now >= file.changed_at + LISTED_S):
            outputs += self._table.forget_file(file)
        return outputs

    # --- inputs

    def take_input(self, input: ForFiles, now: float) -> list[FileOutput]:
        """Do what the person wants of a file, or refuse it; go on after the disk."""
        return self._with_next(self._take_input(input, now), now)

    def _take_input(self, input: ForFiles, now: float) -> list[FileOutput]:
        match input:
            case FileSubmitted():
                return self._outgoing.offer_file(input, now)
            case FileAnswered(id, accept):
                return self._incoming.answer_offer(id, accept, now)
            case FileCancelled(id):
                return self._cancel(id, now)
            case FileSaved(id):
                return self._incoming.take_saved(id, now)
            case PieceFetched(id, index, sent):
                return self._outgoing.take_fetched(id, index, sent, now)
            case PieceKept(id, index, kept):
                return self._incoming.take_kept(id, index, kept, now)
            case FileChecked(id, pieces):
                return self._incoming.take_checked(id, pieces, now)
        assert_never(input)

    def _cancel(self, id: MessageId, now: float) -> list[FileOutput]:
        file = self._table.files.get(id)
        if file is None:
            return [Rejected(Reason.NO_SUCH_FILE)]
        if file.state.open:
            return self._table.end_transfer(file, FileState.CANCELLED, FileEnd.CANCELLED, now)
        if is_over(file):
            return [Rejected(Reason.FILE_OVER)]
        return [*self._table.move_file(file, FileState.CANCELLED, now), DropContent(id)]

    # --- what a contact says

    def take_message(self, contact: ContactId, word: FileWord | FileNotice, now: float) -> list[FileOutput]:
        """A contact offers a file, takes one of ours, ends a transfer, asks for blocks, or sends one."""
        return self._with_next(self._take_message(contact, word, now), now)

    def _take_message(self, contact: ContactId, word: FileWord | FileNotice, now: float) -> list[FileOutput]:
        match word:
            case FileOffer():
                return self._incoming.take_offer(contact, word, now)
            case FileAccepted(called):
                return self._outgoing.take_acceptance(contact, called, now)
            case FileEnded(called, end):
                ours = self._outgoing.take_end(contact, called, end, now)
                return ours or self._incoming.take_end(contact, called, end, now)
            case FileBlock():
                return self._incoming.take_block(contact, word, now)
            case FileRequest():
                return self._outgoing.take_request(contact, word, now)
        assert_never(word)

    # --- contacts

    def hurry_contact(self, contact: ContactId, now: float) -> None:
        """A contact is here: what it has may be asked for soon."""
        self._incoming.hurry_contact(contact, now)

    def change_contact(self, contact: ContactId, change: str, now: float) -> list[FileOutput]:
        """Nothing goes to or comes from a contact that is blocked; of one that is removed nothing stays."""
        theirs = [file for file in self.list_files() if file.contact == contact]
        outputs: list[FileOutput] = []
        for file in theirs:
            if change == "removed":
                outputs += self._table.forget_file(file)
            elif change == "blocked" and file.state.open:
                outputs += self._table.finish_transfer(file, FileState.CANCELLED, now)
        return self._with_next(outputs, now)

    def _with_next(self, outputs: list[FileOutput], now: float) -> list[FileOutput]:
        """Give the next file its turn, if one may have it."""
        while self._table.moved:
            self._table.moved = False
            outputs = [*outputs, *self._incoming.begin_next(now)]
        return outputs
