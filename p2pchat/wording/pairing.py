"""Messages about invites and verification.

Knows: what a friend has to type, how a code is drawn. Does not know: what an invite or a verification proves.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from p2pchat.control.answers import ContactInfo
from p2pchat.looks import alike
from p2pchat.text import harmless_name, typed
from p2pchat.wire.invite import parse_link
from p2pchat.wire.places import is_public
from p2pchat.wording.lines import lifetime

if TYPE_CHECKING:
    from p2pchat.client import Node


async def join_command(node: Node, code: str, link: bool, extra: tuple[str, ...] = ()) -> str:
    """Return what the friend has to type. A link names public places; a private place, and any place for
    words, must stand in the command."""
    if link:
        named = parse_link(code).rendezvous
        private = [url for url in named if not is_public(url)] if not any(map(is_public, named)) else []
        where = [f"--rendezvous {typed(url)}" for url in private]
        if not named:
            where = ["--lan"]
        return " ".join(["p2pchat join", typed(code), *where])
    status = await node.status()
    up = [server.url for server in status.rendezvous if server.up]
    where = [f"--rendezvous {typed(url)}" for url in dict.fromkeys([*up, *extra])]
    if status.lan and not where:
        where = ["--lan"]
    if (listen := status.listen) and not where:
        where = [f"--rendezvous ws://THIS-MACHINE:{listen.port}"]
    return " ".join(["p2pchat join", typed(code), *where])


def kept(contact: ContactInfo) -> list[str]:
    """What still holds for a contact that was known before, a sentence each: a new pairing does not change
    it."""
    name, word = harmless_name(contact.name), typed(contact.name)
    lines = []
    if contact.verified:
        lines.append(
            f"{name} has the same keys as before, and stays verified here. "
            "If they had removed you, they have to verify you again."
        )
    if contact.disappear:
        lines.append(
            f"As before, what you and {name} say {lifetime(contact.disappear)}. "
            f"To end that:  p2pchat contacts disappear {word} off"
        )
    if contact.muted:
        lines.append(f"{name} is still muted here. To hear them:  p2pchat contacts mute --undo {word}")
    return lines


def twin(contact: ContactInfo, contacts: Iterable[ContactInfo]) -> str | None:
    """Return the contact whose name looks like this one's, because of which this name got a number; or
    None."""
    own = re.sub(r"-[0-9]+$", "", contact.name)
    others = [other.name for other in contacts if other.fingerprint != contact.fingerprint]
    return next((name for name in others if own != contact.name and alike(own, name)), None)


def qr_lines(code: str) -> list[str]:
    """``code`` as a QR code of half blocks, to be shown light on dark."""
    import segno

    picture = io.StringIO()
    segno.make(code, error="l", micro=False).terminal(picture, compact=True, border=2)
    return picture.getvalue().rstrip("\n").split("\n")


def stranger_line(strangers: int) -> str | None:
    """The line about ``strangers`` attempts to use an invite without its words; None unless a power of
    two."""
    if strangers & (strangers - 1):
        return None
    who = "someone tried" if strangers == 1 else f"{strangers} others tried"
    return (
        f"{who} the number of this invite without its words, and failed; your friend may have to wait some "
        "seconds (if it goes on, make another invite)"
    )
