"""The methods about rooms: list them, make them, come in.

Knows: which input a change becomes, and when we are in. Does not know: how a room is kept, or what is said
there. Changes of who is in are in ``roster``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from p2pchat.control import methods, parameters, rooms
from p2pchat.control.values import extended
from p2pchat.core.values import room_inputs
from p2pchat.core.values.records import MeshRecord
from p2pchat.core.values.room_events import OfferTurn, RoomOfferTurned, RoomTurn, RoomTurned
from p2pchat.core.values.room_records import RoomOfferRecord
from p2pchat.daemon import room_views
from p2pchat.daemon.clock import SystemEntropy
from p2pchat.daemon.control import Caller
from p2pchat.daemon.events import Subscription
from p2pchat.daemon.forgery import PUT_INTO_THE_MOUTH
from p2pchat.daemon.handlers import Handlers
from p2pchat.daemon.names import name_offers
from p2pchat.daemon.needs import RoomNeeds
from p2pchat.daemon.room_access import RoomAccess
from p2pchat.daemon.room_forgery import forge_room
from p2pchat.daemon.typed import by_a_person
from p2pchat.errors import ControlError, Ended, NotInTime, UsageError
from p2pchat.types import ConversationId


class RoomMethods:
    """Handles requests about rooms, for one running node. ``mesh``: finds a mesh by the beginning of its id.
    Raises UsageError."""

    def __init__(self, host: RoomNeeds, mesh: Callable[[str], MeshRecord]) -> None:
        self._host = host
        self._mesh = mesh
        self._access = RoomAccess(host)

    def add_handlers(self, handlers: Handlers) -> None:
        """Register the handlers of requests about rooms."""
        handlers.add(methods.ROOMS, self.list_rooms)
        handlers.add(methods.ROOM, self.show_room)
        handlers.add(methods.MEMBERS, self.list_members)
        handlers.add(methods.ROOM_WORDS, self.show_words)
        handlers.add(methods.CREATE_ROOM, self.create_room)
        handlers.add(methods.INVITE_TO_ROOM, self.invite_contacts)
        handlers.add(methods.ACCEPT_ROOM, self.accept_offer)
        handlers.add(methods.DECLINE_ROOM, self.decline_offer)
        handlers.add(methods.FORGE_ROOM, self.forge_transcript)

    async def list_rooms(self, params: parameters.NoParams, _caller: Caller) -> list[rooms.RoomInfo]:
        names, offers = self._access.make_names(), self._host.node.rooms.list_offers()
        shown = name_offers(offers)
        offered = [room_views.offer(offer, shown[offer.id], names) for offer in offers if not offer.outgoing]
        return [*(self._access.view_room(room) for room in self._host.node.rooms.list_rooms()), *offered]

    async def show_room(self, params: parameters.RoomParams, _caller: Caller) -> rooms.RoomInfo:
        return self._access.view_room(self._access.find_room(params.room))

    async def list_members(self, params: parameters.RoomParams, _caller: Caller) -> list[rooms.MemberInfo]:
        names = self._access.make_names()
        room = names.find_room(params.room)
        return [self._access.view_member(room, member.id) for member in room.members]

    async def show_words(self, params: parameters.RoomParams, _caller: Caller) -> rooms.RoomWordsInfo:
        room = self._access.find_room(params.room)
        name = self._access.make_names().partner_name(room.record.id)
        return rooms.RoomWordsInfo(name=name, words=" ".join(room.words), members=len(room.members))

    async def create_room(self, params: parameters.CreateRoomParams, _caller: Caller) -> rooms.RoomInfo:
        """Found a room."""
        mesh = self._mesh(params.mesh).id if params.mesh is not None else None
        return self._access.view_room(await self._access.found_room(params.name, mesh))

    async def invite_contacts(
        self, params: parameters.InviteToRoomParams, _caller: Caller
    ) -> rooms.RoomInvitationsResult:
        """Offer a room to contacts, or withdraw the offers. All names are looked up first, and a repeated
        request makes no second offer."""
        names = self._access.make_names()
        room = names.find_room(params.room)
        contacts = [names.find_contact(name) for name in dict.fromkeys(params.contacts)]
        if not contacts:
            raise UsageError("name the contacts to invite")
        offers = self._host.node.rooms.list_offers()
        made = {offer.contact: offer for offer in offers if offer.room == room.record.id}
        for contact in contacts:
            if params.undo and contact.id not in made:
                raise UsageError(f"{contact.name} has no open invitation to this room")
            if params.undo:
                withdrawn = room_inputs.RoomOfferWithdrawn(made[contact.id].id)
                await self._access.submit_input(withdrawn, contact=contact.name)
            elif contact.id not in made:
                offered = room_inputs.RoomOffered(room.record.id, contact.id)
                await self._access.submit_input(offered, contact=contact.name)
        invited = [contact.name for contact in contacts]
        return rooms.RoomInvitationsResult(name=names.partner_name(room.record.id), invited=invited)

    async def accept_offer(
        self, params: parameters.AcceptRoomParams, _caller: Caller
    ) -> rooms.AcceptRoomResult:
        """Accept a contact's offer, and wait until we are a member. A repeated request finds the room."""
        try:
            offer = self._access.make_names().find_offer(params.room)
        except UsageError:
            return self._entered_before(params.room)
        with self._host.events.follow_all() as happenings:
            await self._access.submit_input(room_inputs.RoomOfferAnswered(offer.id, accept=True))
            try:
                async with asyncio.timeout(params.timeout):
                    entered = await self._until_in(offer, happenings)
            except TimeoutError:
                by = self._access.make_names().partner_name(offer.contact)
                raise NotInTime(
                    f"accepted, but {by} has not let you in within {params.timeout or 0.0:.3g} s; this "
                    "follows by itself while both nodes run"
                ) from None
        if entered is None:
            return self._entered_before(params.room)
        room = self._access.view_room(self._access.current_room(entered))
        return extended(room, rooms.AcceptRoomResult, already=False)

    def _entered_before(self, name: str) -> rooms.AcceptRoomResult:
        """The room of an offer that is over, while we are in it. Raises UsageError about the offer."""
        names = self._access.make_names()
        try:
            entered = self._access.view_room(names.find_room(name))
        except UsageError:
            names.find_offer(name)
            raise
        if entered.state != "in":
            names.find_offer(name)
        return extended(entered, rooms.AcceptRoomResult, already=True)

    async def _until_in(self, offer: RoomOfferRecord, happenings: Subscription) -> ConversationId | None:
        """The room, once we are in; None if we were before."""
        let_in = False
        async for event in happenings:
            if let_in and isinstance(event, RoomTurned) and event.turn is RoomTurn.ENTERED:
                return event.room
            if not isinstance(event, RoomOfferTurned) or event.offer.id != offer.id:
                continue
            if event.turn is OfferTurn.ALREADY_IN:
                return None
            let_in = event.turn is OfferTurn.ENTERED
            if event.turn not in (OfferTurn.ENTERED, OfferTurn.MADE, OfferTurn.ACCEPTED):
                raise Ended(f"the invitation came to nothing: {room_views.failure(event.turn)}")
        raise ControlError("the node was too busy to follow this; see 'p2pchat room'")

    async def decline_offer(self, params: parameters.RoomParams, _caller: Caller) -> rooms.RoomInfo:
        """Decline a contact's offer."""
        names = self._access.make_names()
        offer = names.find_offer(params.room)
        await self._access.submit_input(room_inputs.RoomOfferAnswered(offer.id, accept=False))
        return room_views.offer(offer, offer.name, names).with_changes(state="out")

    async def forge_transcript(
        self, params: parameters.ForgeRoomParams, _caller: Caller
    ) -> rooms.RoomForgeryInfo:
        """Make up what other members say, and let a judge examine it. Nothing of it is kept."""
        names = self._access.make_names()
        room = names.find_room(params.room)
        state = self._host.node.rooms.find_key_state(room.record.id)
        if state is None or room.role is None:
            raise UsageError("you are not in this room any more")
        with by_a_person():
            return forge_room(
                names.partner_name(room.record.id),
                state,
                names.members_of(room.record.id),
                params.words or PUT_INTO_THE_MOUTH,
                SystemEntropy(),
                self._host.clock.now(),
            )
