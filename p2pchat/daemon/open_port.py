"""An open port of this machine at which members of our meshes meet, when every rendezvous is gone.

Knows: the rendezvous that runs here, and its caps. Does not know: which members learn of it
(``core.mesh.mesh``).
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Final

from p2pchat.daemon.needs import HasState
from rendezvous.limits import Limits
from rendezvous.server import running

LIMITS: Final = Limits(connections=256, connections_per_address=8, seats=1024, topics=256, addresses=4096)
"""Caps, because the whole Internet may connect: 8 MB when all are reached. Members come one by one, for a
minute."""


class OpenPort:
    """Runs a rendezvous at an open port. ``urls`` are the node's own addresses of it; ``problem`` tells in
    words why it does not listen."""

    def __init__(self, host: HasState, port: int) -> None:
        self._host = host
        self._opened = AsyncExitStack()
        self.port = port
        self.problem = ""

    @property
    def urls(self) -> tuple[str, ...]:
        """The address for this machine itself: one, or none."""
        return () if self.problem else (f"ws://127.0.0.1:{self.port}",)

    async def start_listening(self) -> None:
        """Listen on every address. A failure is told by ``problem``."""
        serves = self._host.node.meets_at
        server = running("*", self.port, limits=LIMITS, serves=serves, guest=True)
        try:
            await self._opened.enter_async_context(server)
        except OSError as error:
            self.problem = f"cannot listen at port {self.port}: {error.strerror or error}"

    async def stop_listening(self) -> None:
        """Stop listening."""
        await self._opened.aclose()
