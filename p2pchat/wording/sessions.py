"""What people are told when a session is out of step, or began anew.

Knows: a sentence for each thing that can happen. Does not know: when it does.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any, Final

from p2pchat.text import harmless_name

Event = Mapping[str, Any]

_SENTENCES: Final = {
    "behind": "{name} knows a newer state of this home (it was put back to a copy, or another copy runs): "
    "asking to begin anew; what you send waits. {renew} asks again at once",
    "lost": "{name} knows a newer state of this home (it was put back to a copy, or another copy runs), and "
    "the copy is too old to begin anew; what you send waits. Pair again: p2pchat invite",
    "twin": "another copy of this home is talking with {name}, who stays with that one; what you send waits. "
    "Stop one of the two; {renew} asks again",
    "copied": "another copy of this home writes to {name}, or did: is it yours? {name} stays with this one",
    "renewed": "you and {name} have begun anew after this home was put back to a copy; the safety number is "
    "another. {verify} compares it",
    "restored": "{name}'s home was put back to a copy, or is run by somebody who has one; you two have begun "
    "anew. {verify} compares the safety number",
    "two": "two copies of {name}'s home are in use, by {name} or by somebody who has one; you stay with the "
    "one that was there. Ask {name}",
    "held": "{waiting} for {name} from before {name}'s home was put back to a copy wait for your word: make "
    "sure who it is, then {renew} sends them",
}


def session_line(event: Event) -> str:
    """The sentence for a ``session`` event."""
    line = _sentence(event["turn"], event["name"], event["waiting"])
    return f"{line}. {_sentence('held', event['name'], event['waiting'])}" if event["waiting"] else line


def standing(contact: Event) -> str | None:
    """What is wrong with the session with a contact, or None."""
    turn = contact.get("session")
    return None if turn in (None, "", "well") else _sentence(turn, contact["name"], contact.get("waiting", 0))


def trust(contact: Event) -> str:
    """``verified``, ``unverified``, or what is between the two."""
    if contact["verified"]:
        return "verified"
    return "verified before the renewal" if contact.get("verified_before") else "unverified"


def _sentence(turn: str, name: str, waiting: int) -> str:
    typed = shlex.quote(name) if not name.startswith("-") else f"-- {shlex.quote(name)}"
    messages = f"{waiting} message{'s' * (waiting != 1)}" if waiting else "messages"
    return _SENTENCES.get(turn, "{name}: {turn}").format(
        name=harmless_name(name),
        turn=turn,
        waiting=messages,
        renew=f"'p2pchat contacts renew {typed}'",
        verify=f"'p2pchat contacts verify {typed}'",
    )
