"""The methods about the node itself: its identity, its state, its checks, its end.

Knows: what a node tells of itself. Does not know: how it runs.
"""

from __future__ import annotations

import asyncio
import os

from p2pchat.control import answers, events, methods, parameters
from p2pchat.core.values import effects, user_inputs
from p2pchat.crypto.identity import fingerprint, safety_words
from p2pchat.daemon import doctor, room_views, views
from p2pchat.daemon.control import Caller
from p2pchat.daemon.handlers import Handlers
from p2pchat.daemon.hindrance import find_link_fault, hindrance, without_network
from p2pchat.daemon.needs import NodeNeeds
from p2pchat.daemon.process import process_info
from p2pchat.daemon.refusals import raise_refusal
from p2pchat.errors import UsageError


class NodeMethods:
    """Handles requests about the node itself."""

    def __init__(self, host: NodeNeeds) -> None:
        self._host = host
        self.stop_requested = asyncio.Event()

    def add_handlers(self, handlers: Handlers) -> None:
        """Register the handlers of requests about the node."""
        handlers.add(methods.WHOAMI, self.whoami)
        handlers.add(methods.RENAME_SELF, self.rename)
        handlers.add(methods.STATUS, self.status)
        handlers.add(methods.STOP, self.stop)
        handlers.add(methods.TRACE, self.trace)
        handlers.add(methods.DOCTOR, self.doctor)

    async def whoami(self, params: parameters.NoParams, caller: Caller) -> answers.IdentityInfo:
        me = self._host.node.identity
        return answers.IdentityInfo(
            name=me.name,
            fingerprint=fingerprint(me.identity_key),
            words=" ".join(safety_words(me.identity_key)),
            home=str(self._host.home),
            rendezvous=list(me.rendezvous),
        )

    async def rename(self, params: parameters.RenameSelfParams, caller: Caller) -> answers.IdentityInfo:
        rejected = await self._host.driver.submit_and_persist(user_inputs.NameChosen(params.name))
        raise_refusal(rejected, name=params.name)
        return await self.whoami(parameters.NoParams(), caller)

    async def status(self, params: parameters.NoParams, caller: Caller) -> answers.NodeInfo:
        host = self._host
        chosen = views.NodeConfiguration(
            paths=views.paths(host.paths, host.turn_servers),
            profile=host.profile,
            separate=host.separate,
            lan=host.servers.lan_info(),
            listen=host.servers.listener_info(),
            process=process_info(host.home),
            waits_for=host.waits_for or None,
            backed_up_at=host.backed_up_at,
            rooms=room_views.counts(host.node.rooms.list_rooms(), host.node.rooms.list_offers()),
        )
        unreached = find_link_fault(host)
        offline = without_network(host, host.linked)
        return views.status(
            host.node.get_status(),
            host.started_at,
            chosen,
            host.looking,
            unreached,
            hindrance(host, None),
            offline,
        )

    async def doctor(self, params: parameters.NoParams, caller: Caller) -> list[answers.CheckResult]:
        return await doctor.checks(self._host)

    async def stop(self, params: parameters.NoParams, caller: Caller) -> answers.StopResult:
        if not self._host.stays:
            raise UsageError(
                "the node here runs inside a chat or another command: end that program (process "
                f"{os.getpid()})"
            )
        self.stop_requested.set()
        return answers.StopResult(stopping=True)

    async def trace(self, params: parameters.NoParams, caller: Caller) -> None:
        """Send an event for each cell that is seen for the first time, and for each onion. This serves
        pictures of a mesh, and does not tell whose a cell is."""
        with self._host.events.follow_all() as happenings:
            caller.send_event(events.TracingEvent())
            async for event in happenings:
                if isinstance(event, effects.CellSeen):
                    caller.send_event(views.cell(event))
                elif isinstance(event, effects.OnionSeen):
                    caller.send_event(views.onion(event))
