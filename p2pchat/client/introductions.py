"""Introductions: contacts without a code, through a room or by a friend.

Knows: parameters and answers. Does not know: what the nodes say to each other.
"""

from __future__ import annotations

from p2pchat.client.following import remaining
from p2pchat.client.node_connection import NodeConnection
from p2pchat.control import answers, methods, parameters
from p2pchat.control.introductions import IntroductionInfo


class IntroductionCalls(NodeConnection):
    """The methods about introductions."""

    async def list_introductions(self) -> list[IntroductionInfo]:
        """All that are not over: ``name``, ``state`` (``requested``: our answer is awaited; ``waiting``;
        ``introducing``: two contacts of ours), ``room``, ``by``, ``other``, ``agreed``, ``since``."""
        return await self._call(methods.REQUESTS, parameters.NoParams())

    async def add_contact(self, room: str, member: str, *, undo: bool = False) -> IntroductionInfo:
        """Ask a member of a room whether we shall be contacts (or take that back); where the member has asked
        us, agree. Raises UsageError, LimitError."""
        params = parameters.AddContactParams(room=room, member=member, undo=undo)
        return await self._call(methods.ADD_CONTACT, params)

    async def introduce_contacts(self, one: str, other: str, *, undo: bool = False) -> IntroductionInfo:
        """Ask two contacts whether they shall be contacts of each other (or take that back). Raises
        UsageError, LimitError."""
        params = parameters.IntroduceParams(one=one, other=other, undo=undo)
        return await self._call(methods.INTRODUCE, params)

    async def accept_contact(self, name: str, *, timeout: float | None = 30.0) -> answers.ContactInfo:
        """Agree to be a contact of who asks, or is introduced, and wait until that is so. Raises NotInTime:
        it follows later, by itself."""
        left = remaining(timeout)

        async def ask() -> answers.ContactInfo:
            params = parameters.AcceptContactParams(name=name, timeout=left())
            async with self._open_call(methods.ACCEPT_CONTACT, params) as call:
                return await self._wait_for_answer(call.wait_result())

        return await self._ask_until_answered(ask)

    async def decline_contact(self, name: str) -> IntroductionInfo:
        """Decline, or take back what we have agreed to."""
        return await self._call(methods.DECLINE_CONTACT, parameters.IntroductionParams(name=name))
