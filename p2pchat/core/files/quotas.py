"""How much of the disk files may take, for each contact and in all.

Knows: the limits, and what counts. Does not know: what happens to a file that is too many.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from p2pchat.core.values.files import FileRecord, FileState
from p2pchat.core.values.refusals import Reason
from p2pchat.data import dataclass
from p2pchat.types import ContactId

OFFERS_MAX: Final = 32
"""Files of one contact that wait for the person here to answer, and ours that wait for one contact."""

HELD_MAX: Final = 256
"""Files whose content is in the home, however small."""


@dataclass(frozen=True, slots=True)
class FileLimits:
    """In bytes."""

    mesh: int
    """Of one file that goes through the mesh."""
    contact: int = 64 << 20
    """Of what comes from one contact and was not saved yet."""
    home: int = 256 << 20
    """Of all content in the home, other way."""


class FileQuotas:
    """One home's."""

    def __init__(self, limits: FileLimits) -> None:
        self._limits = limits

    def refuse_size(self, size: int) -> Reason | None:
        """Why a file of that size is not transferred; None: it may be."""
        return Reason.FILE_TOO_LARGE if size > self._limits.mesh else None

    def refuse_outgoing(self, files: Iterable[FileRecord], contact: ContactId, size: int) -> Reason | None:
        """Why we do not offer a contact one more file."""
        ours = [file for file in files if file.outgoing and file.state.open]
        to_them = sum(file.contact == contact for file in ours)
        full = to_them >= OFFERS_MAX or len(ours) >= HELD_MAX
        if full or sum(file.size for file in ours) + size > self._limits.home:
            return Reason.FILES_FULL
        return self.refuse_size(size)

    def has_room_for_offer(self, files: Iterable[FileRecord], contact: ContactId) -> bool:
        """Whether one more offer of a contact is kept."""
        waiting = (file for file in files if not file.outgoing and file.state is FileState.OFFERED)
        return sum(file.contact == contact for file in waiting) < OFFERS_MAX

    def refuse_accepting(self, files: Iterable[FileRecord], file: FileRecord) -> Reason | None:
        """Why an offer is not accepted."""
        held = [other for other in files if not other.outgoing and other.state.holds_content]
        theirs = sum(other.size for other in held if other.contact == file.contact)
        full = len(held) >= HELD_MAX or sum(other.size for other in held) + file.size > self._limits.home
        if full or theirs + file.size > self._limits.contact:
            return Reason.FILES_FULL
        return self.refuse_size(file.size)
