"""What a chat asks before it does something that cannot be undone.

Knows: the words of questions. Does not know: how it is asked, or what follows.
"""

from __future__ import annotations

from p2pchat.data import dataclass
from p2pchat.text import harmless_name


@dataclass(frozen=True, slots=True)
class Question:
    """A question before an action."""

    title: str
    text: str
    yes: str
    no: str


def withdrawal_question(in_room: bool) -> Question:
    """Asks whether to withdraw a message."""
    whom = "all members" if in_room else "both of you"
    text = (
        f"Withdraw this message, for {whom}? This cannot be undone. It may have been read, and may be kept."
    )
    return Question("withdraw", text, "Withdraw", "Keep it")


def leaving_question(room: str, heir: str) -> Question:
    """Asks whether to leave a room. ``heir``: its next owner; empty where we are not the owner."""
    text = f"Leave {harmless_name(room)}? Its messages stay here, and later ones do not come."
    if heir:
        text += f" {harmless_name(heir)} becomes the owner."
    return Question("leave", text, "Leave", "Stay")


def removal_question(room: str, member: str) -> Question:
    """Asks whether to put a member out of a room."""
    text = (
        f"Put {harmless_name(member)} out of {harmless_name(room)}? They read no later messages, and need a "
        "new invitation to come back."
    )
    return Question("remove", text, "Remove", "Keep them in")
