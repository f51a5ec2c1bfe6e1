"""What a person typed, checked before it becomes an input.

Knows: which rule of the wire each has to keep. Does not know: what it is for.
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
    """What is checked in the block was typed. Raises UsageError in place of Malformed."""
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
