"""Each reason for which the core refuses something has its error, and words for a person."""

from __future__ import annotations

import pytest

from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.daemon.refusals import raise_refusal
from p2pchat.errors import Ended, LimitError, P2PChatError, UsageError
from p2pchat.wire.content import TEXT_LIMIT

LONG = "x" * (TEXT_LIMIT + 1)

TOLD = {
    Reason.NO_SUCH_CONTACT: (Ended, "bob was removed"),
    Reason.CONTACT_BLOCKED: (UsageError, "contacts block --undo bob"),
    Reason.TEXT_EMPTY: (UsageError, "nothing to send"),
    Reason.TEXT_NOT_UNICODE: (UsageError, "no encoding"),
    Reason.TEXT_TOO_LONG: (LimitError, f"this one has {TEXT_LIMIT + 1}"),
    Reason.OUTBOX_FULL: (LimitError, "10000 messages wait"),
    Reason.SIGN_TOO_LONG: (LimitError, "at most 64 bytes"),
    Reason.NOT_THE_AUTHOR: (UsageError, "only the author"),
    Reason.NAME_MALFORMED: (UsageError, "does not begin with a dash"),
    Reason.NAME_TAKEN: (UsageError, "'eve' already"),
    Reason.NAME_IS_OURS: (UsageError, "is your own name here"),
    Reason.RETENTION_IMPOSSIBLE: (UsageError, "ten seconds to ten years"),
    Reason.NO_SUCH_ROOM: (Ended, "no such room"),
    Reason.NO_SUCH_MEMBER: (UsageError, "no such member"),
    Reason.NO_SUCH_OFFER: (Ended, "is over"),
    Reason.NO_MESH: (UsageError, "pair with a contact first"),
    Reason.NOT_IN_ROOM: (UsageError, "not in this room any more"),
    Reason.STILL_IN_ROOM: (UsageError, "leave the room first"),
    Reason.MAY_NOT: (UsageError, "does not permit"),
    Reason.ROOM_NAME_TAKEN: (UsageError, "'eve' already"),
    Reason.ROOM_FULL: (LimitError, "is full"),
    Reason.ROOMS_FULL: (LimitError, "leave one and forget it"),
    Reason.OFFERS_FULL: (LimitError, "withdraw some"),
    Reason.OFFERED_ALREADY: (UsageError, "has not answered yet"),
    Reason.IN_ALREADY: (UsageError, "in the room already"),
    Reason.IN_OTHER_MESH: (UsageError, "in another mesh"),
    Reason.ROOM_WAITS: (LimitError, "put back to a copy"),
    Reason.NO_SUCH_INTRODUCTION: (Ended, "contacts requests"),
    Reason.INTRODUCTIONS_FULL: (LimitError, "withdraw some"),
    Reason.REQUESTED_ALREADY: (UsageError, "not answered yet"),
    Reason.CONTACT_ALREADY: (UsageError, "'eve' already"),
    Reason.KEYS_EXCHANGED: (UsageError, "exchanged already"),
    Reason.SAME_PERSON: (UsageError, "two different contacts"),
    Reason.IN_TWO_MESHES: (UsageError, "in different meshes"),
    Reason.NO_SUCH_FILE: (UsageError, "files list"),
    Reason.FILE_OVER: (Ended, "transferred already"),
    Reason.FILE_TOO_LARGE: (LimitError, "too large"),
    Reason.FILES_FULL: (LimitError, "save or cancel some"),
}


@pytest.mark.parametrize("reason", list(Reason))
def test_each_reason_has_its_error_and_words(reason: Reason) -> None:
    kind, words = TOLD[reason]
    with pytest.raises(P2PChatError, match=words) as told:
        raise_refusal(Rejected(reason, "eve"), contact="bob", text=LONG, name="-eve")
    assert isinstance(told.value, kind)


def test_what_is_not_refused_raises_nothing() -> None:
    raise_refusal(None, contact="bob")
