"""What changes in a room is told there as a quiet line; what is urgent, or new, at once."""

from __future__ import annotations

import pytest

from p2pchat.chat.happenings import Decided, LineAdded, ReachedMembers, RoomChanged
from p2pchat.control import events
from p2pchat.control.rooms import RoomEvent
from p2pchat.errors import ControlError
from tests.chat.conftest import Told
from tests.support.fake_node import AT, message, told
from tests.support.fake_rooms import in_room, member


@pytest.fixture
async def garden() -> Told:
    chat = Told()
    chat.node.put_room("#garden", member("me", own=True), member("yuki", lacks=1), role="owner")
    await chat.model.load_people()
    chat.model.open_conversation("#garden")
    return chat


def changes(chat: Told) -> list[tuple[str, bool]]:
    return [(what.notice.text, what.urgent) for what in chat.happened if isinstance(what, RoomChanged)]


@pytest.mark.parametrize(
    ("event", "text", "urgent"),
    [
        ({"change": "joined", "member": "jo", "by": "yuki"}, "jo is in, brought by yuki", False),
        ({"change": "left", "member": "jo"}, "jo left", False),
        ({"change": "removed", "member": "jo", "by": "yuki"}, "yuki removed jo", False),
        ({"change": "role", "member": "yuki", "role": "owner"}, "yuki is the owner now", False),
        ({"change": "renamed", "before": "#plot"}, "was called #plot before", False),
        ({"change": "gap", "member": "jo", "count": 3}, "no member has 3 messages of jo", False),
        (
            {"change": "told otherwise", "member": "jo"},
            "jo has told other members something else than you",
            True,
        ),
        ({"change": "entered"}, "you are in", True),
        ({"change": "out"}, "you are out", True),
    ],
)
async def test_a_change_is_a_line_of_its_room(
    garden: Told, event: dict[str, str], text: str, urgent: bool
) -> None:
    await garden.model.take_event(told(RoomEvent, room="#garden", **event))
    assert changes(garden) == [(text, urgent)]
    assert [line.text for _, line in garden.model.known.rooms["#garden"].notices] == [text]


async def test_what_a_person_need_not_know_is_no_line(garden: Told) -> None:
    for change in ("spoke", "notify", "invited", "created"):
        await garden.model.take_event(told(RoomEvent, room="#garden", change=change))
    assert changes(garden) == []


async def test_an_invitation_is_told_with_the_command_that_accepts_it(garden: Told) -> None:
    garden.node.put_room("choir", state="offered", role=None, invited_by="bob")
    await garden.model.take_event(told(RoomEvent, room="choir", change="offered", by="bob"))
    assert list(garden.model.known.offers) == ["choir"]
    (line,) = garden.of(Decided)
    assert isinstance(line, Decided)
    assert line.line == "bob invites you to the room choir: /room accept choir, or /room decline choir"


async def test_members_are_read_again_when_more_have_a_message(garden: Told) -> None:
    await garden.model.look_round()
    room = garden.model.known.rooms["#garden"]
    assert room.lacking == ["yuki"]
    garden.node.rosters["#garden"] = [member("me", own=True), member("yuki")]
    await garden.model.take_event(told(events.ReachedEvent, id="1", room="#garden", reached=1, of=1, at=AT))
    assert room.lacking == []
    assert garden.of(ReachedMembers) == [ReachedMembers("1", 1, 1)]


async def test_a_message_of_a_member_belongs_to_its_room(garden: Told) -> None:
    await garden.model.take_event(in_room(message("1", "hi", sender="bob")))
    (added,) = garden.of(LineAdded)
    assert isinstance(added, LineAdded)
    assert (added.message.contact, added.message.sender, added.message.in_room) == ("#garden", "bob", True)
    assert garden.model.people["bob"].last is None
    assert garden.node.was_heard == ["1"]


async def test_what_we_write_in_a_room_counts_its_members(garden: Told) -> None:
    line = garden.model.say_text("hello")
    assert line.in_room
    garden.model.sent.note_stage(line.id, "relayed")
    await garden.model.take_event(
        told(events.ReachedEvent, id=line.id, room="#garden", reached=2, of=3, at=AT)
    )
    sent = garden.model.sent.line_sent(line.id)
    assert sent is not None
    assert (sent.stage, sent.reached, sent.of) == ("relayed", 2, 3)


async def test_a_room_that_is_renamed_stays_open_with_its_draft(garden: Told) -> None:
    garden.model.note_draft("half")
    groups = garden.node.groups
    known = groups.pop("#garden")
    groups["#plot"] = known.with_changes(name="#plot")
    garden.node.rosters["#plot"] = []
    await garden.model.take_event(told(RoomEvent, room="#plot", change="renamed", before="#garden"))
    assert garden.model.current == "#plot"
    assert garden.model.drafts.text_for("#plot") == "half"


async def test_an_older_node_without_rooms_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    chat = Told()

    async def refuse() -> None:
        raise ControlError("unknown method")

    monkeypatch.setattr(chat.node, "list_rooms", refuse)
    await chat.model.load_people()
    await chat.model.look_round()
    assert list(chat.model.people) == ["bob", "carol"]
