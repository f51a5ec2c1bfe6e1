"""Each command does the same whatever shows the chat; what cannot be undone is asked first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from p2pchat.chat.commands import COMMANDS
from p2pchat.chat.question import Question
from p2pchat.chat.verbs import Verbs
from p2pchat.errors import UsageError
from tests.chat.conftest import Told


class Shown:
    """A screen that writes down what it is to show, and answers as it is told to."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.questions: list[str] = []
        self.answers: list[bool] = []
        self.shown: list[tuple[Any, ...]] = []

    def tell_person(self, text: str) -> None:
        self.lines.append(text)

    def tell_failure(self, why: object) -> None:
        self.lines.append(f"failed: {why}")

    def ask_person(
        self, question: Question, yes: Callable[[], None], no: Callable[[], None] | None = None
    ) -> None:
        self.questions.append(question.title)
        if self.answers.pop(0):
            yes()
        elif no is not None:
            no()

    def theme_names(self) -> Iterable[str]:
        return ["nord", "dracula"]

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *given: self.shown.append((name, *given))


class Desk:
    def __init__(self, chat: Told) -> None:
        self.node, self.model, self.screen = chat.node, chat.model, Shown()
        self.verbs = Verbs(chat.model, self.screen)

    async def type(self, line: str, *answers: bool) -> None:
        """Type a command, answer its questions, and wait until the node has done what was asked."""
        self.screen.answers += answers
        self.verbs.run_line(line)
        asking = asyncio.ensure_future(self.model.requests.run_all())
        async with asyncio.timeout(5):
            await self.model.requests.wait_for_all()
        asking.cancel()


@pytest.fixture
def desk(told: Told) -> Desk:
    return Desk(told)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("/help", ("show_help",)),
        ("/switch", ("choose_person",)),
        ("/switch carol", ("show_conversation", "carol")),
        ("/who", ("show_everyone",)),
        ("/search eight", ("begin_search", "eight")),
        ("/invite link", ("begin_invite", True)),
        ("/join 1-a-b-c", ("begin_join", "1-a-b-c")),
        ("/verify", ("show_number", "bob")),
        ("/profile", ("show_mesh",)),
        ("/doctor", ("show_doctor",)),
        ("/set", ("show_settings",)),
        ("/quit", ("leave_chat",)),
    ],
)
async def test_what_is_to_be_shown_is_the_screens(desk: Desk, line: str, shown: tuple[Any, ...]) -> None:
    await desk.type(line)
    assert desk.screen.shown == [shown]


async def test_what_the_node_is_to_do_is_done(desk: Desk) -> None:
    for line in ("/verify yes", "/mute", "/disappear 1d", "/theme nord", "/set profile strong"):
        await desk.type(line)
    bob = desk.node.people["bob"]
    assert (bob.verified, bob.muted, bob.disappear) == (True, True, 86_400.0)
    assert desk.node.kept == {"theme": "nord", "profile": "strong"}
    await desk.type("/rename robert")
    assert "robert" in desk.node.people


@pytest.mark.parametrize("agreed", [True, False])
async def test_blocking_and_removing_are_asked_first(desk: Desk, agreed: bool) -> None:
    await desk.type("/block", agreed)
    assert desk.node.people["bob"].blocked is agreed
    await desk.type("/remove", agreed, *([True] if agreed else []))
    assert ("bob" not in desk.node.people) is agreed
    assert desk.node.removed == ([("bob", True)] if agreed else [])


async def test_a_refusal_of_the_node_is_told(desk: Desk) -> None:
    await desk.type("/set profile sideways")
    (line,) = desk.screen.lines
    assert line.startswith("failed: ")


@pytest.mark.parametrize("line", ["/nope", "/rename", "/disappear", "/theme none", "/set profile"])
async def test_what_cannot_be_meant_is_said_so(desk: Desk, line: str) -> None:
    with pytest.raises(UsageError):
        await desk.type(line)


def test_every_command_of_the_table_is_a_verb(told: Told) -> None:
    verbs = Verbs(told.model, Shown())._verbs
    assert {command.name[1:] for command in COMMANDS} <= set(verbs)
