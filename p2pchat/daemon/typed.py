"""What a person typed, checked before it becomes a fact.

Knows: which rule of the wire each has to keep. Does not know: what it is for.
"""

from __future__ import annotations

from p2pchat.errors import Malformed, UsageError
from p2pchat.wire.invite import InviteCode, InviteLink, parse
from p2pchat.wire.pairing import check_nick
from p2pchat.wire.places import check_rendezvous


def checked_code(text: str) -> InviteCode | InviteLink:
    """Raises UsageError."""
    try:
        return parse(text)
    except Malformed as error:
        raise UsageError(str(error)) from error


def checked_nick(name: str) -> str:
    """Raises UsageError."""
    try:
        check_nick(name)
    except Malformed as error:
        raise UsageError(str(error)) from error
    return name


def checked_urls(urls: tuple[str, ...]) -> tuple[str, ...]:
    """Raises UsageError."""
    try:
        check_rendezvous(urls)
    except Malformed as error:
        raise UsageError(str(error)) from error
    return urls
