"""Which message a command means, and that what cannot be undone is asked first."""

from __future__ import annotations

import pytest

from p2pchat.chat.happenings import Happening, ReferenceAdded
from p2pchat.chat.lines import NOT_HERE, beginning_of, line_of
from p2pchat.chat.referring import BACK_MAX, parse_back
from p2pchat.control.events import CorrectedEvent, ReactionEvent, WithdrawnEvent
from p2pchat.control.values import extended
from p2pchat.errors import UsageError
from tests.chat.conftest import Told
from tests.chat.test_verbs import Desk
from tests.support.fake_node import message

SAID = [
    message("1", "first"),
    message("2", "mine", outgoing=True),
    message("3", "second"),
    message("4", "mine too", outgoing=True),
    message("5", "", withdrawn="delivered"),
]


@pytest.fixture
def desk(told: Told) -> Desk:
    told.node.said = list(SAID)
    told.model.current = "bob"
    return Desk(told)


@pytest.mark.parametrize(
    ("rest", "meant"),
    [
        ("yes", (1, "yes")),
        ("^2 yes, at eight", (2, "yes, at eight")),
        ("^2", (2, "")),
        ("2 yes", (1, "2 yes")),
        ("^x yes", (1, "^x yes")),
        ("", (1, "")),
    ],
)
def test_a_message_is_counted_from_the_newest(rest: str, meant: tuple[int, str]) -> None:
    assert parse_back(rest) == meant


def test_a_message_too_far_back_is_refused() -> None:
    with pytest.raises(UsageError):
        parse_back(f"^{BACK_MAX + 1} yes")


async def test_each_command_means_a_message_of_theirs_or_of_ours(desk: Desk) -> None:
    await desk.type("/react 👍")
    await desk.type("/react ^2 off")
    await desk.type("/correct yours")
    await desk.type("/correct ^2 yours too")
    assert desk.node.referred == [
        ("react", "3", "👍"),
        ("react", "1", ""),
        ("correct", "4", "yours"),
        ("correct", "2", "yours too"),
    ]


async def test_a_reply_is_a_line_that_answers_one(desk: Desk) -> None:
    await desk.type("/reply ^2 yes")
    ((verb, text, answered),) = desk.screen.shown
    assert (verb, text, answered.id) == ("say_line", "yes", "1")


async def test_withdrawing_asks_first(desk: Desk) -> None:
    await desk.type("/withdraw", False)
    assert (desk.screen.questions, desk.node.referred) == (["withdraw"], [])
    await desk.type("/withdraw ^2", True)
    assert desk.node.referred == [("withdraw", "2", "")]


@pytest.mark.parametrize("line", ["/reply", "/reply ^2", "/react", "/correct ^3", "/withdraw everything"])
async def test_what_makes_no_sense_is_said_at_once(desk: Desk, line: str) -> None:
    with pytest.raises(UsageError):
        await desk.type(line)


async def test_a_message_that_there_is_not_is_said(desk: Desk) -> None:
    await desk.type("/react ^9 👍")
    assert desk.screen.lines == ["failed: there is no such message of theirs"]


async def test_what_is_said_of_a_message_is_told_with_the_message_as_it_is(told: Told) -> None:
    told.model.people["bob"].unread["5"] = None
    told.model.people["bob"].last = line_of(SAID[-1])
    corrected = message("5", "at nine", corrected="delivered")
    liked = {"from": "bob", "sign": "👍", "state": "delivered"}
    reaction = extended(message("5", "hi", reactions=[liked]), ReactionEvent, by="bob", sign="👍")
    await told.model.take_event(reaction)
    await told.model.take_event(extended(corrected, CorrectedEvent, by="bob"))
    last = told.model.people["bob"].last
    assert last is not None
    assert last.text == "at nine"
    assert "5" in told.model.people["bob"].unread
    await told.model.take_event(extended(SAID[-1], WithdrawnEvent, by="bob"))
    assert told.model.people["bob"].unread == {}
    added: list[Happening] = told.of(ReferenceAdded)
    assert [each.message.marks for each in added if isinstance(each, ReferenceAdded)] == [
        ("👍 bob",),
        ("corrected",),
        ("withdrawn",),
    ]


def test_a_reply_says_what_it_answers() -> None:
    answered = {"id": "1", "from": "bob", "text": "first"}
    lost = {"id": None, "from": None, "text": None}
    assert line_of(message("9", "yes", reply_to=answered)).answers == "bob: first"
    assert beginning_of(line_of(SAID[0])) == "bob: first"
    assert line_of(message("9", "yes", reply_to=lost)).answers == NOT_HERE
