"""Rooms in the chat in lines: who wrote, what is for us, and what is asked about invitations."""

from __future__ import annotations

import pytest

from p2pchat.control.events import MessageEvent, ReachedEvent
from p2pchat.control.introductions import IntroductionEvent
from p2pchat.control.rooms import RoomEvent
from p2pchat.errors import UsageError
from p2pchat.wording.signs import ASCII
from tests.plain.conftest import Reader
from tests.support.fake_node import AT, message, told
from tests.support.fake_rooms import WORDS, in_room, member

MEMBERS = (
    member("mira", role="owner", contact=True, verified=True, brought_by=None),
    member("me", own=True, brought_by="mira"),
    member("iva", brought_by="mira", lacks=1, spoke=False),
)


def said(id: str, text: str, sender: str = "mira", **rest: object) -> MessageEvent:
    return in_room(message(id, text, sender=sender).with_changes(**rest))


def prepare(reader: Reader) -> Reader:
    reader.node.put_room("#garden", *MEMBERS, lately=1, silent=1)
    reader.node.said = [
        said("1", "the seed order is in"),
        said("2", "@me dig", mentions=["me"]),
        said("3", "old\nnews", "iva", could_read=["dora"]),
        said("4", "I dig", "me", outgoing=True, state="relayed", reached=1, of=2),
    ]
    return reader


@pytest.fixture
async def garden(reader: Reader) -> Reader:
    await prepare(reader).open("#garden")
    return reader


async def test_lines_say_who_wrote_them_and_what_is_ours_or_for_us(garden: Reader) -> None:
    assert garden.said() == [
        "  mira: the seed order is in",
        "▌ mira: @me dig",
        "  iva: old\n        news  [dora could read this]",
        "▸ me: I dig  ✓ 1 of 2",
    ]
    assert garden.noticed()[-2:] == [
        "delivered to 1 of 2 · not yet to iva: I dig",
        "talking with #garden (3 members, 1 heard today, 1 not heard yet); /help shows what helps",
    ]
    assert garden.status.startswith(" #garden 3 members | ")


async def test_signs_of_a_terminal_without_unicode() -> None:
    reader = prepare(Reader(ASCII))
    await reader.open("#garden")
    assert [line[:2] for line in reader.said()] == ["  ", "| ", "  ", "> "]
    assert reader.said()[-1].endswith("+ 1 of 2")
    await reader.close()


async def test_what_we_write_counts_its_members(garden: Reader) -> None:
    garden.node.states = ("queued", "relayed")
    await garden.type("hello")
    assert garden.node.sent == [("#garden", "hello")]
    id = garden.node.keys[-1]
    await garden.take(told(ReachedEvent, id=id, room="#garden", reached=1, of=2, at=AT))
    assert "✓ 1 of 2 hello" in garden.status
    await garden.take(told(ReachedEvent, id=id, room="#garden", reached=2, of=2, at=AT))
    assert "✓✓ hello" in garden.status


@pytest.mark.parametrize(
    ("notify", "announced"),
    [
        (
            "all",
            [
                "iva wrote in #garden (1 unread); /switch #garden",
                "iva wrote in #garden (2 unread, 1 for you); /switch #garden",
            ],
        ),
        ("mentions", ["iva wrote in #garden (2 unread, 1 for you); /switch #garden"]),
        ("none", []),
    ],
)
async def test_other_rooms_are_announced_as_it_was_chosen(
    reader: Reader, notify: str, announced: list[str]
) -> None:
    reader.node.put_room("#garden", *MEMBERS, notify=notify)
    await reader.open("bob")
    await reader.take(said("7", "hm", "iva"), said("8", "@me?", "iva", mentions=["me"]))
    assert [line for line in reader.noticed() if "wrote" in line] == announced
    counted = {"all": "2 unread, 1 for you", "mentions": "1 unread, 1 for you", "none": ""}[notify]
    assert counted in reader.status
    assert ("unread" in reader.status) == bool(counted)


async def test_changes_are_told_in_their_room_and_urgent_ones_everywhere(garden: Reader) -> None:
    joined = told(RoomEvent, room="#garden", change="joined", member="jo", by="mira")
    await garden.take(joined)
    assert garden.noticed()[-1] == "jo is in, brought by mira"
    await garden.open("bob")
    before = garden.noticed()
    await garden.take(joined)
    assert garden.noticed() == before
    await garden.take(told(RoomEvent, room="#garden", change="told otherwise", member="jo"))
    assert garden.noticed()[-1] == "#garden: jo has told other members something else than you"


async def test_members_and_words_are_lines(garden: Reader) -> None:
    await garden.type("/room members")
    assert garden.noticed()[-3:] == [
        "owner  verified                mira, founded the room",
        "member you                     me, brought by mira",
        "member unknown  not heard yet  iva, brought by mira",
    ]
    await garden.type("/verify")
    assert garden.noticed()[-2:] == [WORDS, "A member that sees the same words knows the same 3 members."]


async def test_an_invitation_is_told_listed_and_accepted(garden: Reader) -> None:
    garden.node.put_room("choir", state="offered", role=None, invited_by="bob")
    await garden.take(told(RoomEvent, room="choir", change="offered", by="bob"))
    assert garden.noticed()[-1] == (
        "bob invites you to the room choir: /room accept choir, or /room decline choir"
    )
    await garden.type("/who")
    assert garden.noticed()[-4:] == [
        "3 members   room        #garden",
        "here        unverified  bob",
        "here        unverified  carol",
        "invited     by bob      choir; /room accept choir",
    ]
    await garden.type("/room accept")
    assert list(garden.model.known.rooms) == ["#garden", "#choir"]


async def test_leaving_waits_for_a_yes(garden: Reader) -> None:
    states = []
    for answer in ("no", "yes"):
        await garden.type("/room leave")
        assert garden.noticed()[-1].startswith("Leave #garden? ")
        await garden.type(answer)
        states.append(garden.node.groups["#garden"].state)
    assert states == ["in", "out"]


async def test_names_complete_and_whom_to_invite_is_named(garden: Reader) -> None:
    assert garden.chat.complete_line("hi @m") == ["hi @mira "]
    assert garden.chat.complete_line("/switch #") == ["/switch #garden"]
    with pytest.raises(UsageError, match="/room invite needs contacts"):
        garden.chat.screen.choose_invited("#garden")
    await garden.type("/room invite bob")
    assert garden.node.groups["#garden"].invited == ["bob"]


async def test_who_asks_to_be_a_contact_is_told_and_accepted(garden: Reader) -> None:
    garden.node.put_introduction("iva", room="#garden", by="mira")
    await garden.take(told(IntroductionEvent, name="iva", change="requested", room="#garden", by="mira"))
    assert garden.noticed()[-1] == (
        "through #garden, brought by mira: iva wants to be a contact of yours: "
        "/contact accept iva, or /contact decline iva"
    )
    await garden.type("/contact accept")
    assert "iva" in garden.node.people and garden.node.introductions == {}
