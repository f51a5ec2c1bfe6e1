"""The side that was given the invite.

Knows: speaking first, what to demand of a host. Does not know: how seats are kept.
"""

from __future__ import annotations

import hmac
from dataclasses import replace

from p2pchat.core.membership.neighbour import SeatRef
from p2pchat.core.pairing.party import Guessed, LocalParty, Output, Party
from p2pchat.core.rendezvous.rendezvous import LeaveSeat, TakeSeat
from p2pchat.core.values.paired import Paired
from p2pchat.core.values.refusals import NO_ANSWER, NoContact
from p2pchat.crypto import cpace
from p2pchat.crypto.envelope import ReceiveChain, SendChain, epoch_at
from p2pchat.crypto.exchange import encapsulate
from p2pchat.crypto.identity import fingerprint
from p2pchat.crypto.olm import OlmSession
from p2pchat.errors import Malformed, OtherVersion, RefusedInput, Unreadable
from p2pchat.ports import Entropy
from p2pchat.types import Seat
from p2pchat.wire import pairing as wire
from p2pchat.wire.invite import InviteCode, InviteLink
from p2pchat.wire.signalling import Refusal, SeatMode

RETRY_S = 1.0
"""Between attempts where another guest sits: one that does not know the words goes after 15 s at most."""

RETRY_FOR_S = 25.0
"""For so long; then others of many networks sit there in turn."""


APART_EPOCHS = 4 * 366
"""A year. Clocks may be wrong by days when two pair, and put right later; but keys are derived epoch by epoch
from the one the host names, and from the beginning of time that takes a second or two."""


class Guest(Party):
    """The side that was given it."""

    role, other, mode = "guest", "host", SeatMode.GUEST

    def __init__(
        self,
        ours: LocalParty,
        code: InviteCode | InviteLink,
        deadline: float,
        entropy: Entropy,
        looks_until: float = 0.0,
    ) -> None:
        super().__init__(ours, deadline, entropy, looks_until=looks_until)
        self.code = code
        self._meet(code)
        self._sid = b""
        self._scalar = b""
        self._share = b""
        self._absent: dict[str, Refusal] = {}
        self._first_key = self._key
        self._retry_until: float | None = None
        self._bundle: wire.HostBundle | None = None
        self._secret = b""
        self._olm: OlmSession | None = None

    def start(self) -> list[TakeSeat]:
        """Look for the host everywhere we know."""
        return self._take(self._urls)

    def on_seated(self, at: SeatRef, others: tuple[Seat, ...], now: float) -> list[Output]:
        """We sit opposite the host: speak first."""
        if self._peer is not None or not others:
            return []
        self._begin(SeatRef(at.url, at.topic, others[0]), now)
        self._sid, self._scalar = self._entropy.draw_bytes(16), self._entropy.draw_bytes(32)
        self._share = cpace.share(self._generator(self.code, self._sid), self._scalar)
        elsewhere = [LeaveSeat(url, self.topic) for url in self._urls if url != at.url]
        return [*elsewhere, self._send(wire.PakeStart(self._sid, self._share))]

    def on_refused(self, url: str, reason: Refusal, now: float) -> list[Output]:
        """No host is there, or another guest was first; or, half-way, the server did not pass a blob of ours
        on."""
        if self._peer is not None:
            return self._busy(url, reason)
        if reason is Refusal.FULL and self._waits(now):
            self._retries[url] = now + RETRY_S
            return []
        self._absent[url] = reason
        return self._nobody_there()

    def _waits(self, now: float) -> bool:
        """Whether the server may still remove the guest that sits there."""
        if self._retry_until is None:
            self._retry_until = now + RETRY_FOR_S
        return now < self._retry_until

    def next_wakeup(self) -> float:
        """When patience ends, or a seat is to be asked for again."""
        looks = [self._looks_until] if self._looks_until else []
        return min((self._deadline, *looks, *self._retries.values()))

    def tick(self, now: float) -> list[Output]:
        """Ask again where another sat; look no longer for places nearby."""
        due = [url for url, at in self._retries.items() if at <= now]
        for url in due:
            del self._retries[url]
        ended = super().tick(now)
        if ended or self._peer is not None:
            return ended
        if self._looks_until and now >= self._looks_until:
            self._looks_until = 0.0
            if failed := self._found_nobody():
                return failed
        return [*self._take(due)]

    def _give_up(self) -> list[Output]:
        """A place that was to be asked again has another guest; the others have not answered."""
        self._looks_until = 0.0
        self._absent.update(dict.fromkeys(self._retries, Refusal.FULL))
        unheard = [url for url in self._urls if url not in self._absent]
        self._failed_urls = {**dict.fromkeys(unheard, NO_ANSWER), **self._failed_urls}
        return self._found_nobody()

    def _found_nobody(self) -> list[Output]:
        if not self._urls:
            return self._fail(NoContact.NOBODY_NEARBY)
        return self._unreachable() if self._all_lost else self._nobody_there()

    def _forget(self, url: str) -> None:
        super()._forget(url)
        self._absent.pop(url, None)

    def on_unreachable(self, url: str, reason: str | Refusal) -> list[Output]:
        """A rendezvous is out of reach. The others may all have refused already."""
        outputs = super().on_unreachable(url, reason)
        return outputs if outputs or self._peer is not None else self._nobody_there()

    def _nobody_there(self) -> list[Output]:
        """Final once every server has said no or is out of reach."""
        answered = {*self._absent, *self._failed_urls}
        if self._looks_until or not self._absent or any(url not in answered for url in self._urls):
            return []
        reasons = self._absent.values()
        if Refusal.FULL in reasons:
            return self._fail(NoContact.TAKEN)
        if Refusal.BUSY in reasons:
            return self._fail(NoContact.RENDEZVOUS_BUSY)
        return self._fail(NoContact.NO_SUCH_INVITE, unreached=tuple(self._failed_urls.items()))

    def on_blob(self, at: SeatRef, blob: bytes, now: float) -> list[Output]:
        """The host speaks. Raises RefusedInput on what no host would say."""
        if at != self._peer:
            return []
        try:
            message, plain = self._read(blob)
        except OtherVersion as other:
            return self._fail(NoContact.OTHER_VERSION, version=other.version) if self._share else []
        match message:
            case wire.Speaks(version) if self._share:
                return self._fail(NoContact.OTHER_VERSION, version=version)
            case wire.PakeReply() if self._share:
                self._take_plain(plain)
                return self._confirm(message)
            case wire.HostBundle() if self._isk and self._bundle is None:
                self._take_plain(plain)
                return self._join(message, now)
            case wire.PairingWelcome() if self._olm is not None:
                return self._complete(message, self._olm)
            case wire.Burnt():
                return self._fail(NoContact.WRONG_WORDS)
            case _:
                return []

    def _read(self, blob: bytes) -> tuple[wire.PairingMessage, bytes]:
        """A host with other words does not have our key."""
        try:
            return self._open(blob)
        except Unreadable:
            if not self._isk or self._bundle is not None:
                raise
        message, plain = self._open(blob, self._first_key)
        if not isinstance(message, wire.Burnt):
            raise Malformed("said without a key when there is one")
        return message, plain

    def _confirm(self, reply: wire.PakeReply) -> list[Output]:
        """Show that we have the key. The maker of the reply can test one guess of its own by this: the code
        is used up for us, too."""
        share, self._share = self._share, b""
        try:
            self._isk = cpace.session_key(
                self._scalar, reply.share, self._sid, share, b"guest", reply.share, b"host"
            )
        except RefusedInput:
            return self._fail(NoContact.WRONG_WORDS)
        confirm = self._send(wire.PakeConfirm(cpace.confirmation(self._isk, "guest", share, reply.share)))
        self._agreed()
        return [Guessed(), confirm]

    def _join(self, host: wire.HostBundle, now: float) -> list[Output]:
        if isinstance(self.code, InviteLink) and not fingerprint(host.identity).startswith(
            self.code.fingerprint.hex()
        ):
            return self._fail(NoContact.WRONG_HOST)
        if host.identity == self._ours.account.identity_key:
            return self._fail(NoContact.OWN_HOST)
        if abs(host.epoch - epoch_at(now)) > APART_EPOCHS:
            return self._fail(NoContact.CLOCKS_APART)
        self._bundle = host
        try:
            self._secret, ciphertext = encapsulate(host.encapsulation_key)
            self._olm = self._ours.account.begin_session(host.identity, host.one_time)
        except RefusedInput:
            return self._fail(NoContact.OTHER_PAIRING)
        answer = wire.GuestBundle(self._ours.name, self._ours.account.identity_key, ciphertext, b"")
        hello = self._olm.encrypt(self._transcript.guest_confirmation(self._isk, answer))
        return [self._send(replace(answer, olm=hello))]

    def _complete(self, welcome: wire.PairingWelcome, olm: OlmSession) -> list[Output]:
        assert self._bundle is not None, "both bundles were exchanged"
        host = self._bundle
        try:
            confirmation = olm.decrypt(welcome.olm)
        except RefusedInput:
            return self._fail(NoContact.OTHER_PAIRING)
        if not hmac.compare_digest(confirmation, self._transcript.host_confirmation(self._isk)):
            return self._fail(NoContact.OTHER_PAIRING)
        theirs, mine, renewal_key = self._transcript.derive_keys(self._isk, self._secret)
        paired = Paired(
            identity_key=host.identity,
            name=host.nick,
            how="link" if isinstance(self.code, InviteLink) else "words",
            mesh_secret=host.mesh_secret,
            rendezvous=host.rendezvous,
            olm=olm,
            sending=SendChain(mine, host.epoch),
            receiving=ReceiveChain(theirs, host.epoch),
            renewal_key=renewal_key,
            leads=False,
        )
        return [paired, *self._finish()]
