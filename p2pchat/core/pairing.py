"""How two people who share a few words (or a link) become contacts, over one seat each at a rendezvous.

Knows: the messages of a pairing, what each side checks, when the code is burnt. Does not know: how seats are
kept, what the node does with a new contact.

::

    guest                                               host
      │                                                   │  takes the HOST seat: the code can be given away
      │  takes the GUEST seat                             │
      │ ── PakeStart(sid, Ya) ──────────────────────────► │  from now on no other guest is heard
      │ ◄──────────────────── PakeReply(Yb, confirmation) │
      │ ── PakeConfirm(confirmation) ───────────────────► │  wrong: Burnt, and the code is gone
      │ ◄────────────────────────────────── HostBundle ── │  sealed from here on under the CPace key
      │ ── GuestBundle ─────────────────────────────────► │  paired
      │ ◄───────────────────────────────────── Welcome ── │
      │  paired                                           │
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from p2pchat.core.neighbour import SeatRef
from p2pchat.core.orders import Signal
from p2pchat.core.rendezvous import LeaveSeat, TakeSeat
from p2pchat.crypto import cpace
from p2pchat.crypto.envelope import ReceiveChain, SendChain, epoch_at, roots
from p2pchat.crypto.exchange import KemKey, encapsulate
from p2pchat.crypto.identity import fingerprint
from p2pchat.crypto.kdf import derive, invite_topic, link_topic
from p2pchat.crypto.olm import OlmAccount, OlmSession
from p2pchat.crypto.sealing import open_blob, seal_blob
from p2pchat.errors import Ended, NetworkError, NotInTime, P2PChatError, RefusedInput, TrustError
from p2pchat.ports import Entropy, below
from p2pchat.types import Seat, Topic
from p2pchat.wire import pairing as wire
from p2pchat.wire.invite import RENDEZVOUS_MAX, InviteCode, InviteLink
from p2pchat.wire.signalling import Pass, Refusal, SeatMode
from p2pchat.wire.words import WORDS

NAMEPLATES = 1000
"""Nameplates are drawn below this, and below ten times as many after each collision: short while the server
is quiet."""

COLLISIONS = 5
"""After this many taken nameplates something is wrong with the server, not with our luck."""


@dataclass(frozen=True, slots=True)
class Ours:
    """What we bring to a pairing."""

    name: str
    account: OlmAccount = field(repr=False)
    mesh_secret: bytes = field(repr=False)
    """Host only; empty for a guest."""
    rendezvous: tuple[str, ...]
    """Host: the mesh's list. Where to meet is ``urls``, which may be more."""
    urls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Paired:
    """What comes out of it, for the node to keep."""

    identity_key: bytes
    name: str
    how: str
    mesh_secret: bytes = field(repr=False)
    rendezvous: tuple[str, ...]
    olm: OlmSession = field(repr=False)
    sending: SendChain = field(repr=False)
    receiving: ReceiveChain = field(repr=False)
    renewal_key: bytes = field(repr=False)
    leads: bool
    """Whether we, as the host, begin the renewals."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The host's code can be given away."""

    code: InviteCode | InviteLink


@dataclass(frozen=True, slots=True)
class Failed:
    """Over without a contact."""

    error: P2PChatError


Output = TakeSeat | LeaveSeat | Signal | Ready | Paired | Failed


class _Party:
    """What host and guest have in common: where they meet, how blobs are sealed, how it ends."""

    role: str
    other: str

    def __init__(self, ours: Ours, deadline: float, entropy: Entropy) -> None:
        self._ours = ours
        self._deadline = deadline
        self._entropy = entropy
        self._peer: SeatRef | None = None
        self._key = b""
        self._out_of_reach: dict[str, str] = {}
        self.topic: Topic = Topic(b"")
        self.over = False

    def next_wakeup(self) -> float:
        """When patience ends."""
        return self._deadline

    def tick(self, now: float) -> list[Output]:
        """Give up at the deadline."""
        if self.over or now < self._deadline:
            return []
        if len(self._out_of_reach) == len(self._ours.urls):
            return self._unreachable()
        return self._fail(NotInTime("nobody came in time; the invite is no longer valid"))

    def down(self, url: str, reason: str) -> list[Output]:
        """A rendezvous is out of reach. When all are, before anything began, there is no point in waiting."""
        self._out_of_reach[url] = reason
        if self._peer is not None:
            lost = self._peer.url == url
            return self._fail(NetworkError(f"lost the rendezvous {url} half-way: {reason}")) if lost else []
        return self._unreachable() if len(self._out_of_reach) == len(self._ours.urls) else []

    def gone(self, at: SeatRef) -> list[Output]:
        """The other side left its seat."""
        if at != self._peer:
            return []
        return self._fail(
            Ended("the other side went away before the pairing was complete; make a new invite")
        )

    def cancel(self) -> list[Output]:
        """We do not want any more."""
        return self._finish()

    def _meet(self, code: InviteCode | InviteLink) -> None:
        self.topic = invite_topic(code.nameplate) if isinstance(code, InviteCode) else link_topic(code.secret)
        self._key = derive(self.topic, "pairing before key")

    def _generator(self, code: InviteCode | InviteLink, sid: bytes) -> bytes:
        secret = "-".join(code.words).encode() if isinstance(code, InviteCode) else code.secret
        return cpace.generator(secret, b"p2pchat invite" + self.topic, sid)

    def _send(self, message: wire.PairingMessage) -> Output:
        assert self._peer is not None, "nobody to send to yet"
        plain = wire.encode_pairing(message)
        blob = seal_blob(self._key, self._entropy.bytes(24), plain, self.role.encode() + self.topic)
        return Signal(self._peer.url, Pass(self.topic, self._peer.seat, blob))

    def _open(self, blob: bytes) -> wire.PairingMessage:
        return wire.decode_pairing(open_blob(self._key, blob, self.other.encode() + self.topic))

    def _agreed(self, isk: bytes) -> None:
        self._key = derive(isk, "pairing")

    def _finish(self) -> list[Output]:
        self.over = True
        return [LeaveSeat(url, self.topic) for url in self._ours.urls]

    def _fail(self, error: P2PChatError) -> list[Output]:
        return [] if self.over else [*self._finish(), Failed(error)]

    def _unreachable(self) -> list[Output]:
        reasons = "; ".join(f"{url}: {reason}" for url, reason in self._out_of_reach.items())
        return self._fail(NetworkError(f"no rendezvous could be reached ({reasons})"))


class Host(_Party):
    """The one who made the invite."""

    role, other = "host", "guest"

    def __init__(self, ours: Ours, link: bool, deadline: float, entropy: Entropy) -> None:
        super().__init__(ours, deadline, entropy)
        self._link = link
        self._collisions = 0
        self._ready = False
        self._confirmation = b""
        self._isk = b""
        self._kem: KemKey | None = None
        self._bundle: wire.HostBundle | None = None

    def start(self) -> list[Output]:
        """Draw a code and open its topic everywhere."""
        self._code = self._draw()
        self._meet(self._code)
        return [TakeSeat(url, self.topic, SeatMode.HOST) for url in self._ours.urls]

    def seated(self, at: SeatRef, others: tuple[Seat, ...]) -> list[Output]:
        """The topic is ours on one server: good enough to give the code away."""
        if self._ready:
            return []
        self._ready = True
        return [Ready(self._code)]

    def refused(self, url: str, reason: Refusal) -> list[Output]:
        """The nameplate is taken (draw another), or the server will not have us."""
        if reason is Refusal.TAKEN and not self._ready and self._collisions < COLLISIONS:
            self._collisions += 1
            return [*[LeaveSeat(each, self.topic) for each in self._ours.urls], *self.start()]
        return self.down(url, f"refused: {reason.name.lower()}") if not self._ready else []

    def blob(self, at: SeatRef, blob: bytes, now: float) -> list[Output]:
        """The guest speaks. Raises RefusedInput on what no guest would say."""
        if self._peer is not None and at != self._peer:
            return []
        message = self._open(blob)
        match message:
            case wire.PakeStart() if self._peer is None:
                return self._reply(at, message)
            case wire.PakeConfirm() if self._confirmation:
                return self._check(message, now)
            case wire.GuestBundle() if self._bundle is not None:
                return self._complete(message)
            case _:
                return []

    def _draw(self) -> InviteCode | InviteLink:
        if self._link:
            own = bytes.fromhex(fingerprint(self._ours.account.identity_key))[:16]
            return InviteLink(self._entropy.bytes(16), own, self._ours.urls)
        nameplate = 1 + below(self._entropy, NAMEPLATES * 10**self._collisions - 1)
        first, second, third = (WORDS[below(self._entropy, len(WORDS))] for _ in range(3))
        return InviteCode(nameplate, (first, second, third))

    def _reply(self, at: SeatRef, start: wire.PakeStart) -> list[Output]:
        generator = self._generator(self._code, start.sid)
        scalar = self._entropy.bytes(32)
        share = cpace.share(generator, scalar)
        self._peer = at
        try:
            self._isk = cpace.session_key(
                scalar, start.share, start.sid, start.share, b"guest", share, b"host"
            )
        except RefusedInput:
            return self._burn()
        self._confirmation = cpace.confirmation(self._isk, "guest", start.share, share)
        elsewhere = [LeaveSeat(url, self.topic) for url in self._ours.urls if url != at.url]
        return [
            *elsewhere,
            self._send(wire.PakeReply(share, cpace.confirmation(self._isk, "host", start.share, share))),
        ]

    def _check(self, confirm: wire.PakeConfirm, now: float) -> list[Output]:
        expected, self._confirmation = self._confirmation, b""
        if not hmac.compare_digest(confirm.confirmation, expected):
            return self._burn()
        self._agreed(self._isk)
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

    def _complete(self, guest: wire.GuestBundle) -> list[Output]:
        assert self._kem is not None and self._bundle is not None, "the host's bundle went first"
        if guest.identity == self._ours.account.identity_key:
            return self._fail(TrustError("that invite was answered by yourself"))
        secret = self._kem.decapsulate(guest.ciphertext)
        olm, _ = self._ours.account.inbound(guest.identity, guest.olm)
        mine, theirs = _chain_roots(secret, self._bundle, guest)
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
            renewal_key=derive(secret, "renewal key"),
            leads=True,
        )
        welcome = self._send(wire.Welcome(olm.encrypt(b"welcome")))
        return [paired, welcome, *self._finish()]

    def _burn(self) -> list[Output]:
        burnt = self._send(wire.Burnt())
        return [burnt, *self._fail(_GUESSED)]


class Guest(_Party):
    """The one who was given it."""

    role, other = "guest", "host"

    def __init__(self, ours: Ours, code: InviteCode | InviteLink, deadline: float, entropy: Entropy) -> None:
        super().__init__(ours, deadline, entropy)
        self._code = code
        self._sid = b""
        self._scalar = b""
        self._share = b""
        self._absent: dict[str, Refusal] = {}
        self._bundle: wire.HostBundle | None = None
        self._answer: wire.GuestBundle | None = None
        self._secret = b""
        self._olm: OlmSession | None = None

    def start(self) -> list[Output]:
        """Look for the host everywhere we know."""
        self._meet(self._code)
        return [TakeSeat(url, self.topic, SeatMode.GUEST) for url in self._ours.urls]

    def seated(self, at: SeatRef, others: tuple[Seat, ...]) -> list[Output]:
        """We sit opposite the host: speak first."""
        if self._peer is not None or not others:
            return []
        self._peer = SeatRef(at.url, at.topic, others[0])
        self._sid, self._scalar = self._entropy.bytes(16), self._entropy.bytes(32)
        self._share = cpace.share(self._generator(self._code, self._sid), self._scalar)
        elsewhere = [LeaveSeat(url, self.topic) for url in self._ours.urls if url != at.url]
        return [*elsewhere, self._send(wire.PakeStart(self._sid, self._share))]

    def refused(self, url: str, reason: Refusal) -> list[Output]:
        """No host there, or another guest was first; final once every reachable server has said so."""
        self._absent[url] = reason
        if self._peer is not None or any(
            u not in self._absent and u not in self._out_of_reach for u in self._ours.urls
        ):
            return []
        if Refusal.FULL in self._absent.values():
            return self._fail(TrustError("somebody else has used this invite already; ask for a new one"))
        if Refusal.BUSY in self._absent.values():
            return self._fail(NetworkError("the rendezvous is too busy just now; try again in a minute"))
        return self._fail(
            TrustError("there is no such invite: mistyped, expired or used already; ask for a new one")
        )

    def down(self, url: str, reason: str) -> list[Output]:
        """Out of reach; the others may all have said no already."""
        out = super().down(url, reason)
        return out or (
            self.refused(*next(iter(self._absent.items()))) if self._absent and not self.over else []
        )

    def blob(self, at: SeatRef, blob: bytes, now: float) -> list[Output]:
        """The host speaks. Raises RefusedInput on what no host would say."""
        if at != self._peer:
            return []
        message = self._open(blob)
        match message:
            case wire.PakeReply() if self._share and self._bundle is None:
                return self._confirm(message)
            case wire.HostBundle() if not self._share:
                return self._join(message)
            case wire.Welcome() if self._answer is not None:
                return self._complete(message)
            case wire.Burnt():
                return self._fail(_WRONG)
            case _:
                return []

    def _confirm(self, reply: wire.PakeReply) -> list[Output]:
        """Answer with our own confirmation even when theirs is wrong: the host must learn that the code was
        guessed at."""
        share, self._share = self._share, b""
        try:
            isk = cpace.session_key(
                self._scalar, reply.share, self._sid, share, b"guest", reply.share, b"host"
            )
        except RefusedInput:
            return self._fail(_WRONG)
        confirm = self._send(wire.PakeConfirm(cpace.confirmation(isk, "guest", share, reply.share)))
        expected = cpace.confirmation(isk, "host", share, reply.share)
        if not hmac.compare_digest(reply.confirmation, expected):
            return [confirm, *self._fail(_WRONG)]
        self._agreed(isk)
        return [confirm]

    def _join(self, host: wire.HostBundle) -> list[Output]:
        if isinstance(self._code, InviteLink) and not fingerprint(host.identity).startswith(
            self._code.fingerprint.hex()
        ):
            return self._fail(TrustError("the other side is not the one who made this link; do not trust it"))
        if host.identity == self._ours.account.identity_key:
            return self._fail(TrustError("this is your own invite; give it to somebody else"))
        self._secret, ciphertext = encapsulate(host.encapsulation_key)
        self._olm = self._ours.account.outbound(host.identity, host.one_time)
        mine = self._ours.account.identity_key
        self._bundle = host
        self._answer = wire.GuestBundle(self._ours.name, mine, ciphertext, self._olm.encrypt(b"hello"))
        return [self._send(self._answer)]

    def _complete(self, welcome: wire.Welcome) -> list[Output]:
        assert self._bundle is not None and self._answer is not None and self._olm is not None, (
            "both bundles were exchanged"
        )
        host = self._bundle
        self._olm.decrypt(welcome.olm)
        theirs, mine = _chain_roots(self._secret, host, self._answer)
        paired = Paired(
            identity_key=host.identity,
            name=host.nick,
            how="link" if isinstance(self._code, InviteLink) else "words",
            mesh_secret=host.mesh_secret,
            rendezvous=self._meeting_places(host),
            olm=self._olm,
            sending=SendChain(mine, host.epoch),
            receiving=ReceiveChain(theirs, host.epoch),
            renewal_key=derive(self._secret, "renewal key"),
            leads=False,
        )
        return [paired, *self._finish()]

    def _meeting_places(self, host: wire.HostBundle) -> tuple[str, ...]:
        """The host's list, and where we have just met: the same server may have another address from here."""
        assert self._peer is not None, "met"
        return tuple(dict.fromkeys((*host.rendezvous[: RENDEZVOUS_MAX - 1], self._peer.url)))


_GUESSED = TrustError(
    "someone tried this invite with the wrong words, so it is burnt; make a new one with 'p2pchat invite'"
)
_WRONG = TrustError("the words are wrong, and this invite is burnt now; ask for a new one")


def _chain_roots(secret: bytes, host: wire.HostBundle, guest: wire.GuestBundle) -> tuple[bytes, bytes]:
    """The envelope's two roots, host's sending one first, bound to all that was exchanged (protocol, section
    6)."""
    return roots(
        secret, host.identity, guest.identity, host.one_time, host.encapsulation_key, guest.ciphertext
    )
