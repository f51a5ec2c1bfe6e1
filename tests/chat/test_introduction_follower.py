"""Who asks to be a contact is told in a quiet line, once, also if it came before the chat."""

from __future__ import annotations

import msgspec

from p2pchat.chat.happenings import Decided
from p2pchat.control.introductions import IntroductionEvent, IntroductionInfo
from p2pchat.errors import ControlError
from tests.chat.conftest import Told
from tests.support.fake_node import told


def lines(chat: Told) -> list[str]:
    return [one.line for one in chat.happened if isinstance(one, Decided)]


ASKS = (
    "through #friends, brought by bob: dora wants to be a contact of yours: "
    "/contact accept dora, or /contact decline dora"
)


async def test_what_waits_is_told_when_the_chat_opens_and_only_then() -> None:
    chat = Told()
    chat.node.put_introduction("dora")
    chat.node.put_introduction("eve", state="waiting")
    await chat.model.load_people()
    await chat.model.load_people()
    assert lines(chat) == [ASKS] and list(chat.model.introductions.requests) == ["dora"]


async def test_a_request_that_comes_is_told_once() -> None:
    chat = Told()
    await chat.model.load_people()
    chat.node.put_introduction("dora")
    event = told(IntroductionEvent, name="dora", change="requested", room="#friends", by="bob")
    await chat.model.take_event(event)
    await chat.model.take_event(event)
    assert lines(chat) == [ASKS]


async def test_what_becomes_of_it_is_told() -> None:
    chat = Told()
    await chat.model.load_people()
    await chat.model.take_event(told(IntroductionEvent, name="dora", change="declined"))
    await chat.model.take_event(told(IntroductionEvent, name="eve", change="requested", by="bob"))
    assert lines(chat)[0] == "dora declines" and lines(chat)[1].startswith("introduced by bob: eve wants")


async def test_an_old_node_without_introductions_has_none() -> None:
    chat = Told()

    async def refuse() -> object:
        raise ControlError("no such method")

    chat.node.list_introductions = refuse  # type: ignore[assignment,method-assign]
    await chat.model.load_people()
    assert chat.model.introductions.open == {}


async def test_a_request_that_was_taken_back_and_comes_again_is_told_if_an_event_says_so() -> None:
    chat = Told()
    chat.node.put_introduction("dora")
    await chat.model.load_people()
    again = msgspec.structs.replace(chat.model.introductions.open["dora"], id="ff")

    async def list_again() -> list[IntroductionInfo]:
        return [again]

    chat.node.list_introductions = list_again  # type: ignore[method-assign]
    await chat.model.load_people()
    assert lines(chat) == [ASKS]
    event = told(IntroductionEvent, name="dora", change="requested", room="#friends", by="bob")
    await chat.model.take_event(event)
    assert lines(chat) == [ASKS, ASKS]
