"""What a person may want said, and in which form it travels."""

from __future__ import annotations

import pytest

from p2pchat.core.messaging.content_records import name_message
from p2pchat.core.messaging.requests import content_of, refuse_content
from p2pchat.core.values.references import ReferenceKind
from p2pchat.core.values.refusals import Reason
from p2pchat.core.values.user_inputs import MessageSubmitted, ReferenceSubmitted, Target
from p2pchat.types import ContactId, ConversationId, MessageId, MessageName
from p2pchat.wire.content import SIGN_LIMIT, TEXT_LIMIT, Correction, Reaction, Text, Withdrawal

OWN, BOB = ContactId("a" * 64), ContactId("b" * 64)
ID, LINE, WITH = MessageId("1" * 32), MessageId("2" * 32), ConversationId(BOB)
OURS, THEIRS = Target(LINE, ours=True), Target(LINE, ours=False)
REACTION, CORRECTION, WITHDRAWAL = ReferenceKind


@pytest.mark.parametrize(
    ("kind", "target", "text", "reason"),
    [
        (REACTION, THEIRS, "👍", None),
        (REACTION, OURS, "", None),
        (REACTION, THEIRS, "x" * (SIGN_LIMIT + 1), Reason.SIGN_TOO_LONG),
        (REACTION, THEIRS, "\ud83d", Reason.TEXT_NOT_UNICODE),
        (CORRECTION, OURS, "x" * TEXT_LIMIT, None),
        (CORRECTION, OURS, "", Reason.TEXT_EMPTY),
        (CORRECTION, OURS, "x" * (TEXT_LIMIT + 1), Reason.TEXT_TOO_LONG),
        (CORRECTION, THEIRS, "x", Reason.NOT_THE_AUTHOR),
        (WITHDRAWAL, OURS, "", None),
        (WITHDRAWAL, THEIRS, "", Reason.NOT_THE_AUTHOR),
    ],
)
def test_a_reference_is_refused_before_anything_comes_of_it(
    kind: ReferenceKind, target: Target, text: str, reason: Reason | None
) -> None:
    assert refuse_content(ReferenceSubmitted(ID, WITH, kind, target, 1, text)) is reason


def test_a_line_is_named_by_who_wrote_it() -> None:
    ours, theirs = (MessageSubmitted(ID, WITH, "yes", target, (BOB,)) for target in (OURS, THEIRS))
    assert content_of(ours, OWN, 1.0) == Text(ID, 1.0, "yes", name_message(OWN, LINE), (BOB,))
    assert content_of(theirs, OWN, 1.0) == Text(ID, 1.0, "yes", MessageName(LINE), (BOB,))


def test_who_corrects_or_withdraws_gives_the_id_alone() -> None:
    reaction = ReferenceSubmitted(ID, WITH, REACTION, THEIRS, 2, "👍")
    assert content_of(reaction, OWN, 1.0) == Reaction(ID, 1.0, MessageName(LINE), "👍", 2)
    corrected = ReferenceSubmitted(ID, WITH, CORRECTION, OURS, 3, "at nine", (BOB,))
    assert content_of(corrected, OWN, 1.0) == Correction(ID, 1.0, LINE, "at nine", 3, (BOB,))
    withdrawn = ReferenceSubmitted(ID, WITH, WITHDRAWAL, OURS, 0)
    assert content_of(withdrawn, OWN, 1.0) == Withdrawal(ID, 1.0, LINE)
