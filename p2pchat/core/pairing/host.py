"""The one who made the invite.

Knows: drawing a code, what to ask of a guest, when the code is burnt. Does not know: how seats are kept.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from dataclasses import replace

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.membership.neighbour import SeatRef
from p2pchat.core.pairing.party import Disturbed, Guessed, LocalParty, Output, Party, Ready
from p2pchat.core.rendezvous.rendezvous import LeaveSeat, TakeSeat
from p2pchat.core.values.paired import Paired
from p2pchat.core.values.refusals import NO_ANSWER, NoContact
from p2pchat.crypto import cpace
from p2pchat.crypto.envelope import ReceiveChain, SendChain, epoch_at
from p2pchat.crypto.exchange import KemKey
from p2pchat.crypto.identity import fingerprint
from p2pchat.crypto.kdf import invite_topic
from p2pchat.errors import OtherVersion, RefusedInput
from p2pchat.ports import Entropy, below
from p2pchat.types import Seat, Topic
from p2pchat.wire import pairing as wire
from p2pchat.wire.invite import InviteCode, InviteLink
from p2pchat.wire.signalling import Refusal, SeatMode
from p2pchat.wire.version import VERSION
from p2pchat.wire.words import WORDS

NAMEPLATES = 10_000
"""Nameplates are drawn below this, and below ten times as many after each collision: short enough to say, and
one address that tries all of them at a rendezvous needs 42 minutes, an invite's words last ten."""

COLLISIONS = 5
"""After this many taken nameplates something is wrong with the server, not with our luck."""

SETTLE_S = 1.5
"""From the first seat until the code is given away though another rendezvous has not answered: the nameplate
may be taken there."""

RETRY_S = 5.0
"""Between attempts to get a seat back; a server may hold the old one for 40 s after a line has died."""


class Host(Party):
    """The side that made the invite."""

    role, other, mode = "host", "guest", SeatMode.HOST

    def __init__(
        self,
        ours: LocalParty,
        link: bool,
        deadline: float,
        entropy: Entropy,
        given: InviteCode | InviteLink | None = None,
        free: Callable[[Topic], bool] = lambda topic: True,
        nearby: tuple[str, ...] = (),
    ) -> None:
        """``given``: a code that was given away already, and is not to be drawn. ``free``: whether nothing
        of this node meets at a topic."""
        super().__init__(ours, deadline, entropy, nearby)
        self._link = link
        self._free = free
        self._collisions = 0
        self._strangers = 0
        self.code = given or self._draw()
        self._ready = given is not None
        self._pending: set[str] = set()
        self._seated = False
        self._settled_at = NEVER
        self._confirmation = b""
        self._kem: KemKey | None = None
        self._bundle: wire.HostBundle | None = None

    def lead_into(self, mesh_secret: bytes) -> bool:
        """Let the guest into this mesh, unless another was told already."""
        if self._bundle is not None:
            return False
        self._ours = replace(self._ours, mesh_secret=mesh_secret)
        return True

    def start(self) -> list[TakeSeat]:
        """Open the code's topic everywhere."""
        self._meet(self.code)
        self._pending, self._seated, self._settled_at = set(self._urls), False, NEVER
        return self._take(self._urls)

    def on_seated(self, at: SeatRef, others: tuple[Seat, ...], now: float) -> list[Output]:
        """The topic is ours on one server: good enough to give the code away, once the others have said that
        the nameplate is not taken there, or are slow."""
        self._failed_urls.pop(at.url, None)
        self._retries.pop(at.url, None)
        if self._ready:
            return []
        self._pending.discard(at.url)
        if not self._seated:
            self._seated, self._settled_at = True, now + SETTLE_S
        return self._settle()

    def _settle(self, patient: bool = True) -> list[Output]:
        if self._ready or not self._seated or (self._pending and patient):
            return []
        self._ready, self._settled_at = True, NEVER
        return [Ready(self.code)]

    def on_refused(self, url: str, reason: Refusal, now: float) -> list[Output]:
        """The nameplate is taken: draw another. Once the code is out, it is our own old seat that is in the
        way, of a line that broke: ask until the server has noticed."""
        if self._peer is not None:
            return self._busy(url, reason)
        if self._ready:
            self._retries[url] = now + RETRY_S
            return []
        if reason is Refusal.TAKEN and self._collisions < COLLISIONS:
            self._collisions += 1
            left = [LeaveSeat(url, self.topic) for url in self._urls]
            self.code = self._draw()
            return [*self.start(), *left]
        return self.on_unreachable(url, reason)

    def on_unreachable(self, url: str, reason: str | Refusal) -> list[Output]:
        """Once the code is out, a lost rendezvous is waited for."""
        self._pending.discard(url)
        if self._ready and self._peer is None:
            return []
        return super().on_unreachable(url, reason) or self._settle()

    def on_left(self, at: SeatRef) -> list[Output]:
        """A guest left, or was put out. A guest that sent nothing has not guessed: the topic is still
        ours, and our owner is told."""
        if self._peer is None and not self.over:
            self._strangers += 1
            return [Disturbed(self._strangers)]
        return super().on_left(at)

    def next_wakeup(self) -> float:
        """When patience ends, or a seat is to be asked for again."""
        return min((self._deadline, self._settled_at, *self._retries.values()))

    def tick(self, now: float) -> list[Output]:
        """Ask again for the seats that were refused; stop waiting for slow servers."""
        due = [url for url, at in self._retries.items() if at <= now]
        for url in due:
            del self._retries[url]
        ended = super().tick(now)
        ready = self._settle(patient=False) if now >= self._settled_at and not self.over else []
        return ended or [*ready, *self._take(due)]

    def _give_up(self) -> list[Output]:
        """Without a seat, no code was given away, and no friend could come."""
        if self._ready or not self._urls:
            return super()._give_up()
        self._failed_urls = {**dict.fromkeys(self._urls, NO_ANSWER), **self._failed_urls}
        return self._unreachable()

    def _take(self, urls: Sequence[str]) -> list[TakeSeat]:
        if not self._ready:
            self._pending.update(urls)
        return super()._take(urls)

    def _forget(self, url: str) -> None:
        super()._forget(url)
        self._pending.discard(url)

    def on_blob(self, at: SeatRef, blob: bytes, now: float) -> list[Output]:
        """The guest speaks. Raises RefusedInput on what no guest would say."""
        if self._peer is not None and at != self._peer:
            return []
        try:
            message, plain = self._open(blob)
        except OtherVersion as other:
            return self._apart(at, other, now)
        match message:
            case wire.PakeStart() if self._peer is None:
                self._begin(at, now)
                self._take_plain(plain)
                return self._reply(message)
            case wire.PakeConfirm() if self._confirmation:
                self._take_plain(plain)
                return self._check(message, now)
            case wire.GuestBundle() if self._bundle is not None:
                return self._complete(message, plain)
            case _:
                return []

    def _draw(self) -> InviteCode | InviteLink:
        if self._link:
            own = bytes.fromhex(fingerprint(self._ours.account.identity_key))[:16]
            return InviteLink(self._entropy.draw_bytes(16), own, self._ours.urls)
        nameplate = self._nameplate()
        while not self._free(invite_topic(nameplate)):
            self._collisions = min(self._collisions + 1, COLLISIONS)
            nameplate = self._nameplate()
        first, second, third = (WORDS[below(self._entropy, len(WORDS))] for _ in range(3))
        return InviteCode(nameplate, (first, second, third))

    def _nameplate(self) -> int:
        return 1 + below(self._entropy, NAMEPLATES * 10**self._collisions - 1)

    def _reply(self, start: wire.PakeStart) -> list[Output]:
        """Reply. With the reply the guest can make a guess, so the code counts as used up before it
        leaves."""
        assert self._peer is not None, "somebody spoke"
        generator = self._generator(self.code, start.sid)
        scalar = self._entropy.draw_bytes(32)
        share = cpace.share(generator, scalar)
        self._retries.clear()
        try:
            self._isk = cpace.session_key(
                scalar, start.share, start.sid, start.share, b"guest", share, b"host"
            )
        except RefusedInput:
            return [Guessed(), *self._burn()]
        self._confirmation = cpace.confirmation(self._isk, "guest", start.share, share)
        elsewhere = [LeaveSeat(url, self.topic) for url in self._urls if url != self._peer.url]
        return [Guessed(), *elsewhere, self._send(wire.PakeReply(share))]

    def _apart(self, at: SeatRef, guest: OtherVersion, now: float) -> list[Output]:
        """The two cannot understand each other: both are told."""
        if self._peer is not None:
            return []
        self._begin(at, now)
        return [self._send(wire.Speaks(VERSION)), *self._fail(NoContact.OTHER_VERSION, version=guest.version)]

    def _check(self, confirm: wire.PakeConfirm, now: float) -> list[Output]:
        expected, self._confirmation = self._confirmation, b""
        if not hmac.compare_digest(confirm.confirmation, expected):
            return self._burn()
        self._agreed()
        self._kem = KemKey.generate(self._entropy)
        self._bundle = wire.HostBundle(
            self._ours.name,
            self._ours.account.identity_key,
            self._ours.account.one_time_key(),
            self._kem.encapsulation_key,
            self._ours.mesh_secret,
            self._ours.rendezvous,
            epoch_at(now),
        )
        return [self._send(self._bundle)]

    def _complete(self, guest: wire.GuestBundle, plain: bytes) -> list[Output]:
        assert self._kem is not None and self._bundle is not None, "the host's bundle went first"
        if guest.identity == self._ours.account.identity_key:
            return self._fail(NoContact.OWN_GUEST)
        try:
            olm, hello = self._ours.account.accept_session(guest.identity, guest.olm)
        except RefusedInput:
            return self._fail(NoContact.OTHER_PAIRING)
        if not hmac.compare_digest(hello, self._transcript.guest_confirmation(self._isk, guest)):
            return self._fail(NoContact.OTHER_PAIRING)
        self._take_plain(plain)
        mine, theirs, renewal_key = self._transcript.derive_keys(
            self._isk, self._kem.decapsulate(guest.ciphertext)
        )
        epoch = self._bundle.epoch
        paired = Paired(
            identity_key=guest.identity,
            name=guest.nick,
            how="link" if self._link else "words",
            mesh_secret=self._ours.mesh_secret,
            rendezvous=self._ours.rendezvous,
            olm=olm,
            sending=SendChain(mine, epoch),
            receiving=ReceiveChain(theirs, epoch),
            renewal_key=renewal_key,
            leads=True,
        )
        welcome = self._send(wire.PairingWelcome(olm.encrypt(self._transcript.host_confirmation(self._isk))))
        return [paired, welcome, *self._finish()]

    def _burn(self) -> list[Output]:
        burnt = self._send(wire.Burnt())
        return [burnt, *self._fail(NoContact.WRONG_GUESS)]
