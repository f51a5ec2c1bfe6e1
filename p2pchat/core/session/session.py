"""The end-to-end session with one contact: an Olm ratchet inside the hash-ratchet envelope.

Knows: how a payload becomes numbered ciphertext and ciphertext becomes cells, and back; which tags to listen
for; how far the other side has seen our cells. Does not know: when to send, repeat or acknowledge.

Ordered payloads go through Olm once and keep their number and ciphertext through all repeats; every repeat
travels in new cells under fresh tags and keys. Notices (receipts, presence) carry nothing worth a ratchet
turn and go in the envelope only.

A renewal changes the envelope's roots while cells of the old ones are still on their way: the leader sends
under the new generation as soon as it has the answer; the follower, as soon as it has seen a cell of it; both
listen to old and new.
"""

from __future__ import annotations

from p2pchat.core.records import SessionState
from p2pchat.core.session.renewal import Renewal, Roots
from p2pchat.crypto.envelope import (
    EPOCH_SECONDS,
    FUTURE_EPOCHS,
    LOOKAHEAD,
    ReceiveChain,
    SendChain,
    TagDelta,
    epoch_at,
)
from p2pchat.crypto.kdf import derive
from p2pchat.crypto.olm import OlmSession, Ratchet
from p2pchat.errors import Unreadable
from p2pchat.ports import Entropy
from p2pchat.types import ContactId
from p2pchat.wire import codec
from p2pchat.wire import payload as wire
from p2pchat.wire.cell import Cell
from p2pchat.wire.fragment import NOTHING_SEEN, Fragment, Lane, decode_fragment, encode_fragment
from p2pchat.wire.payload import NAMES_MAX, DeliveryReceipt, RekeyAnswer, RekeyOffer, names
from p2pchat.wire.recovery import NAME_BYTES

DATA_WINDOW = 96
"""Cells of ordered payloads that may be under way beyond the last one seen; the longest text takes 77."""

SILENT_WINDOW = 128
"""Cells that may leave while the contact is silent, receipts and probes included. The rest of the look-ahead
is for answers: somebody who has just said where they listen can always be told to listen further."""

SILENT_RESERVE = 16
"""Further cells into silence, spread evenly over the epoch, one in 22 minutes: two who used up all else while
the mesh was torn find each other again before the next epoch."""

CHECKPOINT = 32
"""A receiver remembers durably how far it has seen at least every 32 cells: after a crash it listens this
much lower than before, which is still beyond ``SILENT_WINDOW`` and its reserve."""

CATCH_UP_EPOCHS = 4 * 1461
"""An offer of new keys may be four years old; turning its roots to the present takes tens of milliseconds."""

SNAPSHOT_LIMIT = 4 << 20
"""Bytes of a stored session we are ready to read back; one with all its skipped keys takes about 0.4 MB."""

SALT_BYTES = 16
"""Random bytes in front of what Olm encrypts, a block of its AES-CBC, whose IV follows from the message key:
should a copy of this home use that key once more, what both sealed still has nothing in common."""

LINK_BYTES = 6
"""In front of an ordered payload's Olm message: which one went before it. Of two copies of a home that give
the same numbers, what the one sent is never taken for what follows the other's."""

AHEAD = 16
"""Tags of our own next cells that are listened for: a cell that bears one, and opens with our own key, was
written by a copy of this home. Under tags that we have used anybody can write, and the keys are gone."""

SKIP_MAX = 4096
"""Cells that another copy of this home may have written since: a day's, and a few milliseconds to skip."""

CHAIN_BYTES = NAME_BYTES + 4
Position = tuple[bytes, int, int]
"""A place in what is sent: the name of a chain, ``CHAIN_BYTES``, an epoch and the index of the next cell."""

_EPOCH_BITS = 24
"""Of the 32 bits in which a fragment says what was seen; the other 8 are the generation, so that a word about
old cells is never taken for one about new ones."""


class Session:
    """One contact's keys and counters. ``snapshot`` before anything sealed by it leaves."""

    def __init__(
        self,
        contact: ContactId,
        olm: Ratchet,
        sending: SendChain,
        receiving: list[ReceiveChain],
        renewal: Renewal,
    ) -> None:
        self.contact = contact
        self.next_number = 0
        """The number the next ordered payload gets."""
        self.expected = 0
        """The number of the next ordered payload to be delivered here."""
        self.told = 0
        """The highest number below which the contact said it had counted all of ours."""
        self.name = derive(renewal.key, "session", size=NAME_BYTES)
        """The same at both ends, and another for every session."""
        self._olm = olm
        self._sending = sending
        self._sending_next: SendChain | None = None
        self._receiving = receiving  # newest generation first, at most two
        self._renewal = renewal
        self._seen = (sending.epoch, -1)
        self._sent = self._taken = bytes(LINK_BYTES)
        """Links of the payload that was encrypted last, and of the one that was taken last."""
        self._taken_at = -1
        """The number of that one."""
        self._opened: list[bytes] = []
        """Names of the payloads opened last, for receipts."""
        self.overtaken = False
        """The contact has seen cells of ours far beyond those that we have written."""
        self._ours: dict[bytes, int] = {}
        """Tags of our own next cells, and their indices."""
        self._ours_at: Position | None = None
        self._unsaved_cells = 0

    @classmethod
    def restore(cls, state: SessionState, pickle_key: bytes) -> Session:
        """Rebuild from the store."""
        reader = codec.Reader(codec.unpack(state.chains, SNAPSHOT_LIMIT))
        session = cls(
            state.contact,
            OlmSession.from_pickle(state.olm, pickle_key),
            SendChain.from_snapshot(reader.get_bytes("sending")),
            [ReceiveChain.from_snapshot(chain) for chain in reader.get_list("receiving", 2)],
            Renewal.restore(codec.unpack(reader.get_bytes("renewal"), SNAPSHOT_LIMIT)),
        )
        following = reader.get_bytes("sending_next")
        session._sending_next = SendChain.from_snapshot(following) if following else None
        session.next_number = reader.get_integer("next_number", 0, 2**32)
        session.expected = reader.get_integer("expected", 0, 2**32)
        session._opened = names(reader.get_bytes("opened", limit=NAMES_MAX * wire.NAME_BYTES))
        session.told = reader.get_integer("told", 0, 2**32)
        if "sent" in reader:  # homes of before had no links
            session._sent, session._taken = (
                reader.get_bytes("sent", LINK_BYTES),
                reader.get_bytes("taken", LINK_BYTES),
            )
            session._taken_at = reader.get_integer("taken_count", 0, 2**32) - 1
        session.name = reader.get_bytes("name", NAME_BYTES)
        session._seen = (
            reader.get_integer("seen_epoch", 0, 2**32),
            reader.get_integer("seen_count", 0, 2**32) - 1,
        )
        return session

    def snapshot(self) -> SessionState:
        """All that must outlive a crash."""
        self._unsaved_cells = 0
        value = {
            "sending": self._sending.take_snapshot(),
            "sending_next": self._sending_next.take_snapshot() if self._sending_next is not None else b"",
            "receiving": [chain.take_snapshot() for chain in self._receiving],
            "renewal": codec.pack(self._renewal.snapshot()),
            "next_number": self.next_number,
            "expected": self.expected,
            "told": self.told,
            "sent": self._sent,
            "taken": self._taken,
            "taken_count": self._taken_at + 1,
            "name": self.name,
            "opened": b"".join(self._opened),
            "seen_epoch": self._seen[0],
            "seen_count": self._seen[1] + 1,
        }
        return SessionState(self.contact, self._olm.pickle(), codec.pack(value))

    # --- listening

    def listen(self, now: float) -> TagDelta:
        """Follow the epochs: which tags to listen for from now on, and which no more."""
        self._sending.advance_to(epoch_at(now))
        deltas = [chain.advance_to(epoch_at(now)) for chain in self._receiving]
        return _joined(deltas)

    def runs_ahead(self, now: float) -> bool:
        """Whether we can write nothing that is heard now: a clock that was ahead led here, too long ago to go
        back."""
        return self._sending.epoch > epoch_at(now) + FUTURE_EPOCHS

    def tags(self) -> list[bytes]:
        """Every tag that is listened for."""
        return [tag for chain in self._receiving for tag in chain.list_tags()] + list(self._ours)

    def knows(self, tag: bytes) -> bool:
        """Whether the contact may write a cell with this tag."""
        return any(chain.has_tag(tag) for chain in self._receiving)

    def watch(self) -> TagDelta:
        """Listen for the tags of our own next cells: a copy of this home may use them."""
        position = self.position()
        if position == self._ours_at:
            return TagDelta((), ())
        before, self._ours_at = self._ours, position
        ahead = self._sending.peek_tags(AHEAD)
        self._ours = {tag: self._sending.index + offset for offset, tag in enumerate(ahead)}
        gained = tuple(tag for tag in self._ours if tag not in before)
        return TagDelta(gained, tuple(tag for tag in before if tag not in self._ours))

    def by_a_copy(self, cell: Cell) -> bool:
        """Whether the cell was sealed with a key of ours that we have yet to use: only a copy of this home
        can do that. Then we go on behind it."""
        index, at = self._ours.get(cell.tag), self.position()
        if index is None or self._ours_at is None or self._ours_at[:2] != at[:2] or index < at[2]:
            return False
        if not self._sending.has_sealed(cell, index):
            return False
        self._sending.skip_to(index + 1)
        return True

    def position(self) -> Position:
        """Where we are in what we send."""
        chain = self.name + self._generation().to_bytes(4, "big")
        return chain, self._sending.epoch, self._sending.index

    def _generation(self) -> int:
        """Of the chain under which we send."""
        return self._renewal.generation if self._sending_next is None else self._renewal.generation - 1

    def answered(self, since: Position) -> bool:
        """Whether the contact has shown that it saw a cell sent at that place or later."""
        chain, epoch, index = since
        return chain != self.position()[0] or self._seen >= (epoch, index)

    def mark(self, binding: bytes, nonce: bytes, now: float) -> bytes:
        """What shows the contact, and nobody else, that it is we who are behind a link; 16 bytes."""
        self._sending.advance_to(epoch_at(now))
        return self._sending.make_mark(binding, nonce)

    def marks(self, binding: bytes, nonce: bytes) -> list[bytes]:
        """What the contact's ``mark`` may be."""
        return [mark for chain in self._receiving for mark in chain.possible_marks(binding, nonce)]

    def open(self, cell: Cell) -> tuple[bytes, TagDelta]:
        """Open a cell that bears one of our tags: its plaintext, for ``read``, and what it changed. Raises
        RefusedInput and then has changed nothing."""
        chain = next((each for each in self._receiving if each.has_tag(cell.tag)), self._receiving[0])
        opened = chain.open_cell(cell)
        self._sending.confirm_epoch(opened.epoch)
        self._unsaved_cells += 1
        if chain is self._receiving[0] and self._sending_next is not None:
            self._send_under(self._sending_next)
            self._sending_next = None
        return opened.plain, opened.delta

    def read(self, plain: bytes) -> Fragment:
        """The fragment in a cell, and what it tells about ours. Raises RefusedInput."""
        fragment = decode_fragment(plain)
        self._note_seen(fragment)
        return fragment

    def follows(self, ciphertext: bytes) -> bool:
        """Whether the ordered payload ``expected`` was sent after the one that was taken last, as far as the
        two are neighbours: else another copy of the contact's home has sent it."""
        return self._taken_at != self.expected - 1 or ciphertext[:LINK_BYTES] == self._taken

    def decrypt(self, ciphertext: bytes) -> bytes:
        """Decrypt the ordered payload ``expected``. Raises Unreadable and then has changed nothing."""
        salted = self._olm.decrypt(ciphertext[LINK_BYTES:])
        if len(salted) < SALT_BYTES:
            raise Unreadable("a payload without its salt")
        self._renewal.count += 1
        return salted[SALT_BYTES:]

    def take(self, ciphertext: bytes, kept: bool) -> None:
        """Count the ordered payload ``expected``, which was decrypted; a receipt says whether it was
        ``kept``, or refused as nonsense."""
        self._opened = [*self._opened, opened_name(self.expected, ciphertext, kept)][-NAMES_MAX:]
        self._taken_at, self._taken = self.expected, _link(self.expected, ciphertext)
        self.expected += 1

    def receipt(self, partial: bytes) -> DeliveryReceipt:
        """What became of the contact's payloads; ``partial``: the fragments held of ``expected``."""
        return DeliveryReceipt(self.expected, partial, b"".join(self._opened))

    def continue_with(self, olm: Ratchet) -> None:
        """Go on with another state of the ratchet, as somebody does who retraces what was said."""
        self._olm = olm

    def skip_to(self, floor: int) -> None:
        """The contact will not send anything below ``floor`` any more."""
        self.expected = max(self.expected, floor)

    @property
    def checkpoint_due(self) -> bool:
        """Whether enough cells came in since the last snapshot to need a new one."""
        return self._unsaved_cells >= CHECKPOINT

    # --- speaking

    def encrypt(self, payload: bytes, salt: bytes) -> tuple[int, bytes]:
        """Give an ordered payload its number and its ciphertext, a link and an Olm message; ``salt`` is
        ``SALT_BYTES`` random bytes."""
        number = self.next_number
        self.next_number += 1
        self._renewal.count += 1
        ciphertext = self._sent + self._olm.encrypt(salt + payload)
        self._sent = _link(number, ciphertext)
        return number, ciphertext

    def room(self, now: float) -> int:
        """Cells of ordered payloads that may leave now."""
        return DATA_WINDOW - self._unseen(now)

    def silent_room(self, now: float) -> int:
        """Cells that may leave now though the contact is silent."""
        reserve = int(SILENT_RESERVE * (now / EPOCH_SECONDS % 1.0))
        return SILENT_WINDOW + reserve - self._unseen(now)

    def answer_room(self, now: float) -> int:
        """Cells that may leave when the contact has just been heard."""
        return LOOKAHEAD - self._unseen(now)

    def fragment(self, lane: Lane, number: int, floor: int, index: int, count: int, data: bytes) -> Fragment:
        """A fragment that also tells the contact how far we have seen their cells."""
        chain = self._receiving[0] if self._sending_next is None else self._receiving[1]
        epoch, index_seen = chain.latest_place()
        mark = self._generation() % 256 << _EPOCH_BITS | epoch
        return Fragment(
            lane, number, floor, index, count, mark, NOTHING_SEEN if index_seen is None else index_seen, data
        )

    def seal(self, fragment: Fragment, now: float) -> bytes:
        """Seal one fragment into a cell of ``GEOMETRY.cell`` bytes under the next tag."""
        self._sending.advance_to(epoch_at(now))
        return self._sending.seal_cell(encode_fragment(fragment))

    # --- renewal

    def renew(self, entropy: Entropy, now: float) -> RekeyOffer | None:
        """An offer to send, when one is due."""
        if not self._renewal.due(now):
            return None
        self._sending.advance_to(epoch_at(now))
        return self._renewal.offer(entropy, self._sending.firm)

    def answer_renewal(self, offer: RekeyOffer, now: float) -> tuple[RekeyAnswer, TagDelta] | None:
        """Agree; listen to the new generation, speak under it once the leader does. Raises Unreadable."""
        if not 0 <= epoch_at(now) + FUTURE_EPOCHS - offer.epoch <= CATCH_UP_EPOCHS:
            return None
        agreed = self._renewal.answer(offer, now)
        if agreed is None:
            return None
        answer, (sending, receiving) = agreed
        self._sending_next = SendChain(sending, offer.epoch)
        return answer, self._hear(ReceiveChain(receiving, offer.epoch), now)

    def complete_renewal(self, answer: RekeyAnswer, now: float) -> TagDelta | None:
        """The follower agreed: speak and listen under the new generation. Raises Unreadable."""
        made: Roots | None = self._renewal.complete(answer, now)
        if made is None:
            return None
        self._send_under(SendChain(made[0], self._renewal.epoch))
        return self._hear(ReceiveChain(made[1], self._renewal.epoch), now)

    def _send_under(self, chain: SendChain) -> None:
        self._sending = chain
        self._seen = (chain.epoch, -1)

    def _hear(self, chain: ReceiveChain, now: float) -> TagDelta:
        """Listen to a new chain too, and no more to the one before the last."""
        dropped = [tag for old in self._receiving[1:] for tag in old.list_tags()]
        self._receiving = [chain, self._receiving[0]]
        added = chain.advance_to(epoch_at(now))
        return _joined([added, TagDelta((), tuple(dropped))])

    def _unseen(self, now: float) -> int:
        """Cells sent in the present epoch beyond the last one the contact has seen."""
        self._sending.advance_to(epoch_at(now))
        epoch = self._sending.epoch
        sent = self._sending.index
        seen = self._seen[1] + 1 if epoch == self._seen[0] else 0
        return sent - seen

    def _note_seen(self, fragment: Fragment) -> None:
        """Believe the contact's word only about this generation, and forwards. Past what we sent another copy
        of this home has written, or this one before it was put back: we go on behind that. Receipts tell
        whether what was said there is ours as well."""
        generation, epoch = fragment.seen_epoch >> _EPOCH_BITS, fragment.seen_epoch & (1 << _EPOCH_BITS) - 1
        index = -1 if fragment.seen_index == NOTHING_SEEN else fragment.seen_index
        if generation != self._generation() % 256 or epoch < self._sending.epoch:
            return
        if (epoch, index) >= (self._sending.epoch, self._sending.index):
            if epoch != self._sending.epoch or index >= self._sending.index + SKIP_MAX:
                self.overtaken = True
                return
            self._sending.skip_to(index + 1)
        self._seen = max(self._seen, (epoch, index)) if epoch == self._seen[0] else (epoch, index)


def opened_name(number: int, ciphertext: bytes, kept: bool) -> bytes:
    """What a receipt calls an ordered payload by: which one, and what became of it."""
    return derive(
        b"", "kept" if kept else "refused", number.to_bytes(4, "big"), ciphertext, size=wire.NAME_BYTES
    )


def _link(number: int, ciphertext: bytes) -> bytes:
    return derive(b"", "sent", number.to_bytes(4, "big"), ciphertext, size=LINK_BYTES)


def _joined(deltas: list[TagDelta]) -> TagDelta:
    added = tuple(tag for delta in deltas for tag in delta.added)
    removed = tuple(tag for delta in deltas for tag in delta.removed)
    return TagDelta(added, removed)
