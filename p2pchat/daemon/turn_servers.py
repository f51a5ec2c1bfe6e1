"""Which TURN servers links here may use, and which of them refuse or do not answer.

Knows: the owner's servers, and those that rendezvous name. Does not know: how a server is asked.
"""

from __future__ import annotations

from collections.abc import Collection

from p2pchat.data import dataclass
from p2pchat.wire.ice import Servers


@dataclass(frozen=True, slots=True)
class TurnServers:
    """The TURN servers of the owner and those of rendezvous, and which of them refuse or do not answer."""

    hinted: bool = False
    """A rendezvous has named one, and links here may use it."""
    own_refuses: bool = False
    """One that the owner has set does not take its user or password."""
    hinted_refuses: bool = False
    """One does not take the user or password that the rendezvous gave: its operator's matter."""
    own_silent: str = ""
    """One that the owner has set does not answer: it, as ``host:port``."""
    hinted_silent: str = ""
    """One that a rendezvous has named does not answer: it, as ``host:port``."""
    barred: bool = False
    """Links may use the owner's alone, and none of them lends an address: no link can come up."""

    @property
    def refuse(self) -> bool:
        """Whether any of them refuses."""
        return self.own_refuses or self.hinted_refuses


def turn_servers_of(
    own: Servers,
    usable: Servers,
    refused: Collection[str],
    silent: Collection[str] = (),
    relay_only: bool = False,
) -> TurnServers:
    """``own``: what the owner has set; ``usable``: all that links may use; ``refused``: those, as
    ``host:port``, that refused a user or password when last asked; ``silent``: those that did not answer."""
    # A server that a rendezvous no longer names is of no interest.
    named = [server for server in silent if server in {f"{turn.host}:{turn.port}" for turn in usable.turn}]
    useless = {server.rpartition(":")[0] for server in (*refused, *named)}
    return TurnServers(
        hinted=any(server not in own.turn for server in usable.turn),
        own_refuses=any(is_own(server, own) for server in refused),
        hinted_refuses=any(not is_own(server, own) for server in refused),
        own_silent=next((server for server in named if is_own(server, own)), ""),
        hinted_silent=next((server for server in named if not is_own(server, own)), ""),
        barred=relay_only and bool(own.turn) and useless >= {turn.host for turn in own.turn},
    )


def is_own(server: str, own: Servers) -> bool:
    """Tell whether the owner has set that server, written ``host:port``."""
    return server in {f"{turn.host}:{turn.port}" for turn in own.turn}
