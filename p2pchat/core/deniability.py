"""A conversation as it is, the same conversation made up by one side, and a judge that cannot tell them
apart.

Knows: what two people's nodes would keep of a conversation, and what one of them alone can make of the
other's public key. Does not know: Olm's insides (``crypto.forgery``), or how any of it is shown.

What the host discloses is all that the host has; so the host alone can make all that a judge with full
knowledge would accept. The guest's half is the harder one to forge, since the guest begins the session: that
is the one shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field, replace

from p2pchat.core.pairing import binding
from p2pchat.core.session.ordered_payloads import SALT_BYTES
from p2pchat.core.session.renewal import Renewal
from p2pchat.core.session.session import Session
from p2pchat.core.values.references import ReferenceKind
from p2pchat.crypto.envelope import ReceiveChain, SendChain, epoch_at
from p2pchat.crypto.exchange import KemKey, encapsulate
from p2pchat.crypto.forgery import ForgedInitiator, own_secrets
from p2pchat.crypto.identity import fingerprint, received_id
from p2pchat.crypto.kdf import link_topic
from p2pchat.crypto.olm import OlmAccount, OlmSession, Ratchet, create_account
from p2pchat.data import dataclass
from p2pchat.errors import Unreadable
from p2pchat.ports import Entropy
from p2pchat.types import ContactId, Epoch, MessageId, MessageName
from p2pchat.wire.cell import Cell, decode_cell
from p2pchat.wire.content import Correction, Reaction, Text, Withdrawal
from p2pchat.wire.fragment import Fragment, Lane, split
from p2pchat.wire.pairing import GuestBundle, HostBundle, encode_pairing
from p2pchat.wire.payload import decode_payload, encode_payload

GUEST, HOST = "guest", "host"

PersonalContent = Text | Reaction | Correction | Withdrawal
"""What people say."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """One thing that one of the two says: a text, or what refers to one."""

    writer: str
    text: str
    """Of a reaction the sign, of a withdrawal nothing."""
    kind: ReferenceKind | None = None
    """None: a text; it answers the text before it."""
    about: int = 0
    """Where the text stands, in all that is said, to which it refers."""


@dataclass(frozen=True, slots=True)
class HostSecrets:
    """The secrets with which the host began."""

    account: bytes = field(repr=False)
    """Pickled under ``key``, with the one-time key that the guest used."""
    key: bytes = field(repr=False)
    kem_seed: bytes = field(repr=False)
    one_time: bytes
    """The public half of that key."""
    isk: bytes = field(repr=False)
    """CPace's key: the words of an invite are enough to make a whole run of CPace alone."""

    @property
    def identity(self) -> bytes:
        """The host's public key."""
        return OlmAccount(self.account, self.key).identity_key


@dataclass(frozen=True, slots=True)
class Disclosure:
    """All secrets of the host, also those that came later and that a node forgets."""

    host: HostSecrets
    turns: tuple[bytes, ...] = field(repr=False)
    """Its ratchet, pickled, after its welcome and after each line of its own."""


@dataclass(frozen=True, slots=True)
class SealedTranscript:
    """What passed between the two: all that a judge is shown of it."""

    guest: bytes
    """The guest's public identity key."""
    ciphertext: bytes = field(repr=False)
    """The guest's, for the host's ML-KEM key."""
    opening: bytes = field(repr=False)
    """The guest's first Olm message."""
    epoch: Epoch
    lines: tuple[tuple[str, tuple[bytes, ...]], ...] = field(repr=False)
    """The writer and the cells of one message."""


def host(entropy: Entropy) -> HostSecrets:
    """A throw-away one."""
    key = entropy.draw_bytes(32)
    account = create_account(key)
    one_time = account.one_time_key()
    return HostSecrets(account.pickle(), key, entropy.draw_bytes(64), one_time, entropy.draw_bytes(64))


def honest(
    who: HostSecrets, guest: OlmAccount, script: Sequence[Utterance], entropy: Entropy, now: float
) -> tuple[SealedTranscript, Disclosure]:
    """What is left when a real guest talks with the host."""
    begun = guest.begin_session(who.identity, who.one_time)
    return _converse(who, guest.identity_key, begun, script, entropy, now)


def forged(
    who: HostSecrets, guest: bytes, script: Sequence[Utterance], entropy: Entropy, now: float
) -> tuple[SealedTranscript, Disclosure]:
    """The same by the host alone, who knows only the public key of the guest."""
    begun = ForgedInitiator(guest, own_secrets(who.account, who.key), entropy.make_child("forged ratchet"))
    return _converse(who, guest, begun, script, entropy, now)


def verify(transcript: SealedTranscript, disclosed: Disclosure) -> list[PersonalContent]:
    """What the guest said, as a judge with every secret of the host sees them. Raises
    RefusedInput unless all of it, to the byte, was made with the keys of the two, and no line
    before the last is missing. The end of the conversation cannot be shown: the beginning of a transcript is
    one.

    The host's own lines are checked as cells; what they say is the host's word in any case.
    """
    who = disclosed.host
    begun, hello = OlmAccount(who.account, who.key).accept_session(transcript.guest, transcript.opening)
    pairing, answer = _pairing(who, transcript)
    if hello != pairing.guest_confirmation(who.isk, answer):
        raise Unreadable("the guest's first message is of another pairing")
    shared = KemKey.from_seed(who.kem_seed).decapsulate(transcript.ciphertext)
    theirs, ours = _roots(who, transcript, shared)
    guest = _side(_turn(disclosed, 0, begun), ours, theirs, transcript.epoch)
    own = _side(begun, theirs, ours, transcript.epoch)
    contents: list[PersonalContent] = []
    turns = 0
    for writer, cells in transcript.lines:
        if writer == HOST:
            _opened(own, cells)
            own.payloads.skip_to(own.payloads.expected + 1)
            turns += 1
            guest.payloads.ratchet = _turn(disclosed, turns, begun)
            continue
        ciphertext = _opened(guest, cells)
        payload = decode_payload(guest.decrypt(ciphertext))
        guest.payloads.count_taken(ciphertext, kept=True)
        if not isinstance(payload, PersonalContent):
            raise Unreadable("a line that is nothing a person says")
        contents.append(payload)
    return contents


def _turn(disclosed: Disclosure, number: int, begun: OlmSession) -> OlmSession:
    """The host's ratchet as it was then; it must be of the session that the guest's first message began."""
    if number >= len(disclosed.turns):
        raise Unreadable("the host keeps a secret back")
    ratchet = OlmSession.from_pickle(disclosed.turns[number], disclosed.host.key)
    if ratchet.id != begun.id:
        raise Unreadable("secrets of another session")
    return ratchet


def altered(transcript: SealedTranscript) -> SealedTranscript:
    """With one bit of its last line flipped."""
    *lines, (writer, cells) = transcript.lines
    last = cells[-1]
    return replace(transcript, lines=(*lines, (writer, (*cells[:-1], last[:-1] + bytes([last[-1] ^ 1])))))


def _converse(
    who: HostSecrets, guest: bytes, begun: Ratchet, script: Iterable[Utterance], entropy: Entropy, now: float
) -> tuple[SealedTranscript, Disclosure]:
    """Both sides' sessions, as they ship, one after the other's word, each of which answers the one before.
    Only ``begun`` differs."""
    secret, ciphertext = encapsulate(KemKey.from_seed(who.kem_seed).encapsulation_key)
    epoch = epoch_at(now)
    transcript = SealedTranscript(guest, ciphertext, b"", epoch, ())
    pairing, answer = _pairing(who, transcript)
    transcript = replace(transcript, opening=begun.encrypt(pairing.guest_confirmation(who.isk, answer)))
    theirs, ours = _roots(who, transcript, secret)
    answering, _ = OlmAccount(who.account, who.key).accept_session(guest, transcript.opening)
    begun.decrypt(answering.encrypt(b"welcome"))
    sides = {GUEST: _side(begun, theirs, ours, epoch), HOST: _side(answering, ours, theirs, epoch)}
    contents = _Contents({GUEST: guest, HOST: who.identity}, entropy, now)
    lines, turns = [], [answering.pickle()]
    for utterance in script:
        writer, reader = utterance.writer, HOST if utterance.writer == GUEST else GUEST
        cells = _written(sides[writer], contents.write_content(utterance), entropy, now)
        ciphertext = _opened(sides[reader], cells)
        sides[reader].decrypt(ciphertext)
        sides[reader].payloads.count_taken(ciphertext, kept=True)
        lines.append((writer, cells))
        if writer == HOST:
            turns.append(answering.pickle())
    return replace(transcript, lines=tuple(lines)), Disclosure(who, tuple(turns))


class _Contents:
    """What a conversation's payloads say, one after the other: with public keys and the ids alone."""

    def __init__(self, keys: dict[str, bytes], entropy: Entropy, now: float) -> None:
        self._people = {writer: fingerprint(key) for writer, key in keys.items()}
        self._entropy = entropy
        self._now = now
        self._written: list[tuple[str, MessageId]] = []
        self._last: MessageName | None = None

    def write_content(self, new: Utterance) -> PersonalContent:
        """The next one; a later one has a higher turn."""
        id = MessageId(self._entropy.draw_bytes(16).hex())
        self._written.append((new.writer, id))
        if new.kind is None:
            content = Text(id, self._now, new.text, self._last)
            self._last = self._name(new.writer, id)
            return content
        author, of = self._written[new.about]
        turn = len(self._written)
        match new.kind:
            case ReferenceKind.REACTION:
                return Reaction(id, self._now, self._name(author, of), new.text, turn)
            case ReferenceKind.CORRECTION:
                return Correction(id, self._now, of, new.text, turn)
            case ReferenceKind.WITHDRAWAL:
                return Withdrawal(id, self._now, of)

    def _name(self, writer: str, id: MessageId) -> MessageName:
        return MessageName(received_id(self._people[writer], id))


def _written(side: Session, message: PersonalContent, entropy: Entropy, now: float) -> tuple[bytes, ...]:
    number, ciphertext = side.encrypt(encode_payload(message), entropy.draw_bytes(SALT_BYTES))
    pieces = split(ciphertext)
    fragments = (
        side.make_fragment(Lane.ORDERED, number, number, index, len(pieces), piece)
        for index, piece in enumerate(pieces)
    )
    return tuple(side.seal_fragment(fragment, now) for fragment in fragments)


def _opened(side: Session, cells: Iterable[bytes]) -> bytes:
    """The Olm ciphertext in a line's cells: all of the next number's, in order. Raises RefusedInput."""
    pieces = [_piece(side, decode_cell(cell)) for cell in cells]
    places = [(piece.lane, piece.number, piece.index, piece.count) for piece in pieces]
    count = len(pieces)
    if not pieces or places != [(Lane.ORDERED, side.payloads.expected, at, count) for at in range(count)]:
        raise Unreadable("a line that is not whole, or not the next")
    return b"".join(piece.data for piece in pieces)


def _piece(side: Session, cell: Cell) -> Fragment:
    """The stamp is work for the mesh, which its members may do and no key seals: here there is none."""
    if any(cell.stamp):
        raise Unreadable("a stamp where none was asked for")
    return side.read(side.open_cell(cell)[0])


def _side(ratchet: Ratchet, sending: bytes, receiving: bytes, epoch: Epoch) -> Session:
    listening = ReceiveChain(receiving, epoch)
    listening.advance_to(epoch)
    renewal = Renewal(False, b"", 0.0)
    return Session(ContactId(""), ratchet, SendChain(sending, epoch), [listening], renewal)


def _pairing(who: HostSecrets, transcript: SealedTranscript) -> tuple[binding.Transcript, GuestBundle]:
    """What the two said before the guest's bundle, and that bundle without its Olm message."""
    ek = KemKey.from_seed(who.kem_seed).encapsulation_key
    bundle = HostBundle(HOST, who.identity, who.one_time, ek, bytes(32), (), transcript.epoch)
    exchanged = binding.Transcript(link_topic(bytes(16)))
    exchanged.add(HOST, encode_pairing(bundle))
    return exchanged, GuestBundle(GUEST, transcript.guest, transcript.ciphertext, b"")


def _roots(who: HostSecrets, transcript: SealedTranscript, shared: bytes) -> tuple[bytes, bytes]:
    """Of what the guest sends, and of what the host sends."""
    exchanged, answer = _pairing(who, transcript)
    exchanged.add(GUEST, encode_pairing(replace(answer, olm=transcript.opening)))
    ours, theirs, _ = exchanged.derive_keys(who.isk, shared)
    return theirs, ours
