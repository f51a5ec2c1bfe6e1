"""What the two sides of a pairing have in common.

Knows: what each brings and what comes out of it, where they meet, how blobs are sealed, how it ends.
Does not know: the order of messages (``host``, ``guest``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from p2pchat.core.membership.neighbour import SeatRef
from p2pchat.core.pairing.binding import Transcript
from p2pchat.core.rendezvous.rendezvous import LeaveSeat, TakeSeat
from p2pchat.core.values.effects import Signal
from p2pchat.core.values.paired import Paired
from p2pchat.core.values.refusals import InviteFailure, NoContact, Unreached
from p2pchat.crypto import cpace
from p2pchat.crypto.kdf import derive, invite_topic, link_topic
from p2pchat.crypto.olm import OlmAccount
from p2pchat.crypto.sealing import open_blob, seal_blob
from p2pchat.data import dataclass
from p2pchat.ports import Entropy
from p2pchat.types import Topic
from p2pchat.wire import pairing as wire
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.invite import InviteCode, InviteLink
from p2pchat.wire.signalling import Pass, Refusal, SeatMode


@dataclass(frozen=True, slots=True)
class LocalParty:
    """What we bring to a pairing."""

    name: str
    account: OlmAccount = field(repr=False)
    mesh_secret: bytes = field(repr=False)
    """Host only; empty for a guest."""
    rendezvous: tuple[str, ...]
    """Host: the mesh's list. Where to meet is ``urls``, which may be more."""
    urls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ready:
    """The host's code can be given away."""

    code: InviteCode | InviteLink


@dataclass(frozen=True, slots=True)
class Guessed:
    """A guess at the code is made, and its answer follows: the code is used up in any case."""


@dataclass(frozen=True, slots=True)
class PairingFailed:
    """The pairing ended without a contact."""

    failure: InviteFailure


@dataclass(frozen=True, slots=True)
class Disturbed:
    """A stranger without the words sat at our invite, and sent no valid message."""

    strangers: int
    """So far."""


Output = TakeSeat | LeaveSeat | Signal | Ready | Disturbed | Guessed | Paired | PairingFailed

UNFINISHED_S = 60.0
"""From the first message until the pairing is complete: five ways through any network."""


class Party:
    """What host and guest have in common: where they meet, how blobs are sealed, how it ends."""

    role: str
    other: str
    mode: SeatMode

    def __init__(
        self,
        ours: LocalParty,
        deadline: float,
        entropy: Entropy,
        nearby: tuple[str, ...] = (),
        looks_until: float = 0.0,
    ) -> None:
        """``nearby``: where to meet on this machine's own network, which is never passed on.
        ``looks_until``: until when such a place may yet be found, so that nothing is final before."""
        self._ours = ours
        self._nearby = nearby
        self._looks_until = looks_until
        self._deadline = deadline
        self._entropy = entropy
        self._peer: SeatRef | None = None
        self._key = b""
        self._isk = b""
        self._failed_urls: dict[str, str | Refusal] = {}
        self._retries: dict[str, float] = {}
        """When to ask for a seat again, by place."""
        self.topic: Topic = Topic(b"")
        self.over = False

    @property
    def rendezvous_urls(self) -> tuple[str, ...]:
        """Return the rendezvous at which the two ends have met; none as long as they have not."""
        return (self._peer.url,) if self._peer is not None else ()

    @property
    def begun(self) -> bool:
        """Whether the other end is there."""
        return self._peer is not None

    @property
    def _urls(self) -> tuple[str, ...]:
        return (*self._ours.urls, *self._nearby)

    @property
    def _all_lost(self) -> bool:
        urls = self._urls
        return bool(urls) and not self._looks_until and all(url in self._failed_urls for url in urls)

    def meet_nearby(self, urls: Sequence[str]) -> list[Output]:
        """Meet at these places of this machine's own network, too, and at no others there."""
        if self.over or self._peer is not None:
            return []
        before, self._nearby = self._nearby, tuple(url for url in urls if url not in self._ours.urls)
        gone = [url for url in before if url not in self._nearby]
        for url in gone:
            self._forget(url)
        left: list[Output] = [LeaveSeat(url, self.topic) for url in gone]
        return [*left, *self._take([url for url in self._nearby if url not in before])]

    def _forget(self, url: str) -> None:
        """The messages there no longer count."""
        self._failed_urls.pop(url, None)
        self._retries.pop(url, None)

    def _take(self, urls: Sequence[str]) -> list[TakeSeat]:
        return [TakeSeat(url, self.topic, self.mode) for url in urls]

    def next_wakeup(self) -> float:
        """When patience ends."""
        return self._deadline

    def tick(self, now: float) -> list[Output]:
        """Give up at the deadline."""
        if self.over or now < self._deadline:
            return []
        if self._all_lost:
            return self._unreachable()
        if self._peer is not None:
            return self._fail(NoContact.FELL_SILENT)
        return self._give_up()

    def _give_up(self) -> list[Output]:
        """The deadline has come before the other side."""
        return self._fail(NoContact.NOT_IN_TIME)

    def on_unreachable(self, url: str, reason: str | Refusal) -> list[Output]:
        """A rendezvous is out of reach. When all are, before anything began, there is no point in waiting."""
        self._failed_urls[url] = reason
        if self._peer is not None:
            lost = self._peer.url == url
            return self._fail(NoContact.RENDEZVOUS_LOST, unreached=((url, reason),)) if lost else []
        return self._unreachable() if self._all_lost else []

    def on_left(self, at: SeatRef) -> list[Output]:
        """The other side left its seat."""
        if at != self._peer:
            return []
        return self._fail(NoContact.WENT_AWAY)

    def cancel(self) -> list[LeaveSeat]:
        """We no longer want to pair."""
        return self._finish()

    def _meet(self, code: InviteCode | InviteLink) -> None:
        self.topic = topic_of(code)
        self._key = derive(self.topic, "pairing before key")
        self._transcript = Transcript(self.topic)

    def _begin(self, peer: SeatRef, now: float) -> None:
        """Somebody is there: from now on it is quick, or nothing comes of it."""
        self._peer = peer
        self._deadline = min(self._deadline, now + UNFINISHED_S)

    def _generator(self, code: InviteCode | InviteLink, sid: bytes) -> bytes:
        secret = "-".join(code.words).encode() if isinstance(code, InviteCode) else code.secret
        return cpace.generator(secret, b"p2pchat invite" + self.topic, sid)

    def _send(self, message: wire.PairingMessage) -> Output:
        assert self._peer is not None, "no one to send to yet"
        plain = wire.encode_pairing(message)
        self._transcript.add(self.role, plain)
        nonce = self._entropy.draw_bytes(GEOMETRY.nonce)
        blob = seal_blob(self._key, nonce, plain, self.role.encode() + self.topic)
        return Signal(self._peer.url, Pass(self.topic, self._peer.seat, blob))

    def _open(self, blob: bytes, key: bytes | None = None) -> tuple[wire.PairingMessage, bytes]:
        """A message and its plaintext, which is noted only when the message is in its turn."""
        plain = open_blob(key or self._key, blob, self.other.encode() + self.topic)
        return wire.decode_pairing(plain), plain

    def _take_plain(self, plain: bytes) -> None:
        self._transcript.add(self.other, plain)

    def _agreed(self) -> None:
        self._key = derive(self._isk, "pairing")

    def _finish(self) -> list[LeaveSeat]:
        self.over = True
        return [LeaveSeat(url, self.topic) for url in self._urls]

    def _fail(self, reason: NoContact, unreached: Unreached = (), version: int = 0) -> list[Output]:
        failure = InviteFailure(reason, unreached, version=version)
        return [] if self.over else [*self._finish(), PairingFailed(failure)]

    def _busy(self, url: str, reason: Refusal) -> list[Output]:
        """A blob of ours was not passed on: the other side would wait for it in vain."""
        assert self._peer is not None, "before there is anybody opposite, refusals mean something else"
        return (
            self._fail(NoContact.RENDEZVOUS_BUSY) if url == self._peer.url and reason is Refusal.BUSY else []
        )

    def _unreachable(self) -> list[Output]:
        lost = {url: self._failed_urls[url] for url in self._urls if url in self._failed_urls}
        return self._fail(NoContact.UNREACHABLE, unreached=tuple(lost.items()))


def topic_of(code: InviteCode | InviteLink) -> Topic:
    """Return the topic at which the two ends of an invite meet."""
    return invite_topic(code.nameplate) if isinstance(code, InviteCode) else link_topic(code.secret)
