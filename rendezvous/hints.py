"""What a rendezvous tells its clients beside a welcome: ports of STUN and TURN, and a login for TURN.

Knows: how coturn's "TURN REST API" makes a login of a secret (``use-auth-secret``, ``static-auth-secret``).
Does not know: the clients.
"""

from __future__ import annotations

import hmac
import random
from dataclasses import dataclass, field
from typing import Final

from p2pchat.wire.signalling import LOGIN_NAME_BYTES, STUN_PORTS, TURN_PORTS, Hints, Login

LOGIN_SECONDS: Final = 3600
"""How long a login serves to begin a link; a link that stands goes on."""

RENEW_SECONDS: Final = 1800.0
"""A client that stays is told anew after this."""


STUN_PORT: Final = 3478
"""The second port, if no other server has it: two answers show a client what kind of NAT it is behind."""

TURN_PORT: Final = 3478
"""coturn's own."""

SECRET_MAX: Final = 4096
"""Bytes of a file with a secret."""


@dataclass(frozen=True, slots=True)
class HintOptions:
    """What the operator has chosen."""

    stun: bool = True
    at: tuple[int, ...] = ()
    """Ports for STUN; none: the server's own, and ``STUN_PORT`` unless the TURN server has that."""
    secret_file: str | None = None
    turn: tuple[int, ...] = ()
    """Ports of the TURN server for UDP and TCP; none: ``TURN_PORT``."""
    turn_tls: int | None = None

    def stun_ports(self, own: int) -> tuple[int, ...]:
        """Return the ports at which to answer. ``own``: the server's port. A TURN server that clients are
        told of needs its ports for itself, whichever of the two starts first."""
        chosen = self.at or (own, *({STUN_PORT} - self._turn_ports()))
        return tuple(dict.fromkeys(chosen))[:STUN_PORTS] if self.stun else ()

    def _turn_ports(self) -> set[int]:
        return set(self.turn or (TURN_PORT,)) if self.secret_file is not None else set()

    def resolve_ports(self, stun: tuple[int, ...]) -> HintedPorts:
        """What to tell clients, which can ask at these ports. Raises OSError, and ValueError in plain
        words."""
        if self.secret_file is None:
            if self.turn or self.turn_tls:
                raise ValueError("TURN ports are told with a secret alone: --turn-secret-file is missing")
            return HintedPorts(stun)
        with open(self.secret_file, "rb") as file:
            secret = file.read(SECRET_MAX + 1).strip()
        if not 0 < len(secret) <= SECRET_MAX:
            raise ValueError("it must hold the secret and nothing else")
        turn = tuple(dict.fromkeys(self.turn or (TURN_PORT,)))
        if len(turn) > TURN_PORTS:
            raise ValueError(f"at most {TURN_PORTS} ports of a TURN server can be told")
        # A TURN server answers STUN, too; it may have the port that the second answer would have come from.
        seen_by = tuple(dict.fromkeys((*stun, *turn)))[:STUN_PORTS] if self.stun else ()
        return HintedPorts(seen_by, turn, (self.turn_tls,) if self.turn_tls else (), secret)


@dataclass(frozen=True, slots=True)
class HintedPorts:
    """What this server can say. ``secret``: shared with the TURN server; without one no TURN port is told."""

    stun: tuple[int, ...] = ()
    turn: tuple[int, ...] = ()
    turns: tuple[int, ...] = ()
    secret: bytes = field(default=b"", repr=False)

    def make_hints(self, now: float, rng: random.Random) -> Hints | None:
        """What one client is told; None if there is nothing to tell. ``now``: Unix seconds. The login is of
        that client alone, and names no person."""
        if not self.secret or not (self.turn or self.turns):
            return Hints(self.stun) if self.stun else None
        return Hints(self.stun, self.turn, self.turns, login(self.secret, now, rng))


def login(secret: bytes, now: float, rng: random.Random) -> Login:
    """Make a login under a new random name."""
    expires, name = int(now) + LOGIN_SECONDS, rng.randbytes(LOGIN_NAME_BYTES)
    return Login(expires, name, hmac.digest(secret, f"{expires}:{name.hex()}".encode(), "sha1"))
