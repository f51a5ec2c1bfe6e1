"""How files are shown to clients.

Knows: which field says what. Does not know: when a file moves.
"""

from __future__ import annotations

from p2pchat.control.files import FileEvent, FileInfo
from p2pchat.control.values import extended
from p2pchat.core.values.files import FileMoved, FileRecord
from p2pchat.daemon.names import Names
from p2pchat.daemon.views import moment
from p2pchat.types import conversation_with


def file_info(file: FileRecord, moved_bytes: int, names: Names) -> FileInfo:
    """Describe a file as it is now."""
    contact = names.partner_name(conversation_with(file.contact))
    return FileInfo(
        id=file.id,
        sender=names.own if file.outgoing else contact,
        contact=contact,
        at=moment(file.at),
        name=file.name,
        size=file.size,
        kind=file.kind,
        outgoing=file.outgoing,
        state=file.state.value,
        bytes=moved_bytes,
    )


def moved(event: FileMoved, names: Names) -> FileEvent:
    """Make the event for a new state of a file."""
    shown = file_info(event.file, event.moved_bytes, names)
    change = "state" if event.turned else "bytes"
    return extended(shown, FileEvent, change=change, rate=round(event.rate, 1))
