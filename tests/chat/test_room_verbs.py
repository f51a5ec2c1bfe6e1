"""Each command about rooms does the same whatever shows the chat; what cannot be undone is asked first."""

from __future__ import annotations

import pytest

from p2pchat.chat.commands import ROOM_COMMANDS
from p2pchat.control.rooms import Notify
from p2pchat.errors import NotInTime, UsageError
from tests.chat.conftest import Told
from tests.chat.test_verbs import Desk
from tests.support.fake_node import message
from tests.support.fake_rooms import in_room, member

MEMBERS = (member("mira", role="owner"), member("me", own=True, role="admin"), member("anna lena"))


@pytest.fixture
async def garden() -> Desk:
    chat = Told()
    chat.node.put_room("#garden", *MEMBERS)
    await chat.model.load_people()
    chat.model.open_conversation("#garden")
    await chat.model.look_round()
    return Desk(chat)


async def test_every_command_is_known(garden: Desk) -> None:
    assert {command.name.removeprefix("/room ") for command in ROOM_COMMANDS} == set(
        garden.verbs.rooms._verbs
    )
    for line in ("/room", "/room dance"):
        with pytest.raises(UsageError, match="/room needs one of: create, "):
            garden.verbs.run_line(line)


async def test_a_room_is_made_and_opened(garden: Desk) -> None:
    await garden.type("/room create #book club")
    assert garden.screen.shown == [("show_conversation", "#book club")]
    assert "#book club" in garden.model.known.rooms


async def test_contacts_are_invited_by_name_and_chosen_without(garden: Desk) -> None:
    garden.model.people["anna k"] = garden.model.people["bob"]
    await garden.type("/room invite bob carol")
    assert garden.node.groups["#garden"].invited == ["bob", "carol"]
    await garden.type('/room invite "anna k" bob')
    await garden.type("/room invite anna k")
    assert garden.node.groups["#garden"].invited == ["carol", "bob", "anna k"]
    await garden.type("/room invite")
    assert garden.screen.shown == [("choose_invited", "#garden")]
    with pytest.raises(UsageError, match="a quote is not closed"):
        garden.verbs.run_line("/room invite 'bob")


async def test_the_only_invitation_needs_no_name(garden: Desk) -> None:
    garden.node.put_room("choir", state="offered", role=None, invited_by="bob")
    await garden.model.load_people()
    await garden.type("/room accept")
    assert "#choir" in garden.model.known.rooms
    assert garden.model.known.offers == {}
    with pytest.raises(UsageError, match="name the room to which you are invited: none"):
        garden.verbs.run_line("/room accept")


async def test_of_several_invitations_one_is_named(garden: Desk) -> None:
    for name in ("choir", "chess"):
        garden.node.put_room(name, state="offered", role=None, invited_by="bob")
    await garden.model.load_people()
    with pytest.raises(UsageError, match="choir, chess"):
        garden.verbs.run_line("/room accept")
    await garden.type("/room decline #choir")
    assert list(garden.model.known.offers) == ["chess"]
    assert "#choir" not in garden.model.known.rooms


async def test_nothing_waits_for_the_node_that_lets_us_in(
    garden: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    garden.node.put_room("choir", state="offered", role=None, invited_by="bob")
    await garden.model.load_people()
    waited: list[float | None] = []

    async def accept(room: str, *, timeout: float | None = 30.0) -> None:
        waited.append(timeout)
        raise NotInTime("later")

    monkeypatch.setattr(garden.node, "accept_room", accept)
    await garden.type("/room accept choir")
    assert waited == [0.0]
    assert garden.screen.lines == ["accepted; you are in as soon as bob's node lets you in"]


@pytest.mark.parametrize(
    ("line", "shown"), [("/room members", "show_members"), ("/room verify", "show_words")]
)
async def test_members_and_words_are_shown(garden: Desk, line: str, shown: str) -> None:
    await garden.type(line)
    assert garden.screen.shown == [(shown, "#garden")]


async def test_offices_are_given_and_the_room_is_handed_over_only_after_a_question(garden: Desk) -> None:
    offices = []
    for role, answers in (("admin", ()), ("owner", (False,)), ("owner", (True,))):
        await garden.type(f"/room role anna lena {role}", *answers)
        offices.append(garden.node.rosters["#garden"][2].role)
    assert offices == ["admin", "admin", "owner"]
    for line in ("/room role", "/room role bob", "/room role bob king"):
        with pytest.raises(UsageError, match="/room role needs a member"):
            garden.verbs.run_line(line)


@pytest.mark.parametrize(("answer", "left"), [(False, 3), (True, 2)])
async def test_a_member_is_put_out_after_a_question(garden: Desk, answer: bool, left: int) -> None:
    await garden.type("/room remove anna lena", answer)
    assert garden.screen.questions == ["remove"]
    assert len(garden.node.rosters["#garden"]) == left


@pytest.mark.parametrize(("answer", "state"), [(False, "in"), (True, "out")])
async def test_one_leaves_after_a_question(garden: Desk, answer: bool, state: str) -> None:
    await garden.type("/room leave 'anna lena'", answer)
    assert garden.node.groups["#garden"].state == state
    assert garden.node.heirs == (("anna lena",) if answer else ())


async def test_only_a_room_that_was_left_is_forgotten(garden: Desk) -> None:
    with pytest.raises(UsageError, match="leave the room first"):
        garden.verbs.run_line("/room forget")
    await garden.type("/room leave", True)
    await garden.model.load_people()
    await garden.type("/room forget", True)
    assert garden.model.known.rooms == {}
    assert garden.model.current == ""


async def test_another_room_is_made_with_the_same_people(garden: Desk) -> None:
    await garden.type("/room renew", True)
    assert garden.screen.shown == [("show_conversation", "#garden-2")]
    assert garden.screen.lines == ["invited: none; no contacts of yours: mira, anna lena"]


@pytest.mark.parametrize(
    ("line", "notify"),
    [("/mute", "none"), ("/mute mentions", "mentions"), ("/room mute", "none"), ("/room mute off", "all")],
)
async def test_a_room_notifies_of_all_of_mentions_or_of_nothing(
    garden: Desk, line: str, notify: Notify
) -> None:
    await garden.type(line)
    assert garden.model.known.rooms["#garden"].room.notify == notify
    with pytest.raises(UsageError, match="/mute takes"):
        garden.verbs.run_line("/mute loudly")


async def test_one_key_goes_through_all_that_a_room_notifies_of(garden: Desk) -> None:
    for notify in ("mentions", "none", "all"):
        garden.verbs.do_verb("toggle_mute", "")
        await garden.type("/who")
        assert garden.model.known.rooms["#garden"].room.notify == notify


async def test_commands_for_a_conversation_concern_the_open_room(garden: Desk) -> None:
    await garden.type("/verify")
    assert garden.screen.shown == [("show_words", "#garden")]
    await garden.type("/disappear 1d")
    assert garden.node.groups["#garden"].disappear == 86_400
    await garden.type("/rename #plot")
    assert list(garden.node.groups) == ["#plot"]
    for line, why in (("/block", "cannot be blocked"), ("/remove", "/room leave leaves the room")):
        with pytest.raises(UsageError, match=why):
            garden.verbs.run_line(line)


async def test_messages_of_a_room_are_deleted_here(garden: Desk) -> None:
    garden.node.said = [in_room(message("1", "hi", sender="mira"))]
    await garden.type("/forget", True)
    assert garden.screen.lines == ["1 messages in #garden deleted here"]


async def test_without_an_open_room_these_commands_say_what_to_do(garden: Desk) -> None:
    garden.model.open_conversation("bob")
    for command in ROOM_COMMANDS:
        if command.name.removeprefix("/room ") not in ("create", "accept", "decline"):
            with pytest.raises(UsageError, match="open a room first"):
                garden.verbs.run_line(command.name)
    await garden.type("/mute")
    assert garden.node.people["bob"].muted
