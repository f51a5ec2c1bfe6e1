"""Messages about sessions that are out of step or were restarted.

Knows: a sentence for each state of a session. Does not know: when a session reaches it.
"""

from __future__ import annotations

from typing import Final

from p2pchat.control.answers import ContactInfo
from p2pchat.control.events import SessionEvent
from p2pchat.text import harmless_name, typed

_SENTENCES: Final = {
    "behind": "{name} knows a newer state of this home (a copy was restored, or another copy runs): your "
    "node asks for new keys, and what you send waits",
    "lost": "{name} knows a newer state of this home (a copy was restored, or another copy runs), and this "
    "copy is too old to get new keys: what you send waits",
    "twin": "another copy of this home is in use, and {name} accepts that copy or none: what you send waits",
    "copied": "another copy of this home writes to {name}, or did: is it yours? {name} accepts this copy",
    "renewed": "you and {name} have new keys, for a copy of this home was restored: the safety number has "
    "changed",
    "restored": "{name}'s home was restored from a copy, or another person runs one: you two have new keys",
    "two": "two copies of {name}'s home are in use, by {name} or by another person; your node accepts the "
    "one that answered, which may be either. Ask {name}, and pair again if it was not {name}",
    "rivals": "two homes with {name}'s keys ask you for new keys, and your node cannot tell which of them is "
    "{name}'s: it accepts neither, and {name} is no longer verified. Ask {name} by other means to stop the "
    "other home, or pair again",
    "held": "{waiting} for {name} from before you two got new keys wait for your consent",
}
_WHAT_TO_DO: Final = {
    "behind": "To ask again at once:  p2pchat contacts renew {word}",
    "lost": "Pair again:  p2pchat invite",
    "twin": "Stop one of the two, then:  p2pchat contacts renew {word}",
    "renewed": "Compare it:  p2pchat contacts verify {word}",
    "rivals": "Once it is stopped:  p2pchat contacts renew {word}",
    "restored": "Compare the safety number:  p2pchat contacts verify {word}",
    "held": "Make sure that it is the right person, then send them:  p2pchat contacts renew {word}",
}
"""Advice for some of the states; a command stands last, to be copied as it is."""


def session_line(event: SessionEvent) -> str:
    """The sentences for a ``session`` event."""
    turn, name, waiting = event.turn, event.name, event.waiting
    if not waiting or turn == "held":
        return _advised(turn, name, waiting)
    return f"{_sentence(turn, name, waiting)}. {_advised('held', name, waiting)}"


def standing(contact: ContactInfo) -> str | None:
    """The problem of the session with a contact, and what to do; or None."""
    turn = contact.session
    return None if turn == "well" else _advised(turn, contact.name)


def trust(contact: ContactInfo) -> str:
    """``verified``, ``unverified`` or ``verified before the renewal``."""
    if contact.verified:
        return "verified"
    return "verified before the renewal" if contact.verified_before else "unverified"


def _advised(turn: str, name: str, waiting: int = 0) -> str:
    line = _sentence(turn, name, waiting)
    return f"{line}. {_WHAT_TO_DO[turn].format(word=typed(name))}" if turn in _WHAT_TO_DO else line


def _sentence(turn: str, name: str, waiting: int) -> str:
    messages = f"{waiting} message{'s' * (waiting != 1)}" if waiting else "messages"
    known = _SENTENCES.get(turn, "{name}: {turn}")
    return known.format(name=harmless_name(name), turn=turn, waiting=messages)
