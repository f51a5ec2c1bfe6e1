"""A node's verbs, typed: those of each noun, and those of the node itself.

Knows: which there are. Does not know: where the node runs, or what it is made of.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator

from p2pchat.client.backups import BackupCalls
from p2pchat.client.contacts import ContactCalls
from p2pchat.client.files import FileCalls
from p2pchat.client.history import HistoryCalls
from p2pchat.client.introductions import IntroductionCalls
from p2pchat.client.meshes import MeshCalls
from p2pchat.client.pairing import PairingCalls
from p2pchat.client.references import ReferenceCalls
from p2pchat.client.rooms import RoomCalls
from p2pchat.client.settings import SettingCalls
from p2pchat.control import answers, events, methods, parameters


class Node(
    PairingCalls,
    ContactCalls,
    IntroductionCalls,
    RoomCalls,
    MeshCalls,
    SettingCalls,
    ReferenceCalls,
    HistoryCalls,
    FileCalls,
    BackupCalls,
):
    """A node, wherever it runs. All methods raise P2PChatError with a line fit to show."""

    async def whoami(self) -> answers.IdentityInfo:
        """``name``, ``fingerprint``, ``words``, ``home``, ``rendezvous``."""
        return await self._call(methods.WHOAMI, parameters.NoParams())

    async def rename_self(self, name: str) -> answers.IdentityInfo:
        """Use this name for future contacts; answers as ``whoami``. Raises UsageError."""
        return await self._call(methods.RENAME_SELF, parameters.RenameSelfParams(name=name))

    async def status(self) -> answers.NodeInfo:
        """Describe the node: links, rendezvous, counters, memory …"""
        return await self._call(methods.STATUS, parameters.NoParams())

    async def doctor(self) -> list[answers.CheckResult]:
        """Check what works from here: each check has its ``name``, whether it is ``ok``, and what was
        ``found``."""
        return await self._call(methods.DOCTOR, parameters.NoParams())

    async def stop(self) -> None:
        """Ask the node to stop."""
        await self._call(methods.STOP, parameters.NoParams())

    async def gone(self) -> None:
        """Wait until the node that was asked to stop has released its home."""
        await self._wait_for_release()

    async def trace(self) -> AsyncGenerator[events.TraceEvents, None]:
        """Yield ``TracingEvent``, then an event for each cell's first sight here, and for each onion."""
        async with self._report_silence(), self._open_call(methods.TRACE, parameters.NoParams()) as call:
            async for event in call:
                if isinstance(event, events.TraceEvents):
                    yield event
            await call.wait_result()
