"""What the files of a home want done.

Knows: the names. Does not know: how any of it is done (``mesh.routing``).
"""

from __future__ import annotations

from p2pchat.core.values.effects import Effect
from p2pchat.data import dataclass
from p2pchat.types import ContactId, MessageId
from p2pchat.wire.files import FileBlock, FileRequest, FileWord


@dataclass(frozen=True, slots=True)
class TellFileWord:
    """Say this to a contact, as surely as a message."""

    contact: ContactId
    word: FileWord


@dataclass(frozen=True, slots=True)
class AskForBlocks:
    """Ask a contact, in the place of what was to be asked about the same file."""

    contact: ContactId
    request: FileRequest


@dataclass(frozen=True, slots=True)
class SendBlocks:
    """Send these to a contact when nothing else waits, in the place of all blocks that wait; none: do not
    send those of this file that wait."""

    contact: ContactId
    file: MessageId
    """As both ends call it."""
    blocks: tuple[FileBlock, ...]


FileOutput = Effect | TellFileWord | AskForBlocks | SendBlocks
