"""Introductions are asked for and answered by inputs of the core, whose refusals are told in words."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, cast

import pytest

from p2pchat.control import parameters
from p2pchat.core.values.inputs import Input
from p2pchat.core.values.introductions import (
    ContactRequested,
    ContactsIntroduced,
    IntroductionAnswered,
    IntroductionRecord,
    IntroductionTurn,
    IntroductionTurned,
    IntroductionWithdrawn,
    MediationRecord,
    MemberOf,
    Stage,
)
from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.daemon.introduction_views import Record
from p2pchat.daemon.introductions import IntroductionMethods
from p2pchat.errors import Ended, NotInTime, UsageError
from p2pchat.types import ContactId, IntroductionId, MemberId
from tests.support.room_views import AT, ROOM, FakeCore, a_caller, contact, member, room

FRIENDS = room("friends", member(b"\x01", "ana", own=True), member(b"\x03", "dora", brought_by=b"\x01"))
SOURCE = MemberOf(ROOM, MemberId(b"\x03" * 32))
DORA = IntroductionRecord(IntroductionId(b"d" * 16), SOURCE, "dora", AT, Stage.OPEN, True, bytes(32))
ASKED = replace(DORA, stage=Stage.WAITING, host=False)
TWO = MediationRecord(IntroductionId(b"t" * 16), contact("bob").id, contact("carol").id, AT)
ADD = parameters.AddContactParams(room="#friends", member="dora")
INTRODUCE = parameters.IntroduceParams(one="bob", other="carol")


class Core(FakeCore):
    """A node with these introductions."""

    def __init__(self, *records: Record) -> None:
        super().__init__(FRIENDS)
        self.records = list(records)
        self.withdrawn: list[IntroductionRecord] = []
        self.introductions = self

    def list_introductions(self) -> tuple[Record, ...]:
        return tuple(self.records)

    def list_withdrawn(self) -> tuple[IntroductionRecord, ...]:
        return tuple(self.withdrawn)

    def is_here(self, contact: ContactId, now: float) -> bool:
        return True


def methods(core: Core) -> IntroductionMethods:
    return IntroductionMethods(cast(Any, core))


def becomes(core: Core, *records: Record) -> None:
    def take(input: Input) -> None:
        core.records = list(records)

    core.take = take


async def test_a_member_is_asked_once() -> None:
    core = Core()
    becomes(core, ASKED)
    first = await methods(core).request_contact(ADD, a_caller())
    again = await methods(core).request_contact(ADD, a_caller())
    assert first == again and (first.name, first.state, first.room) == ("dora", "waiting", "#friends")
    assert core.taken == [ContactRequested(ROOM, SOURCE.member)]


async def test_a_request_is_taken_back_if_there_is_one() -> None:
    undo = parameters.AddContactParams(room="#friends", member="dora", undo=True)
    with pytest.raises(UsageError, match="you have not asked dora"):
        await methods(Core(DORA)).request_contact(undo, a_caller())
    core = Core(ASKED)
    assert (await methods(core).request_contact(undo, a_caller())).name == "dora"
    assert core.taken == [IntroductionWithdrawn(ASKED.id)]


async def test_what_the_core_refuses_is_told() -> None:
    core = Core()
    core.take = lambda input: Rejected(Reason.CONTACT_ALREADY, "dora")
    with pytest.raises(UsageError, match="your contact 'dora' already"):
        await methods(core).request_contact(ADD, a_caller())
    core.take = lambda input: Rejected(Reason.IN_TWO_MESHES)
    with pytest.raises(UsageError, match="in different meshes"):
        await methods(core).introduce_contacts(INTRODUCE, a_caller())
    core.take = lambda input: None
    with pytest.raises(Ended):
        await methods(core).request_contact(ADD, a_caller())
    with pytest.raises(Ended):
        await methods(core).introduce_contacts(INTRODUCE, a_caller())


async def test_two_contacts_are_introduced_once_and_that_is_taken_back() -> None:
    core = Core()
    becomes(core, TWO)
    for _ in range(2):
        info = await methods(core).introduce_contacts(INTRODUCE, a_caller())
        assert (info.name, info.other, info.state) == ("bob", "carol", "introducing")
    undo = parameters.IntroduceParams(one="carol", other="bob", undo=True)
    await methods(core).introduce_contacts(undo, a_caller())
    assert core.taken == [ContactsIntroduced(TWO.host, TWO.guest), IntroductionWithdrawn(TWO.id)]
    with pytest.raises(UsageError, match="do not introduce"):
        await methods(Core()).introduce_contacts(undo, a_caller())


def accepting(timeout: float | None = 5.0) -> parameters.AcceptContactParams:
    return parameters.AcceptContactParams(name="dora", timeout=timeout)


async def answer(core: Core, *turns: IntroductionTurn) -> Any:
    accepted = asyncio.ensure_future(methods(core).accept_request(accepting(), a_caller()))
    while not core.taken:
        await asyncio.sleep(0)
    core.events.publish(IntroductionTurned(TWO, IntroductionTurn.COMPLETED))
    for turn in turns:
        known = core.people[0].id if turn is IntroductionTurn.COMPLETED else None
        core.events.publish(IntroductionTurned(DORA, turn, known))
    return await accepted


async def test_who_accepts_waits_until_the_other_is_a_contact() -> None:
    core = Core(DORA)
    found = await answer(core, IntroductionTurn.AGREED, IntroductionTurn.COMPLETED)
    assert found.name == "bob" and core.taken == [IntroductionAnswered(DORA.id, accept=True)]


@pytest.mark.parametrize("turn", [IntroductionTurn.DECLINED, IntroductionTurn.VOID, IntroductionTurn.FAILED])
async def test_who_accepts_is_told_that_nothing_comes_of_it(turn: IntroductionTurn) -> None:
    with pytest.raises(Ended, match="came to nothing"):
        await answer(Core(DORA), IntroductionTurn.AGREED, turn)


async def test_who_accepts_is_told_that_it_takes_longer() -> None:
    with pytest.raises(NotInTime, match="follows by itself"):
        await methods(Core(DORA)).accept_request(accepting(0.0), a_caller())


async def test_what_is_not_there_is_not_answered() -> None:
    with pytest.raises(UsageError, match="contacts requests"):
        await methods(Core()).accept_request(accepting(), a_caller())


async def test_a_request_is_declined_and_listed_no_longer() -> None:
    core = Core(DORA, TWO)
    listed = await methods(core).list_introductions(parameters.NoParams(), a_caller())
    assert [one.state for one in listed] == ["requested", "introducing"]
    params = parameters.IntroductionParams(name="dora")
    assert (await methods(core).decline_request(params, a_caller())).name == "dora"
    assert core.taken == [IntroductionAnswered(DORA.id, accept=False)]


async def test_a_request_that_was_taken_back_meanwhile_is_declined_nevertheless() -> None:
    core = Core()
    core.withdrawn = [replace(DORA, stage=Stage.WITHDRAWN)]
    params = parameters.IntroductionParams(name="dora")
    assert (await methods(core).decline_request(params, a_caller())).name == "dora"
    assert core.taken == [IntroductionAnswered(DORA.id, accept=False)]
    core.withdrawn = []
    with pytest.raises(UsageError, match="contacts requests"):
        await methods(core).decline_request(params, a_caller())
