"""What a line says after all its references, in any order of arrival.

Knows: which correction and which reaction counts, whose corrections and withdrawals are valid, which earlier
texts are kept. Does not know: where lines are kept, or what is sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from p2pchat.core.values.records import Message
from p2pchat.core.values.references import Reference, ReferenceKind, Referred, Version
from p2pchat.wire.content import TURN_MAX

VERSIONS_MAX: Final = 32
"""Earlier versions of one line that are kept: the last ones."""

WAITING_MAX: Final = 64
"""References of one contact that wait for their lines; beyond it the oldest is forgotten."""

WAITS_S: Final = 14 * 86_400.0
"""How long one waits: as long as a message may be under way."""

CLOCK_TURN_MAX: Final = TURN_MAX - 2**20
"""The highest number that a clock alone gives: a clock that is wrong once leaves a million higher ones."""

NOTHING: Final = Referred()


def next_turn(last: Reference | None, now: float) -> int:
    """Number what the person here says next of a line, after ``last`` of that kind; ``now``: Unix seconds.

    A home from a backup does not know what it said of the line after the backup was made. By the clock its
    numbers are higher than those, so what it says now counts.
    """
    known = last.turn if last is not None else 0
    return min(max(known + 1, min(int(now), CLOCK_TURN_MAX)), TURN_MAX)


def apply_reference(line: Message, new: Reference, *, keep: bool) -> Message:
    """Return the line as it is with ``new``; the same object where nothing follows from it. ``keep``: what it
    said before is kept."""
    if new.kind is ReferenceKind.REACTION:
        return _react(line, new)
    if new.author != line.author or line.unknown:
        return line
    return _correct(line, new, keep) if new.kind is ReferenceKind.CORRECTION else _withdraw(line, new, keep)


def apply_references(line: Message, waiting: Iterable[Reference], *, keep: bool) -> Message:
    """Return a line that has just come as it is with what waited for it."""
    for pending in waiting:
        line = apply_reference(line, pending, keep=keep)
    return line


def _react(line: Message, new: Reference) -> Message:
    referred = line.referred or NOTHING
    before = next((reaction for reaction in referred.reactions if reaction.author == new.author), None)
    if referred.withdrawal is not None or (before is not None and before.order >= new.order):
        return line
    others = (reaction for reaction in referred.reactions if reaction is not before)
    reactions = tuple(sorted((*others, new), key=lambda one: one.author or ""))
    return replace(line, referred=replace(referred, reactions=reactions))


def _correct(line: Message, new: Reference, keep: bool) -> Message:
    referred, current = line.referred or NOTHING, _current(line)
    if new.id == current.id:
        return line
    if new.expires_at is not None:
        soonest = new.expires_at if line.expires_at is None else min(line.expires_at, new.expires_at)
        line = replace(line, expires_at=soonest)
    version = Version(new.id, new.turn, new.at, new.text, new.mentions)
    if referred.withdrawal is not None or new.order <= current.order:
        return _with_earlier(line, version) if keep else line
    if keep and not line.rewritten:
        line = _with_earlier(line, current)
    referred = replace(line.referred or NOTHING, correction=replace(new, text=""))
    return replace(line, text=new.text, mentions=new.mentions, rewritten=False, referred=referred)


def _withdraw(line: Message, new: Reference, keep: bool) -> Message:
    known = (line.referred or NOTHING).withdrawal
    if known is not None:
        later = new.order > known.order
        return replace(line, referred=replace(line.referred or NOTHING, withdrawal=new)) if later else line
    if keep and not line.rewritten:
        line = _with_earlier(line, _current(line))
    referred = Referred(withdrawal=new, earlier=(line.referred or NOTHING).earlier)
    return replace(line, text="", mentions=False, rewritten=False, referred=referred)


def _current(line: Message) -> Version:
    """What it says now. Of a line that its owner has rewritten, what that was made of."""
    from_ = (line.referred or NOTHING).correction
    if from_ is None:
        return Version(line.id, 0, line.at, line.text, line.mentions)
    return Version(from_.id, from_.turn, from_.at, line.text, line.mentions)


def _with_earlier(line: Message, version: Version) -> Message:
    referred = line.referred or NOTHING
    known = {one.id: one for one in (*referred.earlier, version)}
    earlier = tuple(sorted(known.values(), key=lambda one: one.order)[-VERSIONS_MAX:])
    return replace(line, referred=replace(referred, earlier=earlier))
