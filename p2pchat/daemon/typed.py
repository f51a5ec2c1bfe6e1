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
    """Raise UsageError in place of Malformed inside the block, because a person typed the values."""
    try:
        yield
    except Malformed as error:
        raise UsageError(str(error)) from error


def checked_code(text: str) -> InviteCode | InviteLink:
    """Raises UsageError."""
    with by_a_person():
        return parse(text)


def checked_nick(name: str) -> str:
    """Raises UsageError."""
    with by_a_person():
        check_nick(name)
    return name


def checked_urls(urls: tuple[str, ...]) -> tuple[str, ...]:
    """Raises UsageError."""
    with by_a_person():
        check_rendezvous(urls)
    return urls
