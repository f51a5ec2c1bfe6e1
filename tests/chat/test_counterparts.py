"""Contacts and rooms stand in one list; what is for us is counted apart, and noise is as it was chosen."""

from __future__ import annotations

import pytest

from p2pchat.chat.counterparts import HUES, NOTICES_MAX, UNREAD_MAX, ChatRoom, Counterparts, hue_of
from p2pchat.chat.lines import ChatLine, line_of, notice_of
from p2pchat.control.rooms import Notify
from p2pchat.errors import UsageError
from tests.support.fake_node import AT, FakeNode, message
from tests.support.fake_rooms import in_room, member, room


def line(id: str, *mentions: str, outgoing: bool = False) -> ChatLine:
    return line_of(in_room(message(id, "hi", sender="yuki", outgoing=outgoing, mentions=list(mentions))))


@pytest.fixture
async def known() -> Counterparts:
    node = FakeNode("bob", "carol")
    node.put_room("#garden", member("me", own=True), member("bob", contact=True), member("yuki"))
    node.put_room("choir", state="offered", role=None)
    found = Counterparts(lambda old, new: None)
    await found.read_contacts(node)
    await found.read_rooms(node)
    return found


async def test_rooms_stand_among_contacts_and_offers_apart(known: Counterparts) -> None:
    assert [one.name for one in known.list_ordered()] == ["#garden", "bob", "carol"]
    assert list(known.offers) == ["choir"]
    known.note_last(known.people["carol"], line("1"))
    assert [one.name for one in known.list_ordered()] == ["carol", "#garden", "bob"]


async def test_a_room_is_found_without_its_sign_and_a_contact_comes_first(known: Counterparts) -> None:
    assert known.find_named("garden").name == "#garden"
    assert known.find_named("bob").name == "bob"
    with pytest.raises(UsageError, match="no room called #nope"):
        known.find_named("#nope")
    with pytest.raises(UsageError, match="no contact called nope"):
        known.find_named("nope")


@pytest.mark.parametrize(
    ("notify", "unread", "mentions"), [("all", 2, 1), ("mentions", 1, 1), ("none", 0, 0)]
)
async def test_what_makes_no_noise_is_not_counted(
    known: Counterparts, notify: Notify, unread: int, mentions: int
) -> None:
    garden = known.rooms["#garden"]
    garden.room = garden.room.with_changes(notify=notify)
    for each in (line("1"), line("2", "me")):
        garden.note_unread(each)
    assert (known.count_unread(), known.count_mentions()) == (unread, mentions)
    assert [garden.is_loud(line("1")), garden.is_loud(line("2", "me"))] == [notify == "all", notify != "none"]
    garden.note_read(["2"])
    assert (list(garden.unread), list(garden.mentions)) == (["1"], [])


async def test_our_own_mentions_are_none_for_us() -> None:
    assert not line("1", "yuki", outgoing=True).for_us


async def test_unread_messages_of_a_flood_are_bounded(known: Counterparts) -> None:
    for number in range(UNREAD_MAX + 5):
        known.people["bob"].note_unread(line(str(number)))
    assert len(known.people["bob"].unread) == UNREAD_MAX


def test_changes_stand_after_the_message_before_them_and_are_bounded() -> None:
    garden = ChatRoom(room("#garden"))
    garden.note_change(notice_of("#garden", "n0", AT, "you are in"))
    garden.last = line("1")
    garden.note_change(notice_of("#garden", "n1", AT, "yuki is in"))
    lines = [line("1"), line("2")]
    assert [one.id for one in garden.with_notices(lines, oldest=True)] == ["n0", "1", "n1", "2"]
    assert [one.id for one in garden.with_notices(lines[1:], oldest=False)] == ["2"]
    for number in range(NOTICES_MAX + 5):
        garden.note_change(notice_of("#garden", f"m{number}", AT, "more"))
    assert len(garden.notices) == NOTICES_MAX


async def test_a_contact_has_one_colour_in_all_rooms_and_others_that_of_their_key(
    known: Counterparts,
) -> None:
    garden = known.rooms["#garden"]
    garden.members = [member("bob", contact=True, id="12" * 32), member("yuki"), member("Bob", id="34" * 32)]
    hues = known.hues_in(garden)
    assert hues["bob"] == hue_of(known.people["bob"].contact.fingerprint)
    assert hues["Bob"] == hue_of("34" * 32)
    assert all(0 <= hue < HUES for hue in hues.values())
    garden.members = [member("bob", contact=True, id="12" * 32)]
    assert known.hues_in(garden) == hues, "the lines of who has gone keep their colour"


async def test_who_lacks_our_newest_message_is_named(known: Counterparts) -> None:
    garden = known.rooms["#garden"]
    garden.members = [member("me", own=True, lacks=3), member("bob", lacks=1), member("yuki")]
    assert garden.lacking == ["bob"]


async def test_a_renamed_room_keeps_what_is_unread() -> None:
    node, renamed = FakeNode("bob"), list[tuple[str, str]]()
    node.put_room("#garden", id="ab" * 32)
    known = Counterparts(lambda old, new: renamed.append((old, new)))
    await known.read_rooms(node)
    known.rooms["#garden"].note_unread(line("1"))
    node.groups = {}
    node.put_room("#plot", id="ab" * 32)
    await known.read_rooms(node)
    assert list(known.rooms) == ["#plot"]
    assert list(known.rooms["#plot"].unread) == ["1"]
    assert renamed[-1] == ("#garden", "#plot")
