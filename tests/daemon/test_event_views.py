"""What happens in a node becomes the event that tells it."""

from __future__ import annotations

import pytest

from p2pchat.control import events
from p2pchat.control.rooms import RoomEvent
from p2pchat.core.values import effects
from p2pchat.core.values.room_events import MessageReached, OfferTurn, RoomOfferTurned, RoomTurn, RoomTurned
from p2pchat.core.values.room_records import RoomOfferRecord
from p2pchat.daemon import event_views
from p2pchat.daemon.events import Happening, HistoryForgotten, SettingSet
from p2pchat.daemon.names import Names
from p2pchat.types import MeshId, MessageId, MessageState, RoomOfferId
from tests.support.room_views import AT, ROOM, FakeRoomList, contact, room

BOB = contact("bob")
ID = MessageId("a" * 32)
HOME = FakeRoomList([room("friends")])
NAMES = Names("ana", [BOB], HOME)
OFFER = RoomOfferRecord(RoomOfferId(b"o" * 16), BOB.id, "chess", 7, AT)

HAPPENINGS: list[tuple[Happening, type[events.ListenEvents], dict[str, object]]] = [
    (SettingSet("theme"), events.SettingEvent, {"key": "theme"}),
    (HistoryForgotten(ROOM, None), events.ForgottenEvent, {"contact": "#friends", "id": None}),
    (
        effects.MessageMoved(ID, ROOM, MessageState.RELAYED, AT),
        events.ReceiptEvent,
        {"to": "#friends", "state": "relayed"},
    ),
    (
        MessageReached(ID, ROOM, 2, 3, AT),
        events.ReachedEvent,
        {"room": "#friends", "reached": 2, "of": 3},
    ),
    (effects.PresenceChanged(BOB.id, True), events.PresenceEvent, {"name": "bob", "here": True}),
    (effects.SessionTurned(BOB.id, "two", 1), events.SessionEvent, {"name": "bob", "turn": "two"}),
    (effects.LinksChanged(3, "up"), events.LinkEvent, {"links": 3, "change": "up"}),
    (effects.MeshChanged(MeshId(b"\x01"), "left"), events.MeshEvent, {"mesh": "01", "change": "left"}),
    (effects.ContactChanged(BOB, "muted"), events.ContactEvent, {"name": "bob", "change": "muted"}),
    (RoomTurned(ROOM, RoomTurn.ENTERED), RoomEvent, {"room": "#friends", "change": "entered"}),
    (RoomOfferTurned(OFFER, OfferTurn.MADE), RoomEvent, {"room": "chess", "by": "bob"}),
]


@pytest.mark.parametrize(("happening", "kind", "told"), HAPPENINGS)
def test_each_is_told_by_its_event(
    happening: Happening, kind: type[events.ListenEvents], told: dict[str, object]
) -> None:
    event = event_views.view_event(happening, NAMES, HOME, tuple)
    assert isinstance(event, kind)
    assert {name: getattr(event, name) for name in told} == told


@pytest.mark.parametrize(("by_them", "by"), [(True, "bob"), (False, "ana")])
def test_a_new_time_for_messages_names_who_has_chosen_it(by_them: bool, by: str) -> None:
    event = event_views.view_event(effects.ContactChanged(BOB, "disappearing", by_them), NAMES, HOME, tuple)
    assert isinstance(event, events.ContactEvent) and (event.by, event.disappear) == (by, None)


def test_what_only_its_caller_is_told_is_no_event_for_listeners() -> None:
    assert event_views.view_event(effects.InviteDisturbed(1, 2), NAMES, HOME, tuple) is None
