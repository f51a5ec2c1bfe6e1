"""Errors for a caller whose request the core refuses.

Knows: the error and the words for each reason. Does not know: when the core refuses.
"""

from __future__ import annotations

from typing import Final

from p2pchat.core.messaging.outbox import CAP as OUTBOX_CAP
from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.errors import Ended, LimitError, Malformed, P2PChatError, UsageError
from p2pchat.text import harmless_name, typed
from p2pchat.wire.content import SIGN_LIMIT, TEXT_LIMIT, text_size
from p2pchat.wire.pairing import check_nick

_OF_ROOMS: Final[dict[Reason, tuple[type[P2PChatError], str]]] = {
    Reason.NO_SUCH_ROOM: (Ended, "there is no such room"),
    Reason.NO_SUCH_MEMBER: (UsageError, "there is no such member in the room"),
    Reason.NO_SUCH_OFFER: (Ended, "this offer of a room is over"),
    Reason.NO_MESH: (UsageError, "a room needs a mesh: pair with a contact first"),
    Reason.NOT_IN_ROOM: (UsageError, "you are not in this room any more"),
    Reason.STILL_IN_ROOM: (UsageError, "leave the room first"),
    Reason.MAY_NOT: (UsageError, "your office in this room does not permit that"),
    Reason.ROOM_NAME_TAKEN: (UsageError, "another room is called {name!r} already, which looks the same"),
    Reason.ROOM_FULL: (LimitError, "the room is full"),
    Reason.ROOMS_FULL: (LimitError, "you are in as many rooms as a home can be; leave one and forget it"),
    Reason.OFFERS_FULL: (LimitError, "too many offers of rooms are open; withdraw some"),
    Reason.OFFERED_ALREADY: (UsageError, "this contact was invited already, and has not answered yet"),
    Reason.IN_ALREADY: (UsageError, "this contact is in the room already"),
    Reason.IN_OTHER_MESH: (UsageError, "this contact is in another mesh than the room"),
    Reason.ROOM_WAITS: (
        LimitError,
        "this home was put back to a copy, and the room waits to hear its other members; try again later",
    ),
}
"""The errors about rooms, with their words."""

_OF_INTRODUCTIONS: Final[dict[Reason, tuple[type[P2PChatError], str]]] = {
    Reason.NO_SUCH_INTRODUCTION: (Ended, "this introduction is over; see 'p2pchat contacts requests'"),
    Reason.INTRODUCTIONS_FULL: (LimitError, "too many introductions are under way; withdraw some"),
    Reason.REQUESTED_ALREADY: (UsageError, "that was asked already, and is not answered yet"),
    Reason.CONTACT_ALREADY: (UsageError, "this member is your contact {name!r} already"),
    Reason.KEYS_EXCHANGED: (
        UsageError,
        "the keys are exchanged already; remove the contact if you do not want it",
    ),
    Reason.SAME_PERSON: (UsageError, "name two different contacts"),
    Reason.IN_TWO_MESHES: (
        UsageError,
        "these contacts are in different meshes, and cannot reach each other",
    ),
}
"""The errors about introductions, with their words."""

_OF_FILES: Final[dict[Reason, tuple[type[P2PChatError], str]]] = {
    Reason.NO_SUCH_FILE: (UsageError, "no file of a contact has that id; see 'p2pchat files list'"),
    Reason.FILE_OVER: (Ended, "this file was declined, cancelled or transferred already"),
    Reason.FILE_TOO_LARGE: (LimitError, "this file is too large to go through the mesh"),
    Reason.FILES_FULL: (
        LimitError,
        "too many files wait, or take too much of the disk; save or cancel some: p2pchat files",
    ),
}
"""The errors about files, with their words."""

_WORDS: Final = {**_OF_ROOMS, **_OF_INTRODUCTIONS, **_OF_FILES}


def raise_refusal(rejected: Rejected | None, *, contact: str = "", text: str = "", name: str = "") -> None:
    """Raise the error for a refusal; None is none. ``contact``, ``text``, ``name``: the caller's
    parameters."""
    if rejected is not None:
        raise _error(rejected, contact, text, name)


def _error(rejected: Rejected, contact: str, text: str, name: str) -> P2PChatError:
    match rejected.reason:
        case Reason.NO_SUCH_CONTACT:
            return Ended(f"{harmless_name(contact)} was removed meanwhile; nothing was done")
        case Reason.CONTACT_BLOCKED:
            undo = f"p2pchat contacts block --undo {typed(contact)}"
            return UsageError(f"{harmless_name(contact)} is blocked; to unblock them: {undo}")
        case Reason.NAME_MALFORMED:
            return UsageError(_what_is_wrong(name))
        case Reason.NAME_TAKEN:
            return UsageError(f"another contact is called {rejected.name!r} already, which looks the same")
        case Reason.NAME_IS_OURS:
            return UsageError(f"{name!r} is your own name here, or looks the same")
        case Reason.RETENTION_IMPOSSIBLE:
            return UsageError("messages last from ten seconds to ten years, or for ever")
        case reason if reason in _WORDS:
            kind, words = _WORDS[reason]
            return kind(words.format(name=rejected.name))
        case _:
            return _error_of_text(rejected.reason, text)


def _error_of_text(reason: Reason, text: str) -> P2PChatError:
    match reason:
        case Reason.TEXT_EMPTY:
            return UsageError("there is nothing to send")
        case Reason.TEXT_NOT_UNICODE:
            return UsageError("the text has characters that have no encoding")
        case Reason.TEXT_TOO_LONG:
            size = text_size(text)
            return LimitError(
                f"a message has at most {TEXT_LIMIT} bytes, this one has {size}; send it in parts"
            )
        case Reason.SIGN_TOO_LONG:
            return LimitError(f"a reaction is one sign of at most {SIGN_LIMIT} bytes; send a reply instead")
        case Reason.NOT_THE_AUTHOR:
            return UsageError("only the author of a message can correct or withdraw it")
        case Reason.OUTBOX_FULL:
            return LimitError(
                f"{OUTBOX_CAP} messages wait to be delivered already; try again when some have been"
            )
        case _:
            raise AssertionError(f"a reason without words: {reason}")


def _what_is_wrong(name: str) -> str:
    try:
        check_nick(name)
    except Malformed as error:
        return str(error)
    raise AssertionError("a name that was refused has a fault")
