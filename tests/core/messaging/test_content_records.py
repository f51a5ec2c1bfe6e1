"""What somebody says becomes a line, or refers to one."""

from __future__ import annotations

import pytest

from p2pchat.core.messaging.content_records import AT_PAST_S, make_line, make_reference, name_message
from p2pchat.core.values.references import ReferenceKind
from p2pchat.types import ContactId, ConversationId, MessageId, MessageState
from p2pchat.wire.content import Correction, Text, UnknownContent, Withdrawal

ROOM, ANNA, OWN = ConversationId("#1"), ContactId("a" * 64), ContactId("0" * 64)
ID, NOW = MessageId("1" * 32), 1.9e9


@pytest.mark.parametrize(("at", "shown"), [(NOW + 9, NOW), (0.0, NOW - AT_PAST_S), (NOW - 5, NOW - 5)])
def test_no_clock_places_a_line_elsewhere(at: float, shown: float) -> None:
    assert make_line(Text(ID, at, "hi"), ROOM, ANNA, None, NOW).at == shown


def test_ours_keeps_its_id_and_theirs_is_named() -> None:
    ours, theirs = (make_line(Text(ID, NOW, "hi"), ROOM, author, 7.0, NOW) for author in (None, ANNA))
    assert (ours.id, ours.state) == (ID, MessageState.QUEUED) and ours.expires_at == 7.0
    assert theirs.id == str(name_message(ANNA, ID)) and theirs.state is MessageState.DELIVERED
    assert make_line(UnknownContent(63, ID, NOW), ROOM, ANNA, None, NOW).unknown == 63


def test_a_correction_concerns_a_line_of_its_author_alone() -> None:
    correction = Correction(MessageId("2" * 32), NOW, ID, "hello", 1)
    theirs = make_reference(correction, ROOM, ANNA, OWN, 7.0, NOW)
    assert (theirs.kind, theirs.target) == (ReferenceKind.CORRECTION, name_message(ANNA, ID))
    ours = make_reference(correction, ROOM, None, OWN, 7.0, NOW)
    assert (ours.target, ours.expires_at) == (name_message(OWN, ID), 7.0)
    assert make_reference(Withdrawal(ID, NOW, ID), ROOM, ANNA, OWN, 7.0, NOW).expires_at is None
