"""What a WebRTC engine does for us: one connection with one data channel, and nothing of the engine's own.

Knows: the port. Does not know: any engine, or what messages hold.

An engine makes connections. A connection makes a description, takes the other end's, and then tells its
listener what happens, in the event loop and in this order::

    on_open (on_message | on_drain)* on_end?

``on_end`` comes at most once, and may be all that comes. After ``close`` nothing comes. The tests in
tests/net/engines hold every engine to this.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final, Literal, Protocol

from p2pchat.data import dataclass
from p2pchat.errors import LinkError
from p2pchat.wire.description import Description
from p2pchat.wire.ice import Servers, TurnServer

PathKind = Literal["host", "srflx", "prflx", "relay"]
"""RFC 8445: an own address, one that a STUN server saw, one that the other end saw, one of a TURN server."""

CHANNEL: Final = "p2pchat"
"""The one data channel's label."""

CLOSE_SECONDS: Final = 2.0
"""An engine has this long to finish what it has begun, and again to close."""

DRAIN_SECONDS: Final = 1.0
"""Before we close, the peer has this long to acknowledge what was sent: enough for some repeats of a lost
packet, and short for a peer that is dead."""

MESSAGE_MAX: Final = 16_384
"""Bytes. Every engine passes a message of this size on whole. Frames have 1152."""

STUN_SECONDS: Final = 1.0
"""STUN servers have this long to answer: what a silent one costs."""

LATE_SECONDS: Final = 0.25
"""Once one server has answered, the others have this long."""

TURN_SECONDS: Final = 2.0
"""TURN servers have this long to answer: three round trips, or five with TCP and TLS."""

RELAY_SECONDS: Final = 10.0
"""The same where only TURN can connect: a proxy may have to build its circuit first."""

SECOND_CHANNEL: Final = "the peer opened a second channel"
UNLIKE_CHANNEL: Final = "the peer's channel is not ordered and reliable"
TEXT: Final = "the peer sent text"
CLOSED: Final = "the channel was closed"
"""Why a connection ended that the peer has ended."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for every connection of one engine."""

    relay_only: bool = False
    """All traffic goes through a TURN server, and no description names another address."""
    proxy: str | None = None
    """URL of the SOCKS5 proxy between us and TURN servers that are reached over TCP."""
    ca_file: str | None = None
    """A PEM file of certificates to trust beside the system's, where a TURN server is reached by TLS."""


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """SHA-256 of both certificates, 32 bytes each. They come from the DTLS connection itself, not from a
    description."""

    own: bytes
    peer: bytes


@dataclass(frozen=True, slots=True)
class CandidatePair:
    """The path that ICE has chosen."""

    own: PathKind
    peer: PathKind
    base: str
    """The address of this machine from which it sends, numeric."""
    remote: str = ""
    """The address of the other end; empty if a TURN server stands there."""


class Listener(Protocol):
    """Hears what happens to one connection. No method may block."""

    def on_open(self) -> None:
        """The channel is open: fingerprints and pair are known, messages may be sent."""

    def on_message(self, message: bytes) -> None:
        """A message came. All that were sent before it came earlier."""

    def on_drain(self) -> None:
        """``buffered_bytes`` became less than it was after the last ``send_message``."""

    def on_end(self, reason: str) -> None:
        """The connection failed, or the other end closed it. The reason is a few words for a person."""


class UntilEnd:
    """Tells a listener what happens, and tells the end once."""

    def __init__(self, listener: Listener) -> None:
        self._listener: Listener | None = listener

    @property
    def over(self) -> bool:
        """Whether the listener hears nothing more."""
        return self._listener is None

    def tell_open(self) -> None:
        """See ``Listener.on_open``."""
        if self._listener is not None:
            self._listener.on_open()

    def tell_message(self, message: object) -> None:
        """See ``Listener.on_message``. A text message, which we never send, ends the connection."""
        if not isinstance(message, bytes):
            self.tell_end(TEXT)
        elif self._listener is not None:
            self._listener.on_message(message)

    def tell_drain(self) -> None:
        """See ``Listener.on_drain``."""
        if self._listener is not None:
            self._listener.on_drain()

    def tell_end(self, reason: str) -> None:
        """See ``Listener.on_end``."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.on_end(reason)

    def fall_silent(self) -> None:
        """End it from this side: the listener hears nothing more."""
        self._listener = None


class PeerConnection(Protocol):
    """One connection. Call ``make_offer`` or ``make_answer`` once, before any other method."""

    async def make_offer(self) -> Description:
        """Describe our side, with every address at which we may be reached. Raises LinkError, or what the
        engine raises."""

    async def make_answer(self, offer: Description) -> Description:
        """Describe our side in answer to an offer. Raises as ``make_offer``."""

    async def accept_answer(self, answer: Description) -> None:
        """Connect to the peer that answered our offer. Raises as ``make_offer``."""

    def send_message(self, message: bytes) -> bool:
        """Send a message of any size up to ``MESSAGE_MAX``. False: the channel is not open, and it was
        dropped."""

    @property
    def buffered_bytes(self) -> int:
        """Bytes of messages that wait in the engine to be sent for the first time."""

    def read_fingerprints(self) -> Fingerprints:
        """The fingerprints, once the connection is open."""

    def selected_pair(self) -> CandidatePair | None:
        """Return the pair in use, or None before the connection is open; an engine may tell it a moment
        late."""

    async def close(self) -> None:
        """Let what was sent arrive, within ``DRAIN_SECONDS``, then close. Never raises; the listener hears
        nothing more. May be called at any time, and while an offer or answer is being made."""


class Engine(Protocol):
    """Makes connections."""

    name: str
    """The engine's name in the setting."""

    policy: Policy

    refused: set[str]
    """Which TURN servers, as ``host:port``, refused their user or password when last asked."""

    silent: set[str]
    """Which TURN servers, as ``host:port``, did not answer when last asked."""

    def make_connection(self, listener: Listener, servers: Servers) -> PeerConnection:
        """Return a connection that will ask these servers. It does nothing yet."""


MakeEngine = Callable[[Policy], Engine]


def note_silent(
    silent: set[str], servers: Sequence[TurnServer], answered: Collection[str], lent: bool
) -> None:
    """Note in ``silent`` which servers did not answer, each by the first of its ports. ``answered``: the
    hosts that did; ``lent``: one of them lent an address, and the others had less than their time."""
    first: dict[str, str] = {}
    for server in servers:
        first.setdefault(server.host, f"{server.host}:{server.port}")
    for host, name in first.items():
        (silent.discard if lent or host in answered else silent.add)(name)


def check_relayed(made: Description, refused: bool) -> None:
    """Check a description for relayed connections: it has a candidate, and each one is of a relay.
    ``refused``: a TURN server refused its password. Raises LinkError."""
    if not made.candidates:
        fault = "refused its user or password" if refused else "gave no address"
        raise LinkError(f"the TURN server {fault}; check 'p2pchat config get ice'")
    if any(candidate.kind != "relay" for candidate in made.candidates):
        raise LinkError("the engine would have shown our own address")
