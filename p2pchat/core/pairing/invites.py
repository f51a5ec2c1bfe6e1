"""The invites that are open here, made or entered.

Knows: which pairing a signal belongs to, and what we bring to it. Does not know: the steps of a pairing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from p2pchat.core.kit.table import Table
from p2pchat.core.membership.nearby import NearbyKey
from p2pchat.core.membership.neighbour import SeatRef
from p2pchat.core.pairing import (
    Disturbed,
    Guessed,
    Guest,
    Host,
    LocalParty,
    Output,
    Paired,
    PairingFailed,
    Ready,
    topic_of,
)
from p2pchat.core.rendezvous.rendezvous import LeaveSeat, TakeSeat, Topical
from p2pchat.core.values.changes import DropTried, PutTried
from p2pchat.core.values.effects import Persist, Signal
from p2pchat.core.values.inputs import Sought
from p2pchat.core.values.records import Identity, MeshRecord, Tried
from p2pchat.core.values.refusals import InviteFailure, NoContact
from p2pchat.core.values.user_inputs import InviteEntered, InviteOpened
from p2pchat.crypto.kdf import derive, nearby_invite_key
from p2pchat.crypto.olm import OlmAccount
from p2pchat.data import dataclass
from p2pchat.errors import Malformed
from p2pchat.ports import Entropy
from p2pchat.types import ContactId, Topic
from p2pchat.wire import signalling
from p2pchat.wire.invite import InviteCode, InviteLink
from p2pchat.wire.places import check_rendezvous, grown, is_public

CAP = 16
"""Invites open at once; people do not read out more."""


LOOK_S = 8.0
"""How long a guest looks at its own network before it takes no for an answer: a host's announcement comes
within a second of the question, which is asked three times, and a connection within another."""

TRIED_CAP = 4096
"""Codes remembered as tried; the oldest go. They run out within a day, unless the person wants otherwise."""


@dataclass(slots=True)
class _Open:
    party: Host | Guest
    name: str | None
    typed: tuple[str, ...] = ()
    """Rendezvous, by the person."""
    named: tuple[str, ...] = ()
    """By the code that was given away."""
    accept_new: bool = False
    leads_into: bytes = b""
    """The secret of our mesh, for the host of an invite."""

    def with_consent(self, paired: Paired) -> Paired:
        """The person agreed to what they typed, and to the code; others are the person's choice."""
        where = _distinct(self.party.rendezvous_urls, paired.rendezvous)
        typed = tuple(url for url in where if url in self.typed)
        theirs = tuple(
            url
            for url in where
            if url not in typed and is_public(url) and (url in self.named or self.accept_new)
        )
        return replace(paired, name=self.name or paired.name, typed=typed, theirs=theirs)


@dataclass(frozen=True, slots=True)
class PairedEarlier:
    """This contact came of that code before; if it no longer is one, ``otherwise`` applies."""

    contact: ContactId
    otherwise: InviteFailure


InviteOutput = (
    TakeSeat | LeaveSeat | Signal | Ready | Disturbed | Paired | PairingFailed | Persist | PairedEarlier
)


class Invites:
    """Runs the pairings; each is known by the local number under which it was asked for."""

    def __init__(
        self, identity: Identity, tried: Iterable[Tried], entropy: Entropy, lan: bool = False
    ) -> None:
        """``lan``: places to meet may be found on this machine's own network."""
        self.identity = identity
        self._tried = Table[bytes, Tried](TRIED_CAP)
        for record in tried:
            self._tried.put(record.mark, record)
        self._lan = lan
        self._own: tuple[str, ...] = ()
        self._entropy = entropy
        self._open: dict[int, _Open] = {}

    def open_for(self, input: InviteOpened, mesh: MeshRecord) -> list[InviteOutput]:
        """Wait for a guest that joins ``home``."""
        urls = _distinct(input.rendezvous, grown((), mesh.rendezvous))
        try:
            check_rendezvous(urls)
        except Malformed:
            return [PairingFailed(InviteFailure(NoContact.ADDRESSES_MALFORMED, urls=urls))]
        known = self.find_by_topic(topic_of(input.code)) if input.code is not None else None
        if known is not None:
            return self._taken_over(known, input)
        if input.code is not None and self._mark(input.code) in self._tried:
            return self._used_up(input.code, NoContact.TRIED_HERE)
        ours = LocalParty(self.identity.name, self._account(), mesh.secret, urls, urls)
        entropy = self._entropy.make_child(f"invite {input.invite}")
        free = lambda topic: self.find_by_topic(topic) is None  # noqa: E731
        host = Host(ours, input.link, input.deadline, entropy, input.code, free, self._own)
        opened = _Open(host, input.name, input.rendezvous, leads_into=mesh.secret)
        return self._begin(input.invite, opened, bool(urls or self._own))

    def _taken_over(self, known: int, input: InviteOpened) -> list[InviteOutput]:
        """We wait at that code already, for a client that has lost us meanwhile: from now on under the new
        number."""
        if not self._waits_at(known, input.code):
            return _fail(NoContact.NUMBER_IN_USE)
        self._open[input.invite] = self._open.pop(known)
        return []

    def _waits_at(self, invite: int, code: InviteCode | InviteLink | None) -> bool:
        party = self._open[invite].party
        return isinstance(party, Host) and party.code == code

    def enter_invite(self, input: InviteEntered, typed: tuple[str, ...], now: float) -> list[InviteOutput]:
        """Answer another person's invite. ``typed``: every rendezvous that the person has ever typed; a
        private address that a link names must be among them."""
        typed = _distinct(input.rendezvous, typed)
        named = input.code.rendezvous if isinstance(input.code, InviteLink) else ()
        offered = [url for url in named if url in typed or is_public(url)]
        urls = _distinct(offered, input.rendezvous, self.identity.rendezvous)
        if named and not offered:
            return [PairingFailed(InviteFailure(NoContact.PRIVATE_RENDEZVOUS, urls=named))]
        ours = LocalParty(self.identity.name, self._account(), b"", (), urls)
        looks_until = now + LOOK_S if self._lan else 0.0
        entropy = self._entropy.make_child(f"invite {input.invite}")
        guest = Guest(ours, input.code, input.deadline, entropy, looks_until)
        known = self.find_by_topic(guest.topic)
        if known is not None:
            ours_waits = self._waits_at(known, input.code)
            return _fail(NoContact.OWN_INVITE if ours_waits else NoContact.NUMBER_IN_USE)
        if self._mark(input.code) in self._tried:
            return self._used_up(input.code, NoContact.TRIED_FROM_HERE)
        opened = _Open(guest, input.name, typed, named, input.accept_new)
        return self._begin(input.invite, opened, bool(urls) or self._lan)

    def note_used(self, paired: Paired, contact: ContactId, now: float) -> list[Persist]:
        """A pairing is complete: a command that asks for its code again gets the contact."""
        return self._note(Tried(paired.used, now, contact))

    def cancel(self, invite: int) -> list[InviteOutput]:
        """We no longer want it."""
        known = self._open.pop(invite, None)
        return [*known.party.cancel()] if known is not None else []

    def leading_into(self, mesh_secret: bytes) -> list[int]:
        """The numbers of the open invites into a mesh."""
        return [number for number, opened in self._open.items() if opened.leads_into == mesh_secret]

    def lead_into(self, before: bytes, secret: bytes) -> None:
        """A later guest is let into another mesh instead."""
        for opened in self._open.values():
            if (
                opened.leads_into == before
                and isinstance(opened.party, Host)
                and opened.party.lead_into(secret)
            ):
                opened.leads_into = secret

    def is_typed(self, url: str) -> bool:
        """Whether the person has typed this rendezvous for one of the open invites."""
        return any(url in opened.typed for opened in self._open.values())

    def nearby_keys(self) -> list[NearbyKey]:
        """Return the keys by which the other ends of open invites are recognised on this network."""
        return [
            NearbyKey(
                nearby_invite_key(opened.party.topic), opened.party.topic, isinstance(opened.party, Host)
            )
            for opened in self._open.values()
            if not opened.party.begun
        ]

    def meet_nearby(
        self, own: tuple[str, ...], found: Mapping[Sought, Sequence[str]], now: float
    ) -> Iterable[tuple[int, list[InviteOutput]]]:
        """Hosts wait at our ``own`` places on this machine's network, guests go to those that were found."""
        self._own = own
        return [
            (number, self._after(number, opened.party.meet_nearby(self._nearby(opened.party, found)), now))
            for number, opened in list(self._open.items())
        ]

    def _nearby(self, party: Host | Guest, found: Mapping[Sought, Sequence[str]]) -> Sequence[str]:
        return self._own if isinstance(party, Host) else found.get(party.topic, ())

    def list_open(self) -> list[int]:
        """The numbers of all open invites."""
        return list(self._open)

    def find_by_topic(self, topic: Topic) -> int | None:
        """Which invite meets at this topic."""
        return next((number for number, opened in self._open.items() if opened.party.topic == topic), None)

    def on_signal(self, invite: int, url: str, message: Topical, now: float) -> list[InviteOutput]:
        """A rendezvous spoke to one of our pairings. Raises RefusedInput."""
        party = self._open[invite].party
        match message:
            case signalling.Seated(topic, seat, others):
                outputs = party.on_seated(SeatRef(url, topic, seat), others, now)
            case signalling.SeatRefused(_, reason):
                outputs = party.on_refused(url, reason, now)
            case signalling.Blob(topic, seat, blob):
                outputs = party.on_blob(SeatRef(url, topic, seat), blob, now)
            case signalling.Gone(topic, seat):
                outputs = party.on_left(SeatRef(url, topic, seat))
        return self._after(invite, outputs, now)

    def on_unreachable(
        self, url: str, topic: Topic | None, reason: str, now: float
    ) -> Iterable[tuple[int, list[InviteOutput]]]:
        """A rendezvous is out of reach; ``topic``: for this one alone."""
        concerned = [(n, opened) for n, opened in self._open.items() if topic in (None, opened.party.topic)]
        return [(n, self._after(n, opened.party.on_unreachable(url, reason), now)) for n, opened in concerned]

    def tick(self, now: float) -> Iterable[tuple[int, list[InviteOutput]]]:
        """Deadlines."""
        return [
            (number, self._after(number, opened.party.tick(now), now))
            for number, opened in list(self._open.items())
        ]

    def next_wakeup(self) -> float | None:
        """The next deadline."""
        return min((opened.party.next_wakeup() for opened in self._open.values()), default=None)

    def _account(self) -> OlmAccount:
        """Our account for one pairing. Its one-time key lives and dies with the pairing: none is ever stored,
        and none is left over from a pairing that failed."""
        return OlmAccount(self.identity.account, self.identity.pickle_key)

    def _begin(self, invite: int, opened: _Open, somewhere: bool) -> list[InviteOutput]:
        if not somewhere:
            return _fail(NoContact.NO_RENDEZVOUS_NOR_NETWORK if self._lan else NoContact.NO_RENDEZVOUS)
        if len(self._open) >= CAP:
            return _fail(NoContact.INVITES_FULL)
        self._open[invite] = opened
        return [*opened.party.start()]

    def _after(self, invite: int, produced: list[Output], now: float) -> list[InviteOutput]:
        """Say what was agreed to, note that a code was tried, and forget a pairing that is over."""
        known = self._open[invite]
        if known.party.over:
            del self._open[invite]
        outputs: list[InviteOutput] = []
        for output in produced:
            match output:
                case Paired():
                    used = self._mark(known.party.code)
                    outputs.append(replace(known.with_consent(output), used=used))
                case Guessed():
                    outputs += self._note(Tried(self._mark(known.party.code), now))
                case _:
                    outputs.append(output)
        return outputs

    # --- codes that were tried

    def _mark(self, code: InviteCode | InviteLink) -> bytes:
        """What the code is known by here; without this home's key it cannot be found from that."""
        secret = str(code).encode() if isinstance(code, InviteCode) else code.secret
        return derive(self.identity.pickle_key, "tried invite", secret, size=16)

    def _note(self, tried: Tried) -> list[Persist]:
        forgotten = self._tried.put(tried.mark, tried)
        dropped = [Persist(DropTried(forgotten))] if forgotten is not None else []
        return [Persist(PutTried(tried)), *dropped]

    def _used_up(self, code: InviteCode | InviteLink, reason: NoContact) -> list[InviteOutput]:
        contact = self._tried[self._mark(code)].contact
        return [PairedEarlier(contact, InviteFailure(reason))] if contact is not None else _fail(reason)


def _fail(reason: NoContact) -> list[InviteOutput]:
    return [PairingFailed(InviteFailure(reason))]


def _distinct(*lists: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(url for urls in lists for url in urls))
