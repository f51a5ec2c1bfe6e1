"""Why the core does not do what the person here asks for.

Knows: the reasons. Does not know: the words in which a person is told (``daemon.refusals``).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Reason(Enum):
    """A rule that an input would break."""

    NO_SUCH_CONTACT = auto()
    CONTACT_BLOCKED = auto()
    TEXT_EMPTY = auto()
    TEXT_NOT_UNICODE = auto()
    """It has surrogates without their other half, for which UTF-8 has no bytes."""
    TEXT_TOO_LONG = auto()
    OUTBOX_FULL = auto()
    NAME_MALFORMED = auto()
    NAME_TAKEN = auto()
    """Another contact has it, or one that looks the same."""
    NAME_IS_OURS = auto()
    """The lines of the person here are shown under it, or under one that looks the same."""
    RETENTION_IMPOSSIBLE = auto()


@dataclass(frozen=True, slots=True)
class Rejected:
    """Nothing came of the input, and nothing has changed."""

    reason: Reason
    name: str = ""
    """The name that is taken, as whoever has it is called."""
