"""Introductions and what becomes of them, as the values of the control socket.

Knows: the shape that scripts rely on (docs/scripting.md). Does not know: what a typed name means.
"""

from __future__ import annotations

from collections.abc import Iterable

from p2pchat.control.introductions import IntroductionEvent, IntroductionInfo
from p2pchat.core.values.introductions import (
    IntroductionRecord,
    IntroductionTurn,
    IntroductionTurned,
    MediationRecord,
    MemberOf,
    Stage,
)
from p2pchat.daemon.names import Names, unique_names
from p2pchat.daemon.views import moment
from p2pchat.types import IntroductionId

Record = IntroductionRecord | MediationRecord


def name_introductions(records: Iterable[Record], names: Names) -> dict[IntroductionId, str]:
    """Name those whom we may get to know: a member as in its room, and each so that no two look the same."""
    known = {one.id: _name(one, names) for one in records if isinstance(one, IntroductionRecord)}
    return unique_names(known)


def introduction(record: Record, shown: str, names: Names) -> IntroductionInfo:
    """One introduction; ``shown``: under which name."""
    if isinstance(record, MediationRecord):
        host, guest = names.partner_name(record.host), names.partner_name(record.guest)
        agreed = {host: bool(record.keys) or record.answered, guest: record.agreed}
        return IntroductionInfo(
            name=host,
            id=record.id.hex(),
            state="introducing",
            room=None,
            by=None,
            other=guest,
            agreed=[name for name, agrees in agreed.items() if agrees],
            since=moment(record.at),
        )
    room, by = _describe_source(record, names)
    return IntroductionInfo(
        name=shown,
        id=record.id.hex(),
        state="requested" if record.stage is Stage.OPEN else "waiting",
        room=room,
        by=by,
        agreed=[],
        since=moment(record.at),
    )


def introduction_turned(
    event: IntroductionTurned, names: Names, records: Iterable[Record]
) -> IntroductionEvent:
    """What became of an introduction, for listeners. ``records``: all that are not over."""
    record = event.introduction
    contact = names.partner_name(event.contact) if event.contact is not None else None
    if isinstance(record, MediationRecord):
        told = introduction(record, "", names)
    else:
        shown = name_introductions({one.id: one for one in (*records, record)}.values(), names)[record.id]
        is_new = event.turn is IntroductionTurn.COMPLETED and contact is not None
        told = introduction(record, contact if is_new and contact is not None else shown, names)
    parts = {"room": told.room, "by": told.by, "other": told.other, "contact": contact}
    given = {name: value for name, value in parts.items() if value is not None}
    return IntroductionEvent(name=told.name, change=event.turn.value, **given)


def _name(record: IntroductionRecord, names: Names) -> str:
    if isinstance(record.source, MemberOf):
        return names.members_of(record.source.room).get(record.source.member, record.name)
    return record.name


def _describe_source(record: IntroductionRecord, names: Names) -> tuple[str | None, str | None]:
    source = record.source
    if not isinstance(source, MemberOf):
        return None, names.partner_name(source)
    by = names.inviter_of(source.room, source.member)
    return names.partner_name(source.room), names.member_name(source.room, by) if by is not None else None
