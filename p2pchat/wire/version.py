"""Which version of the protocol is spoken here: the one number in every greeting.

Knows: the number, where it stands in a message, what is said of another. Does not know: any message.

A rendezvous says it in its welcome; the two ends of a pairing in the first message each way; members of a
mesh in every offer, answer and decline. These places never change.
"""

from __future__ import annotations

from typing import Final, Protocol

from p2pchat.errors import OtherVersion

VERSION: Final = 4

VERSION_KEY: Final = "v"
"""In messages that are maps. Version 1 did not say."""


class Fields(Protocol):
    """A message that is a map, as ``codec.Reader`` reads it; the rendezvous, which imports this module, has
    none."""

    def __contains__(self, key: str) -> bool: ...
    def get_integer(self, key: str, low: int, high: int) -> int: ...


def check_version(reader: Fields) -> None:
    """Raise OtherVersion on a first message of another version, Malformed on one that says nonsense."""
    version = read_version(reader)
    if version != VERSION:
        raise OtherVersion(version)


def read_version(reader: Fields) -> int:
    """The version a first message is of. Raises Malformed."""
    return reader.get_integer(VERSION_KEY, 0, 255) if VERSION_KEY in reader else 1


def other_version(version: int) -> str:
    """Return the end of a line that begins with the name of a node of ``version``."""
    older = "this p2pchat" if version > VERSION else "the other"
    ours = f"this p2pchat version {VERSION}"
    return f"speaks version {version} of the protocol, {ours}; {older} must be upgraded"
