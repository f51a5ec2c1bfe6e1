"""One link between two neighbours, from the open data channel to its end.

Knows: the handshake that binds both DTLS fingerprints, sealing, credit, heartbeats. Does not know: what
cells mean, or which node the neighbour is.

::

              up()                 CONFIRM checks out        QUIET_S of silence
    connecting ────► confirming ─────────────────────► up ◄────────────────────► quiet ───► dead
                                                               any frame               SILENCE_S
"""

from __future__ import annotations

import hmac

from p2pchat.core.kit.credit import FIRST, OWN_AHEAD
from p2pchat.core.link.fair_queue import FairQueue
from p2pchat.crypto.sealing import FrameOpener, FrameSealer, LinkKeys, Role
from p2pchat.errors import Malformed, Unreadable
from p2pchat.types import LinkId
from p2pchat.wire import control, frame
from p2pchat.wire.control import Control
from p2pchat.wire.frame import Frame, FrameKind

AT_ENGINE = 64
"""Frames handed to the engine and not yet drained. 64 frames are 72 KiB: enough to fill 1.7 MB/s at 40 ms,
and below the buffer at which aiortc starts to lose its own datagrams (measured, network notes: 256 KiB)."""

HEARTBEAT_S = 3.0
"""A link that sent nothing for this long sends a heartbeat; 400 bytes a second at most."""

TOGETHER_S = 0.5
"""A heartbeat may leave this much early, with another link's: a node wakes up less often."""

QUIET_S = 7.0
"""A link that heard nothing for this long, two heartbeats and their way, no longer counts: others are
asked to push, and another link is sought. It may come back."""

SILENCE_S = 30.0
"""One that heard nothing for this long is dead. An interface that is down for 20 s and more brings the same
channel back (measured), the engine itself gives up after some thirty."""

CONFIRM_S = 10.0
"""How long the peer may take to confirm after the channel opened."""


class Link:
    """Seals what leaves and opens what arrives on one data channel.

    Every method that may release frames returns them as sealed bytes of ``GEOMETRY.frame``, in sending order.
    """

    def __init__(self, keys: LinkKeys, role: Role) -> None:
        self._keys = keys
        self._role = role
        self._sealer: FrameSealer = keys.make_sealer(role)
        self._opener: FrameOpener = keys.make_opener(role)
        self._expected = b""
        self._queue = FairQueue()
        self._engine_room = AT_ENGINE
        self._granted = FIRST
        self._spent = 0
        self._received_at = 0.0
        self._sent_at = 0.0
        self.opened_at: float | None = None
        self.confirmed = False
        self.faded = False
        """Whether the mesh has stopped counting on it because it was ``is_quiet``."""
        self.sent = 0
        self.received = 0

    @property
    def binding(self) -> bytes:
        """A secret of this link's two ends, 32 bytes."""
        return self._keys.binding

    def on_open(self, own_fingerprint: bytes, peer_fingerprint: bytes, now: float) -> list[bytes]:
        """The data channel is open. Return the frames that tell our view of DTLS; the peer must send the
        mirror image."""
        other: Role = "answerer" if self._role == "offerer" else "offerer"
        self._expected = self._keys.make_confirmation(other, peer_fingerprint, own_fingerprint)
        self.opened_at = self._received_at = now
        mine = self._keys.make_confirmation(self._role, own_fingerprint, peer_fingerprint)
        self._queue.put_control(Frame(FrameKind.CONFIRM, mine))
        return self._release(now)

    def receive(self, data: bytes, now: float) -> Frame | Control | None:
        """Open one frame: a cell's or an onion's frame, a neighbour's word, or None when it was the link's
        own business.

        Raises RefusedInput; on an ordered, reliable channel inside DTLS that means a hostile or broken peer,
        and the link must be closed.
        """
        received = frame.decode(self._opener.open_frame(data))
        if not self.confirmed:
            self._check_confirmation(received)
        self.received += 1
        self._received_at = now
        match received.kind:
            case FrameKind.CELL | FrameKind.ONION:
                return received
            case FrameKind.CONTROL:
                message = control.decode(received.body)
                return None if isinstance(message, control.Heartbeat) else message
            case FrameKind.CONFIRM | FrameKind.PADDING:
                return None

    def send(self, item: Frame, now: float, source: LinkId | None = None) -> list[bytes]:
        """Queue a frame; control goes before cells. ``source``: the link a cell came from, if not our own."""
        if item.kind in (FrameKind.CELL, FrameKind.ONION):
            self._queue.put_cell(item, source)
        else:
            self._queue.put_control(item)
        return self._release(now)

    def on_drained(self, count: int, now: float) -> list[bytes]:
        """The engine has sent ``count`` frames, and takes as many again."""
        self._engine_room = min(AT_ENGINE, self._engine_room + count)
        return self._release(now)

    def take_credit(self, granted: int, now: float) -> list[bytes]:
        """The peer takes cells and onions until they are so many, since the link came up."""
        self._granted = max(self._granted, granted)
        return self._release(now)

    def tick(self, now: float) -> list[bytes]:
        """Send a heartbeat when one is due."""
        due = self._sent_at + HEARTBEAT_S - TOGETHER_S
        if self.confirmed and now >= due and not self._queue.control:
            return self.send(Frame(FrameKind.CONTROL, control.encode(control.Heartbeat(self.received))), now)
        return []

    def is_dead(self, now: float) -> bool:
        """Whether the peer has been silent, or unconfirmed, for too long."""
        if self.opened_at is None:
            return False
        if not self.confirmed:
            return now >= self.opened_at + CONFIRM_S
        return now >= self._received_at + SILENCE_S

    def is_quiet(self, now: float) -> bool:
        """Whether the peer has been silent for so long that it should not be counted on."""
        return now >= self._received_at + QUIET_S

    @property
    def space(self) -> int:
        """Frames without need of credit that would leave at once, after all that can leave."""
        if not self.confirmed:
            return 0
        return max(0, self._engine_room - min(self._queue.cells, self._credit))

    @property
    def own_space(self) -> int:
        """Cells and onions of our own that would leave at once, or wait only for their turn with a few
        others."""
        if not self.confirmed:
            return 0
        at_once = min(self._engine_room, self._credit) - self._queue.cells
        return max(0, at_once) + OWN_AHEAD - self._queue.count_waiting(None)

    def count_waiting(self, source: LinkId | None) -> int:
        """Cells that came from that link, or are our own, and wait here."""
        return self._queue.count_waiting(source)

    @property
    def _credit(self) -> int:
        """Cells and onions that the peer still takes."""
        return self._granted - self._spent

    @property
    def shed(self) -> int:
        """Frames dropped because too many waited."""
        return self._queue.shed

    def silent_for(self, now: float) -> float:
        """Seconds since the peer was last heard."""
        return now - self._received_at

    def next_wakeup(self) -> float | None:
        """When ``tick`` or ``is_dead`` may next change its mind."""
        if self.opened_at is None:
            return None
        if not self.confirmed:
            return self.opened_at + CONFIRM_S
        silence = self._received_at + (SILENCE_S if self.faded else QUIET_S)
        return silence if self._queue.control else min(self._sent_at + HEARTBEAT_S, silence)

    def _check_confirmation(self, received: Frame) -> None:
        if received.kind is not FrameKind.CONFIRM:
            raise Malformed("a link must begin with its confirmation")
        if not hmac.compare_digest(received.body, self._expected):
            raise Unreadable("the link's fingerprints are not those the peer saw")
        self.confirmed = True

    def _release(self, now: float) -> list[bytes]:
        sealed: list[bytes] = []
        while self._engine_room and self._ready():
            self._engine_room -= 1
            sealed.append(self._sealer.seal_frame(frame.encode(self._next())))
        if sealed:
            self._sent_at = now
            self.sent += len(sealed)
        return sealed

    def _ready(self) -> bool:
        """Nothing but our confirmation may leave before the peer's has been checked."""
        return self._queue.control or (self.confirmed and self._queue.cells > 0 and self._credit > 0)

    def _next(self) -> Frame:
        """What leaves next; there is something that may."""
        if self._queue.control:
            return self._queue.pop_control()
        self._spent += 1
        return self._queue.pop_cell()
