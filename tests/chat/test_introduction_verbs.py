"""Each command about contacts without a code does the same whatever shows the chat."""

from __future__ import annotations

import pytest

from p2pchat.chat.commands import CONTACT_COMMANDS, complete, vocabulary
from p2pchat.errors import UsageError
from tests.chat.conftest import Told
from tests.chat.test_verbs import Desk
from tests.support.fake_rooms import member


@pytest.fixture
async def garden() -> Desk:
    chat = Told()
    chat.node.put_room("#garden", member("me", own=True), member("dora"))
    await chat.model.load_people()
    chat.model.open_conversation("#garden")
    await chat.model.look_round()
    return Desk(chat)


async def test_every_command_is_known(garden: Desk) -> None:
    with pytest.raises(UsageError) as told:
        garden.verbs.run_line("/contact dance")
    verbs = str(told.value).removeprefix("/contact needs one of: ").split(", ")
    assert {command.name.removeprefix("/contact ") for command in CONTACT_COMMANDS} == set(verbs)


async def test_a_member_of_the_open_room_is_asked(garden: Desk) -> None:
    await garden.type("/contact add dora")
    assert garden.node.introductions["dora"].room == "#garden"
    garden.model.open_conversation("bob")
    for line in ("/contact add dora", "/contact add"):
        with pytest.raises(UsageError, match="member of the open room"):
            garden.verbs.run_line(line)


async def test_two_contacts_are_introduced(garden: Desk) -> None:
    await garden.type("/contact introduce bob carol")
    assert garden.node.introductions["bob"].other == "carol"
    for line in ("/contact introduce bob", "/contact introduce bob dora", "/contact introduce"):
        with pytest.raises(UsageError, match="two contacts"):
            garden.verbs.run_line(line)


async def test_the_only_request_needs_no_name(garden: Desk) -> None:
    garden.node.put_introduction("dora")
    await garden.model.load_people()
    await garden.type("/contact accept")
    assert "dora" in garden.node.people and garden.model.introductions.open == {}
    with pytest.raises(UsageError, match="name who asks to be a contact: none"):
        garden.verbs.run_line("/contact accept")


async def test_of_several_requests_one_is_named(garden: Desk) -> None:
    garden.node.put_introduction("dora")
    garden.node.put_introduction("eve")
    await garden.model.load_people()
    with pytest.raises(UsageError, match="dora, eve"):
        garden.verbs.run_line("/contact decline")
    await garden.type("/contact decline eve")
    assert list(garden.node.introductions) == ["dora"]


async def test_names_are_completed(garden: Desk) -> None:
    garden.node.put_introduction("eve")
    await garden.model.load_people()
    known = vocabulary(garden.model)
    assert complete("/contact a", known) == ["/contact add", "/contact accept"]
    assert complete("/contact add d", known) == ["/contact add dora"]
    assert complete("/contact accept ", known) == ["/contact accept eve"]
    assert complete("/contact introduce bob ", known) == ["/contact introduce bob carol"]
    assert complete("/contact dance ", known) == []
