"""Checks what a person typed before it becomes an input.

Knows: the rules of the wire. Does not know: the use of a value.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from p2pchat.errors import Malformed, UsageError
from p2pchat.wire.invite import InviteCode, InviteLink, parse
from p2pchat.wire.pairing import check_nick
from p2pchat.wire.places import check_rendezvous


@contextmanager
def by_a_person() -> Iterator[None]:
    """Raise UsageError in place of Malformed within the block, because a person typed the values."""
    try:
        yield
    except Malformed as error:
        raise UsageError(str(error)) from error


def checked_code(text: str) -> InviteCode | InviteLink:
    """Return the code of an invite that a person typed. Raises UsageError."""
    with by_a_person():
        return parse(text)


def checked_nick(name: str) -> str:
    """Return a name that a person typed. Raises UsageError."""
    with by_a_person():
        check_nick(name)
    return name


def checked_urls(urls: tuple[str, ...]) -> tuple[str, ...]:
    """Return the URLs of rendezvous that a person typed. Raises UsageError."""
    with by_a_person():
        check_rendezvous(urls)
    return urls
