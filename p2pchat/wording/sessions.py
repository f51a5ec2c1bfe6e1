"""What people are told when a session is out of step, or began anew.

Knows: a sentence for each thing that can happen. Does not know: when it does.
"""

from __future__ import annotations

from typing import Final

from p2pchat.control.answers import ContactInfo
from p2pchat.control.events import SessionEvent
from p2pchat.text import harmless_name, typed

_SENTENCES: Final = {
    "behind": "{name} knows a newer state of this home (it was put back to a copy, or another copy runs): "
    "asking to begin anew; what you send waits",
    "lost": "{name} knows a newer state of this home (it was put back to a copy, or another copy runs), and "
    "the copy is too old to begin anew; what you send waits",
    "twin": "another copy of this home is in use, and {name} stays with that one or heeds neither; what you "
    "send waits",
    "copied": "another copy of this home writes to {name}, or did: is it yours? {name} stays with this one",
    "renewed": "you and {name} have begun anew after this home was put back to a copy; the safety number is "
    "another",
    "restored": "{name}'s home was put back to a copy, or is run by somebody who has one; you two have begun "
    "anew",
    "two": "two copies of {name}'s home are in use, by {name} or by somebody who has one; you stay with the "
    "one that answered, which may be either. Ask {name}, and pair again if it was not {name}",
    "rivals": "two homes that have {name}'s keys want to begin anew with you, and nothing here tells which "
    "of them is {name}'s: neither is heeded, and {name} is verified no more. Ask {name} by other means to "
    "stop the other one, or pair again",
    "held": "{waiting} for {name} from before you two began anew wait for your word",
}
_WHAT_TO_DO: Final = {
    "behind": "To ask again at once:  p2pchat contacts renew {word}",
    "lost": "Pair again:  p2pchat invite",
    "twin": "Stop one of the two, then:  p2pchat contacts renew {word}",
    "renewed": "Compare it:  p2pchat contacts verify {word}",
    "rivals": "Once it is stopped:  p2pchat contacts renew {word}",
    "restored": "Compare the safety number:  p2pchat contacts verify {word}",
    "held": "Make sure who it is, then send them:  p2pchat contacts renew {word}",
}
"""Beside some of them; a command stands last, to be copied as it is."""


def session_line(event: SessionEvent) -> str:
    """The sentences for a ``session`` event."""
    turn, name, waiting = event.turn, event.name, event.waiting
    if not waiting or turn == "held":
        return _advised(turn, name, waiting)
    return f"{_sentence(turn, name, waiting)}. {_advised('held', name, waiting)}"


def standing(contact: ContactInfo) -> str | None:
    """What is wrong with the session with a contact, and what to do; or None."""
    turn = contact.session
    return None if turn == "well" else _advised(turn, contact.name)


def trust(contact: ContactInfo) -> str:
    """``verified``, ``unverified``, or what is between the two."""
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
