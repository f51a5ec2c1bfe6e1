"""One link between two neighbours, from the open data channel to its end.

Knows: the handshake that binds both DTLS fingerprints, sealing, the order of waiting frames, heartbeats.
Does not know: what cells mean, or who the neighbour is.

::

              up()                 CONFIRM checks out             silence, bad frame
    connecting ────► confirming ─────────────────────► up ─────────────────────────► (closed by the mesh)
"""

from __future__ import annotations

import hmac
from collections import deque

from p2pchat.crypto.sealing import FrameOpener, FrameSealer, LinkKeys, Role
from p2pchat.errors import Malformed, Unreadable
from p2pchat.wire import control, frame
from p2pchat.wire.frame import Frame, FrameKind

CREDIT = 64
"""Frames handed to the engine and not yet drained. 64 frames are 72 KiB: enough to fill 1.7 MB/s at 40 ms,
and below the buffer at which aiortc starts to lose its own datagrams (measured, network notes: 256 KiB)."""

QUEUE_CAP = 512
"""Frames waiting for credit; what a bad link (60 frames/s) carries in eight seconds. Beyond it the newest is
shed."""

HEARTBEAT_S = 4.0
"""A link that sent nothing for this long sends a heartbeat."""

SILENCE_S = 14.0
"""A link that heard nothing for this long is dead: three heartbeats lost in a row."""

CONFIRM_S = 10.0
"""How long the peer may take to confirm after the channel opened."""


class Link:
    """Seals what leaves and opens what arrives on one data channel.

    Every method that may release frames returns them as sealed bytes of ``GEOMETRY.frame``, in sending order.
    """

    def __init__(self, keys: LinkKeys, role: Role) -> None:
        self._keys = keys
        self._role = role
        self._sealer: FrameSealer = keys.sealer(role)
        self._opener: FrameOpener = keys.opener(role)
        self._expected = b""
        self._urgent: deque[Frame] = deque()
        self._waiting: deque[Frame] = deque()
        self._credit = CREDIT
        self._heard_at = 0.0
        self._sent_at = 0.0
        self.opened_at: float | None = None
        self.confirmed = False
        self.sent = 0
        self.received = 0
        self.shed = 0

    def up(self, own_fingerprint: bytes, peer_fingerprint: bytes, now: float) -> list[bytes]:
        """The data channel is open: say who we are to DTLS, expect the peer to say the mirror image."""
        other: Role = "answerer" if self._role == "offerer" else "offerer"
        self._expected = self._keys.confirmation(other, peer_fingerprint, own_fingerprint)
        self.opened_at = self._heard_at = now
        mine = self._keys.confirmation(self._role, own_fingerprint, peer_fingerprint)
        self._urgent.append(Frame(FrameKind.CONFIRM, mine))
        return self._release(now)

    def receive(self, data: bytes, now: float) -> Frame | None:
        """Open one frame; return it when it is for the mesh, None when it was the link's own business.

        Raises RefusedInput; on an ordered, reliable channel inside DTLS that means a hostile or broken peer,
        and the link must be closed.
        """
        received = frame.decode(self._opener.open(data))
        if not self.confirmed:
            self._check_confirmation(received)
        self.received += 1
        self._heard_at = now
        match received.kind:
            case FrameKind.CELL:
                return received
            case FrameKind.CONTROL:
                return None if isinstance(control.decode(received.body), control.Heartbeat) else received
            case FrameKind.CONFIRM | FrameKind.PADDING:
                return None

    def send(self, item: Frame, now: float) -> list[bytes]:
        """Queue a frame; control goes before cells. Sheds the newest cell when the queue is full."""
        if item.kind is not FrameKind.CELL:
            self._urgent.append(item)
        elif len(self._waiting) >= QUEUE_CAP:
            self.shed += 1
        else:
            self._waiting.append(item)
        return self._release(now)

    def drained(self, count: int, now: float) -> list[bytes]:
        """The engine has sent ``count`` frames: use the credit."""
        self._credit = min(CREDIT, self._credit + count)
        return self._release(now)

    def tick(self, now: float) -> list[bytes]:
        """Send a heartbeat when one is due."""
        if self.confirmed and now >= self._sent_at + HEARTBEAT_S and not self._urgent:
            return self.send(Frame(FrameKind.CONTROL, control.encode(control.Heartbeat(self.received))), now)
        return []

    def dead(self, now: float) -> bool:
        """Whether the peer has been silent, or unconfirmed, for too long."""
        if self.opened_at is None:
            return False
        if not self.confirmed:
            return now >= self.opened_at + CONFIRM_S
        return now >= self._heard_at + SILENCE_S

    def silent_for(self, now: float) -> float:
        """Seconds since the peer was last heard."""
        return now - self._heard_at

    def next_wakeup(self) -> float | None:
        """When ``tick`` or ``dead`` may next change its mind."""
        if self.opened_at is None:
            return None
        if not self.confirmed:
            return self.opened_at + CONFIRM_S
        silence = self._heard_at + SILENCE_S
        return silence if self._urgent else min(self._sent_at + HEARTBEAT_S, silence)

    def _check_confirmation(self, received: Frame) -> None:
        if received.kind is not FrameKind.CONFIRM:
            raise Malformed("a link must begin with its confirmation")
        if not hmac.compare_digest(received.body, self._expected):
            raise Unreadable("the link's fingerprints are not those the peer saw")
        self.confirmed = True

    def _release(self, now: float) -> list[bytes]:
        sealed: list[bytes] = []
        while self._credit and self._ready():
            self._credit -= 1
            item = self._urgent.popleft() if self._urgent else self._waiting.popleft()
            sealed.append(self._sealer.seal(frame.encode(item)))
        if sealed:
            self._sent_at = now
            self.sent += len(sealed)
        return sealed

    def _ready(self) -> bool:
        """Nothing but our confirmation may leave before the peer's has been checked."""
        return bool(self._urgent) or (self.confirmed and bool(self._waiting))
