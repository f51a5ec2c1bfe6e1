"""Pairing: a code is made, or answered.

Knows: how an invite outlives the node that it was made with. Does not know: what a code is made of.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Final

from p2pchat.client.following import remaining
from p2pchat.client.node_connection import NodeConnection
from p2pchat.control import answers, events, methods, parameters
from p2pchat.rpc import ConnectionLost

INVITE_LIVES: Final = 4
"""Nodes that may wait at one code, one after another, as long as the code was not tried."""


class PairingCalls(NodeConnection):
    """Two people become contacts."""

    async def invite(
        self,
        *,
        link: bool = False,
        name: str | None = None,
        timeout: float | None = None,
        rendezvous: Sequence[str] = (),
        mesh: str | None = None,
    ) -> AsyncGenerator[events.PairingEvents | answers.ContactAddedEvent, None]:
        """Yield ``InviteEvent``, which has the ``code``, then ``ContactAddedEvent``, and end. Between them
        ``StrangerEvent`` when a stranger without the words took the place.

        It leads into ``mesh`` (the beginning of its id), or else into the first of ours. The code stays good
        when the node is lost and another takes over, unless a friend has begun to answer.
        """
        left, code = remaining(timeout), None
        for lives in reversed(range(INVITE_LIVES)):
            try:
                params = parameters.InviteParams(
                    link=link,
                    name=name,
                    timeout=left(),
                    rendezvous=tuple(rendezvous),
                    mesh=mesh,
                    code=code,
                )
                async with self._open_call(methods.INVITE, params) as call:
                    while (event := await self._wait_for_answer(call.next_event())) is not None:
                        if isinstance(event, events.InviteEvent):
                            code = event.code
                        if isinstance(event, events.PairingEvents):
                            yield event
                    yield answers.contact_added(await call.wait_result())
                    return
            except ConnectionLost:
                if not lives:
                    raise
                await self._find()

    async def join(
        self,
        code: str,
        *,
        name: str | None = None,
        timeout: float | None = None,
        rendezvous: Sequence[str] = (),
        accept_new: bool = False,
    ) -> answers.PairingResult:
        """Pair with the friend who gave a code or link; return the contact. The same code again returns the
        same contact.

        Where their mesh is met that neither you nor the code named is not gone to, but told as ``left_out``;
        with ``accept_new``, only private addresses are.
        """
        left = remaining(timeout)

        async def ask() -> answers.PairingResult:
            params = parameters.JoinParams(
                code=code,
                name=name,
                timeout=left(),
                rendezvous=tuple(rendezvous),
                accept_new=accept_new,
            )
            async with self._open_call(methods.JOIN, params) as call:
                return await self._wait_for_answer(call.wait_result())

        return await self._ask_until_answered(ask)
