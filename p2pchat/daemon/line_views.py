"""Lines of the history, and what happens to them, as the values of the control socket.

Knows: the shape that scripts rely on (docs/scripting.md). Does not know: where the lines come from, or how
people are called (``names``).
"""

from __future__ import annotations

from typing import Any, TypeVar

from p2pchat.control import events
from p2pchat.core.values.records import Message
from p2pchat.core.values.references import Reference, ReferenceKind, Referred
from p2pchat.daemon.mentions import find_mentions
from p2pchat.daemon.names import Names, is_room
from p2pchat.daemon.views import moment, state
from p2pchat.types import ContactId

L = TypeVar("L", bound=events.HistoryLine)


def message(line: Message, names: Names) -> events.MessageEvent:
    """Describe a line of the history; new lines and old ones look the same."""
    return _line(events.MessageEvent, line, names)


def rewritten(line: Message, names: Names) -> events.RewrittenEvent:
    """Make the event for a line with another text."""
    return _line(events.RewrittenEvent, line, names)


def referred(line: Message, reference: Reference, names: Names) -> events.ListenEvents:
    """Make the event for a line to which something refers now."""
    by = names.author_name(line.conversation, reference.author)
    match reference.kind:
        case ReferenceKind.REACTION:
            return _line(events.ReactionEvent, line, names, by=by, sign=reference.text)
        case ReferenceKind.CORRECTION:
            return _line(events.CorrectedEvent, line, names, by=by)
        case ReferenceKind.WITHDRAWAL:
            return _line(events.WithdrawnEvent, line, names, by=by)


def _line(kind: type[L], line: Message, names: Names, **more: Any) -> L:
    about = line.referred or Referred()
    partner = names.partner_name(line.conversation)
    return kind(
        id=line.id,
        sender=names.author_name(line.conversation, line.author),
        contact=partner,
        room=partner if is_room(line.conversation) else None,
        at=moment(line.at),
        text=line.text,
        outgoing=line.outgoing,
        state=state(line.state),
        expires_at=moment(line.expires_at) if line.expires_at is not None else None,
        rewritten=line.rewritten,
        reply_to=_answered(line, names),
        mentions=_mentions(line, names),
        corrected=state(about.correction.state) if about.correction is not None else None,
        withdrawn=state(about.withdrawal.state) if about.withdrawal is not None else None,
        reactions=[
            events.ReactionInfo(
                sender=names.author_name(line.conversation, reaction.author),
                sign=reaction.text,
                state=state(reaction.state),
            )
            for reaction in about.reactions
            if reaction.text
        ],
        earlier=[events.VersionInfo(at=moment(version.at), text=version.text) for version in about.earlier],
        unknown=line.unknown or None,
        **_place(line, names),
        **more,
    )


def _place(line: Message, names: Names) -> dict[str, Any]:
    """What is to be known of a line of a room."""
    if (place := line.room) is None:
        return {}
    room = line.conversation
    return {
        "reached": place.reached if line.outgoing else None,
        "of": place.to if line.outgoing else None,
        "through": names.member_name(room, place.through) if place.through is not None else None,
        "could_read": [names.member_name(room, member) for member in place.could_read],
        "incomplete": place.lacks > 0,
        "differs": place.differs,
    }


def _mentions(line: Message, names: Names) -> list[str]:
    """Whom a line mentions, as far as it is known here: of a line of another's, us."""
    if not line.mentions:
        return []
    if not line.outgoing:
        return [names.own]
    people = names.people_of(line.conversation)
    if not is_room(line.conversation):
        return list(people)
    mentioned = find_mentions(line.text, people)
    return [name for name, id in people.items() if id in mentioned]


def _answered(line: Message, names: Names) -> events.AnsweredInfo | None:
    if line.answers is None:
        return None
    if (known := line.answered) is None:
        return events.AnsweredInfo(id=None, sender=None, text=None)
    author = None if known.outgoing else known.author or ContactId(line.conversation)
    return events.AnsweredInfo(
        id=known.id,
        sender=names.author_name(line.conversation, author),
        text=known.text,
        withdrawn=known.withdrawn,
    )
