"""Which TURN servers links here may use, and which of them refuse.

Knows: the owner's servers, and those that rendezvous name. Does not know: how a server is asked.
"""

from __future__ import annotations

from collections.abc import Collection

from p2pchat.data import dataclass
from p2pchat.wire.ice import Servers


@dataclass(frozen=True, slots=True)
class TurnServers:
    """The TURN servers of the owner and those of rendezvous, and which of them refuse."""

    hinted: bool = False
    """A rendezvous has named one, and links here may use it."""
    own_refuses: bool = False
    """One that the owner has set does not take its user or password."""
    hinted_refuses: bool = False
    """One does not take the user or password that the rendezvous gave: its operator's matter."""

    @property
    def refuse(self) -> bool:
        """Whether any of them refuses."""
        return self.own_refuses or self.hinted_refuses


def turn_servers_of(own: Servers, usable: Servers, refused: Collection[str]) -> TurnServers:
    """``own``: what the owner has set; ``usable``: all that links may use; ``refused``: those, as
    ``host:port``, that refused a user or password when last asked."""
    return TurnServers(
        hinted=any(server not in own.turn for server in usable.turn),
        own_refuses=any(is_own(server, own) for server in refused),
        hinted_refuses=any(not is_own(server, own) for server in refused),
    )


def is_own(server: str, own: Servers) -> bool:
    """Tell whether the owner has set that server, written ``host:port``."""
    return server in {f"{turn.host}:{turn.port}" for turn in own.turn}
