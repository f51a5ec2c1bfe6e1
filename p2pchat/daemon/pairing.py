"""The methods that make contacts: invite and join.

Knows: how long an invite waits, and what its caller is told. Does not know: how two nodes pair.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from p2pchat.control import answers, events, methods, parameters
from p2pchat.core.values import effects, user_inputs
from p2pchat.core.values.records import MeshRecord
from p2pchat.daemon import views
from p2pchat.daemon.control import Caller
from p2pchat.daemon.failed_invites import explain_failure
from p2pchat.daemon.handlers import Handlers
from p2pchat.daemon.needs import PairingNeeds
from p2pchat.daemon.typed import checked_code, checked_nick, checked_urls
from p2pchat.errors import ControlError

WORDS_PATIENCE_S: Final = 600.0
"""The default lifetime of an invite by words: the length of a telephone call."""

LINK_PATIENCE_S: Final = 86_400.0
"""The default lifetime of an invite by link: a day, as for mail."""

JOIN_PATIENCE_S: Final = 60.0


class PairingMethods:
    """Handles requests that make contacts, for one running node. ``mesh``: finds a mesh by the beginning of
    its id. Raises UsageError."""

    def __init__(self, host: PairingNeeds, mesh: Callable[[str], MeshRecord]) -> None:
        self._host = host
        self._mesh = mesh
        self._invites = 0

    def add_handlers(self, handlers: Handlers) -> None:
        """Register the handlers of requests that make contacts."""
        handlers.add(methods.INVITE, self.invite)
        handlers.add(methods.JOIN, self.join)

    async def invite(self, params: parameters.InviteParams, caller: Caller) -> answers.PairingResult:
        patience = params.timeout
        if patience is None:
            patience = LINK_PATIENCE_S if params.link else WORDS_PATIENCE_S
        name, urls = _name(params.name), checked_urls(params.rendezvous)
        number = self._next_invite()
        deadline = self._host.clock.now() + patience
        code = checked_code(params.code) if params.code is not None else None
        mesh = self._mesh(params.mesh).id if params.mesh is not None else None
        input = user_inputs.InviteOpened(number, params.link, name, urls, deadline, code, mesh)
        return await self._follow(number, input, caller)

    async def join(self, params: parameters.JoinParams, caller: Caller) -> answers.PairingResult:
        code = checked_code(params.code)
        name, urls = _name(params.name), checked_urls(params.rendezvous)
        number = self._next_invite()
        deadline = self._host.clock.now() + (JOIN_PATIENCE_S if params.timeout is None else params.timeout)
        input = user_inputs.InviteEntered(number, code, name, urls, deadline, params.accept_new)
        return await self._follow(number, input, caller)

    async def _follow(
        self, number: int, input: user_inputs.InviteOpened | user_inputs.InviteEntered, caller: Caller
    ) -> answers.PairingResult:
        """Follow one pairing to its end; a caller that stops listening cancels it."""
        over = False
        try:
            with self._host.events.follow_all() as happenings:
                self._host.driver.submit_input(input)
                async for event in happenings:
                    match event:
                        case effects.InviteReady(invite, code) if invite == number:
                            caller.send_event(events.InviteEvent(code=str(code)))
                        case effects.InviteDisturbed(invite, strangers) if invite == number:
                            caller.send_event(events.StrangerEvent(strangers=strangers))
                        case effects.InviteCompleted(invite, contact, left_out) if invite == number:
                            over = True
                            return views.contact_made(contact, left_out)
                        case effects.InviteFailed(invite, failure) if invite == number:
                            over = True
                            raise explain_failure(failure)
            raise ControlError("the node was too busy to follow the invite")
        finally:
            if not over:
                self._host.driver.submit_input(user_inputs.InviteCancelled(number))

    def _next_invite(self) -> int:
        self._invites += 1
        return self._invites


def _name(given: str | None) -> str | None:
    return checked_nick(given) if given is not None else None
