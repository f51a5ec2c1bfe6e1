"""One message, one line."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from p2pchat.control.events import ContactEvent, State
from p2pchat.errors import UsageError
from p2pchat.wording.lines import contact_line, local_time, message_line, moment
from tests.support.fake_node import AT, message, told

NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)


def test_a_message_is_one_harmless_line() -> None:
    line = message_line(message("1", "two\nlines\x1b[0m", sender="bob\u200b"))
    assert line == f"{local_time(AT):%Y-%m-%d %H:%M:%S}  bob�: two⏎lines␛[0m"


@pytest.mark.parametrize(
    ("state", "end"), [("queued", "hi  [queued]"), ("delivered", "hi"), ("expired", "hi  [expired]")]
)
def test_what_has_not_arrived_says_so(state: State, end: str) -> None:
    assert message_line(message("1", "hi", outgoing=True, state=state)).endswith(end)


@pytest.mark.parametrize("outgoing", [True, False])
def test_a_line_that_was_rewritten_claims_nothing_about_what_was_sent(outgoing: bool) -> None:
    line = message_line(message("1", "hi", outgoing=outgoing, state="relayed", rewritten=True))
    assert line.endswith("hi  [rewritten here]")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2h", datetime(2026, 1, 10, 10, tzinfo=UTC)),
        ("3 d", datetime(2026, 1, 7, 12, tzinfo=UTC)),
        ("1W", datetime(2026, 1, 3, 12, tzinfo=UTC)),
        ("90m", datetime(2026, 1, 10, 10, 30, tzinfo=UTC)),
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02", datetime(2026, 1, 2).astimezone()),
    ],
)
def test_times_are_read_as_people_write_them(text: str, meant: datetime) -> None:
    assert moment(text, NOW) == meant


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "5y", "999999w999", "-3h"])
def test_other_times_are_refused_with_examples(text: str) -> None:
    with pytest.raises(UsageError, match="write 2h, 3d, 2026-01-02"):
        moment(text, NOW)


@pytest.mark.parametrize("span", ["999999w", "999999d"])
def test_a_span_longer_than_the_calendar_is_refused(span: str) -> None:
    with pytest.raises(UsageError):
        moment(span, NOW)


@pytest.mark.parametrize("at", ["", "nonsense", "0001-01-01T00:00:00Z"])
def test_a_time_no_calendar_has_is_shown_all_the_same(at: str) -> None:
    assert local_time(at).year <= 1970


@pytest.mark.parametrize(("by", "said"), [("bob", "bob"), ("ana", "you")])
def test_the_person_is_called_you_whose_own_setting_it_is(by: str, said: str) -> None:
    decided = told(ContactEvent, name="bob", change="disappearing", disappear=60.0, by=by)
    assert contact_line(decided).endswith(f"disappears after 1 minute (set by {said})")
