"""What happens in a node, as the events of the control socket.

Knows: which event tells what has happened. Does not know: when it happens, or who listens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from p2pchat.control import events
from p2pchat.control.rooms import RoomEvent
from p2pchat.core.values import effects
from p2pchat.core.values.files import FileMoved
from p2pchat.core.values.introductions import IntroductionTurned
from p2pchat.core.values.room_events import MessageReached, RoomOfferTurned, RoomTurned
from p2pchat.daemon import file_views, introduction_views, line_views, room_views
from p2pchat.daemon.events import Happening, HistoryForgotten, HistoryRewritten, SettingSet
from p2pchat.daemon.names import HasRooms, Names
from p2pchat.daemon.views import moment, state


def view_event(
    event: Happening,
    names: Names,
    rooms: HasRooms,
    list_introductions: Callable[[], Iterable[introduction_views.Record]],
) -> events.ListenEvents | None:
    """Convert an event to its form for listeners; None for events of invites, which only their caller gets,
    and of cells, which only a trace shows."""
    match event:
        case effects.MessageArrived(line) | effects.MessageSent(line):
            return line_views.message(line, names)
        case HistoryRewritten(line):
            return line_views.rewritten(line, names)
        case SettingSet(name):
            return events.SettingEvent(key=name)
        case HistoryForgotten(who, id):
            return events.ForgottenEvent(contact=names.partner_name(who), id=id)
        case effects.LineReferred(reference, line) if line is not None:
            return line_views.referred(line, reference, names)
        case effects.MessageMoved(id, who, reached, at):
            name = names.partner_name(who)
            return events.ReceiptEvent(id=id, to=name, state=state(reached), at=moment(at))
        case MessageReached(id, room, reached_by, to, at):
            name = names.partner_name(room)
            return events.ReachedEvent(id=id, room=name, reached=reached_by, of=to, at=moment(at))
        case RoomTurned() | RoomOfferTurned():
            return _room_event(event, names, rooms)
        case IntroductionTurned():
            return introduction_views.introduction_turned(event, names, list_introductions())
        case FileMoved():
            return file_views.moved(event, names)
        case effects.ContactChanged():
            return _contact_event(event, names)
        case effects.SessionTurned(who, turn, waiting):
            return events.SessionEvent(name=names.partner_name(who), turn=turn, waiting=waiting)
        case effects.PresenceChanged(who, here):
            return events.PresenceEvent(name=names.partner_name(who), here=here)
        case effects.LinksChanged(links, change):
            return events.LinkEvent(links=links, change=change)
        case effects.MeshChanged(mesh, change):
            return events.MeshEvent(mesh=mesh.hex(), change=change)
        case _:
            return None


def _contact_event(change: effects.ContactChanged, names: Names) -> events.ContactEvent:
    them = change.contact
    if change.change != "disappearing":
        return events.ContactEvent(name=them.name, change=change.change)
    by = them.name if change.by_them else names.own
    seconds = them.preferences.retention_s or None
    return events.ContactEvent(name=them.name, change="disappearing", disappear=seconds, by=by)


def _room_event(turn: RoomTurned | RoomOfferTurned, names: Names, rooms: HasRooms) -> RoomEvent | None:
    if isinstance(turn, RoomTurned):
        return room_views.turned(turn, names, rooms.list_rooms())
    return room_views.offer_turned(turn, names, rooms.list_offers())
