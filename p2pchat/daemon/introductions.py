"""The methods about introductions: become a contact of a member, or of a friend's friend; introduce two.

Knows: which input a change becomes, and when the other is a contact. Does not know: what the nodes say to
each other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from p2pchat.control import answers, methods, parameters
from p2pchat.control.introductions import IntroductionInfo
from p2pchat.core.values.introductions import (
    ContactRequested,
    ContactsIntroduced,
    ForIntroductions,
    IntroductionAnswered,
    IntroductionRecord,
    IntroductionTurn,
    IntroductionTurned,
    IntroductionWithdrawn,
    MediationRecord,
    MemberOf,
    Stage,
)
from p2pchat.daemon import views
from p2pchat.daemon.control import Caller
from p2pchat.daemon.events import Subscription
from p2pchat.daemon.handlers import Handlers
from p2pchat.daemon.introduction_views import Record, introduction, name_introductions
from p2pchat.daemon.names import pick
from p2pchat.daemon.needs import RoomNeeds
from p2pchat.daemon.refusals import raise_refusal
from p2pchat.errors import ControlError, Ended, NotInTime, UsageError
from p2pchat.types import ContactId

_LOOK = "p2pchat contacts requests"

_REASONS = {
    IntroductionTurn.DECLINED: "the other has declined",
    IntroductionTurn.WITHDRAWN: "it was taken back",
    IntroductionTurn.EXPIRED: "it was not answered in time",
    IntroductionTurn.VOID: "one of you is not in the room any longer, or no contact of who introduces you",
    IntroductionTurn.FULL: "the other's home has too many questions open",
    IntroductionTurn.FAILED: "what the other node said does not fit",
}


class IntroductionMethods:
    """Handles requests about introductions, for one running node."""

    def __init__(self, host: RoomNeeds) -> None:
        self._host = host

    def add_handlers(self, handlers: Handlers) -> None:
        """Register the handlers of requests about introductions."""
        handlers.add(methods.REQUESTS, self.list_introductions)
        handlers.add(methods.ADD_CONTACT, self.request_contact)
        handlers.add(methods.INTRODUCE, self.introduce_contacts)
        handlers.add(methods.ACCEPT_CONTACT, self.accept_request)
        handlers.add(methods.DECLINE_CONTACT, self.decline_request)

    async def list_introductions(
        self, params: parameters.NoParams, _caller: Caller
    ) -> list[IntroductionInfo]:
        return [self._view(record) for record in self._records()]

    async def request_contact(self, params: parameters.AddContactParams, _caller: Caller) -> IntroductionInfo:
        """Ask a member; a repeated request asks once."""
        names = self._host.names
        room = names.find_room(params.room).record.id
        source = MemberOf(room, names.find_member(room, params.member))
        before = self._with(source)
        if params.undo:
            if before is None or before.stage is Stage.OPEN:
                raise UsageError(f"you have not asked {params.member}; see '{_LOOK}'")
            shown = self._view(before)
            await self._submit(IntroductionWithdrawn(before.id))
            return shown
        if before is None or before.stage is Stage.OPEN:
            await self._submit(ContactRequested(source.room, source.member), params.member)
        made = self._with(source)
        if made is None:
            raise Ended("the request was answered meanwhile; see 'p2pchat contacts'")
        return self._view(made)

    async def introduce_contacts(
        self, params: parameters.IntroduceParams, _caller: Caller
    ) -> IntroductionInfo:
        """Ask two contacts; a repeated request asks once."""
        names = self._host.names
        one, other = names.find_contact(params.one), names.find_contact(params.other)
        before = self._between(one.id, other.id)
        if params.undo:
            if before is None:
                raise UsageError(f"you do not introduce {one.name} and {other.name}; see '{_LOOK}'")
            shown = self._view(before)
            await self._submit(IntroductionWithdrawn(before.id))
            return shown
        if before is None:
            blocked = next((contact.name for contact in (one, other) if contact.blocked), one.name)
            await self._submit(ContactsIntroduced(one.id, other.id), blocked)
        made = self._between(one.id, other.id)
        if made is None:
            raise Ended("the introduction was answered meanwhile")
        return self._view(made)

    async def accept_request(
        self, params: parameters.AcceptContactParams, _caller: Caller
    ) -> answers.ContactInfo:
        """Agree, and wait until the other is a contact."""
        record = self._find(params.name)
        with self._host.events.follow_all() as happenings:
            await self._submit(IntroductionAnswered(record.id, accept=True))
            try:
                async with asyncio.timeout(params.timeout):
                    contact = await self._until_known(record, happenings)
            except TimeoutError:
                raise NotInTime(
                    f"agreed, but {params.name} is no contact after {params.timeout or 0.0:.3g} s; this "
                    "follows by itself when the other has agreed and both nodes run"
                ) from None
        known = next(known for known in self._host.node.list_contacts() if known.id == contact)
        return views.contact(known, self._host.node.is_here(contact, self._host.clock.now()))

    async def decline_request(
        self, params: parameters.IntroductionParams, _caller: Caller
    ) -> IntroductionInfo:
        """Decline, or take back what we have agreed to."""
        try:
            record = self._find(params.name)
        except UsageError:
            record = self._find_withdrawn(params.name)
        shown = self._view(record)
        await self._submit(IntroductionAnswered(record.id, accept=False))
        return shown

    async def _until_known(self, record: IntroductionRecord, happenings: Subscription) -> ContactId:
        async for event in happenings:
            if not isinstance(event, IntroductionTurned) or event.introduction.id != record.id:
                continue
            if event.turn is IntroductionTurn.COMPLETED and event.contact is not None:
                return event.contact
            if event.turn in _REASONS:
                raise Ended(f"the introduction came to nothing: {_REASONS[event.turn]}")
        raise ControlError("the node was too busy to follow this; see 'p2pchat contacts'")

    # --- within

    async def _submit(self, input: ForIntroductions, contact: str = "") -> None:
        raise_refusal(await self._host.driver.submit_and_persist(input), contact=contact)

    def _records(self) -> tuple[Record, ...]:
        return self._host.node.introductions.list_introductions()

    def _view(self, record: Record) -> IntroductionInfo:
        names = self._host.names
        shown = name_introductions((*self._records(), record), names)
        return introduction(record, shown.get(record.id, ""), names)

    def _find(self, name: str) -> IntroductionRecord:
        return self._pick(name, (one for one in self._records() if isinstance(one, IntroductionRecord)))

    def _find_withdrawn(self, name: str) -> IntroductionRecord:
        """Who takes its question back before it is declined is declined nevertheless."""
        return self._pick(name, self._host.node.introductions.list_withdrawn())

    def _pick(self, name: str, records: Iterable[IntroductionRecord]) -> IntroductionRecord:
        known = {record.id: record for record in records}
        shown = name_introductions(known.values(), self._host.names)
        return known[pick(name, shown, "person who may become a contact", _LOOK)]

    def _with(self, source: MemberOf) -> IntroductionRecord | None:
        parties = (one for one in self._records() if isinstance(one, IntroductionRecord))
        return next((one for one in parties if one.source == source), None)

    def _between(self, one: ContactId, other: ContactId) -> MediationRecord | None:
        made = (record for record in self._records() if isinstance(record, MediationRecord))
        return next((record for record in made if {record.host, record.guest} == {one, other}), None)
