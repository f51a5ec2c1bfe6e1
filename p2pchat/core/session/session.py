"""The end-to-end session with one contact: an Olm ratchet inside the hash-ratchet envelope.

Knows: how a payload becomes numbered ciphertext and ciphertext becomes cells, and back; which tags to listen
for; how far the other side has seen our cells. Does not know: when to send, repeat or acknowledge. Parent of
``ordered_payloads``, ``chains``, ``send_window`` and ``own_tags``.

Ordered payloads go through Olm once and keep their number and ciphertext through all repeats; every repeat
travels in new cells under fresh tags and keys. Notices (receipts, presence) carry nothing worth a ratchet
turn and go in the envelope only.
"""

from __future__ import annotations

from p2pchat.core.session.chains import Chains
from p2pchat.core.session.ordered_payloads import OrderedPayloads
from p2pchat.core.session.own_tags import OwnTags, Position
from p2pchat.core.session.renewal import Renewal
from p2pchat.core.session.send_window import SendWindow
from p2pchat.core.values.records import SessionState
from p2pchat.crypto.envelope import FUTURE_EPOCHS, ReceiveChain, SendChain, TagDelta, epoch_at
from p2pchat.crypto.kdf import derive
from p2pchat.crypto.olm import OlmSession, Ratchet
from p2pchat.ports import Entropy
from p2pchat.types import ContactId, Epoch, Tag
from p2pchat.wire import codec
from p2pchat.wire.cell import Cell
from p2pchat.wire.fragment import NOTHING_SEEN, Fragment, Lane, decode_fragment, encode_fragment
from p2pchat.wire.payload import RekeyAnswer, RekeyOffer
from p2pchat.wire.recovery import NAME_BYTES

CHECKPOINT = 32
"""A receiver remembers durably how far it has seen at least every 32 cells: after a crash it listens this
much lower than before, which is still beyond ``SILENT_WINDOW`` and its reserve."""

SNAPSHOT_LIMIT = 4 << 20
"""Bytes of a stored session we are ready to read back; one with all its skipped keys takes about 0.4 MB."""

CHAIN_BYTES = NAME_BYTES + 4
"""Of the name of a chain in a ``Position``: that of the session, and the generation."""

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
        self.name = derive(renewal.key, "session", size=NAME_BYTES)
        """The same at both ends, and another for every session."""
        self.payloads = OrderedPayloads(olm)
        self.window = SendWindow(sending)
        self._chains = Chains(sending, receiving, renewal)
        self._own_tags = OwnTags()
        self._unsaved_cells = 0

    @classmethod
    def restore(cls, state: SessionState, pickle_key: bytes) -> Session:
        """Rebuild from the store."""
        reader = codec.Reader(codec.unpack(state.chains, SNAPSHOT_LIMIT))
        olm, chains = OlmSession.from_pickle(state.olm, pickle_key), Chains.read_kept(reader)
        session = cls(state.contact, olm, chains.sending, [], chains.renewal)
        session._chains = chains
        session.payloads = OrderedPayloads.read_kept(olm, reader)
        session.name = reader.get_bytes("name", NAME_BYTES)
        seen = (
            Epoch(reader.get_integer("seen_epoch", 0, 2**32)),
            reader.get_integer("seen_count", 0, 2**32) - 1,
        )
        session.window = SendWindow(chains.sending, seen)
        return session

    def snapshot(self) -> SessionState:
        """All that must outlive a crash."""
        self._unsaved_cells = 0
        value = {
            **self._chains.as_values(),
            **self.payloads.as_values(),
            "name": self.name,
            "seen_epoch": self.window.seen[0],
            "seen_count": self.window.seen[1] + 1,
        }
        return SessionState(self.contact, self.payloads.ratchet.pickle(), codec.pack(value))

    # --- listening

    def follow_epochs(self, now: float) -> TagDelta:
        """Follow the epochs: which tags to listen for from now on, and which no longer."""
        return self._chains.follow_clock(now)

    def runs_ahead(self, now: float) -> bool:
        """Whether we can write nothing that is heard now: a clock that was ahead led here, too long ago to go
        back."""
        return self._chains.sending.epoch > epoch_at(now) + FUTURE_EPOCHS

    def list_tags(self) -> list[Tag]:
        """Every tag that is listened for."""
        return self._chains.list_tags() + self._own_tags.list_tags()

    def knows_tag(self, tag: Tag) -> bool:
        """Whether the contact may write a cell with this tag."""
        return self._chains.has_tag(tag)

    def track_own_tags(self) -> TagDelta:
        """Listen for the tags of our own next cells: a copy of this home may use them."""
        return self._own_tags.follow_chain(self._chains.sending, self.current_position())

    def by_a_copy(self, cell: Cell) -> bool:
        """Whether a copy of this home has written the cell. Then we go on behind it."""
        return self._own_tags.find_copy(cell, self._chains.sending, self.current_position())

    def current_position(self) -> Position:
        """Return our position in what we send."""
        sending = self._chains.sending
        return self.name + self._chains.generation.to_bytes(4, "big"), sending.epoch, sending.index

    def is_answered(self, since: Position) -> bool:
        """Whether the contact has shown that it saw a cell sent at that place or later."""
        chain, epoch, index = since
        return chain != self.current_position()[0] or self.window.has_seen(epoch, index)

    def latest_place(self) -> tuple[Epoch, int | None]:
        """Return the latest epoch and index of the contact's cells that opened."""
        return self._chains.latest_place()

    def make_mark(self, binding: bytes, nonce: bytes, now: float) -> bytes:
        """A mark of 16 bytes that shows only the contact that we are behind a link."""
        self._chains.sending.advance_to(epoch_at(now))
        return self._chains.sending.make_mark(binding, nonce)

    def list_marks(self, binding: bytes, nonce: bytes) -> list[bytes]:
        """Return the marks, of 16 bytes each, that the contact may make for the same link and nonce."""
        return self._chains.possible_marks(binding, nonce)

    def open_cell(self, cell: Cell) -> tuple[bytes, TagDelta]:
        """Open a cell that bears one of our tags: its plaintext, for ``read``, and what it changed. Raises
        RefusedInput and then has changed nothing."""
        plain, delta = self._chains.open_cell(cell)
        self._unsaved_cells += 1
        self._follow_chain()
        return plain, delta

    def read(self, plain: bytes) -> Fragment:
        """The fragment in a cell, and what it tells about ours. Raises RefusedInput. The contact's word is
        believed only about this generation."""
        fragment = decode_fragment(plain)
        generation = fragment.seen_epoch >> _EPOCH_BITS
        epoch = Epoch(fragment.seen_epoch & (1 << _EPOCH_BITS) - 1)
        if generation == self._chains.generation % 256:
            self.window.note_seen(epoch, -1 if fragment.seen_index == NOTHING_SEEN else fragment.seen_index)
        return fragment

    @property
    def checkpoint_due(self) -> bool:
        """Whether enough cells came in since the last snapshot to need a new one."""
        return self._unsaved_cells >= CHECKPOINT

    # --- payloads

    def decrypt(self, ciphertext: bytes) -> bytes:
        """Decrypt the ordered payload that is expected. Raises Unreadable and then has changed nothing."""
        payload = self.payloads.decrypt_next(ciphertext)
        self._chains.renewal.count += 1
        return payload

    def encrypt(self, payload: bytes, salt: bytes) -> tuple[int, bytes]:
        """Give an ordered payload its number and its ciphertext; ``salt`` is ``SALT_BYTES`` random bytes."""
        self._chains.renewal.count += 1
        return self.payloads.encrypt_next(payload, salt)

    def make_fragment(
        self, lane: Lane, number: int, floor: int, index: int, count: int, data: bytes
    ) -> Fragment:
        """A fragment that also tells the contact how far we have seen their cells."""
        epoch, seen = self.latest_place()
        mark = self._chains.generation % 256 << _EPOCH_BITS | epoch
        return Fragment(lane, number, floor, index, count, mark, NOTHING_SEEN if seen is None else seen, data)

    def seal_fragment(self, fragment: Fragment, now: float) -> bytes:
        """Seal one fragment into a cell of ``GEOMETRY.cell`` bytes under the next tag."""
        self._chains.sending.advance_to(epoch_at(now))
        return self._chains.sending.seal_cell(encode_fragment(fragment))

    # --- renewal

    def offer_renewal(self, entropy: Entropy, now: float) -> RekeyOffer | None:
        """An offer to send, when one is due."""
        return self._chains.offer_renewal(entropy, now)

    def answer_renewal(self, offer: RekeyOffer, now: float) -> tuple[RekeyAnswer, TagDelta] | None:
        """Agree; listen to the new generation, speak under it once the leader does. Raises Unreadable."""
        return self._chains.answer_renewal(offer, now)

    def complete_renewal(self, answer: RekeyAnswer, now: float) -> TagDelta | None:
        """The follower agreed: speak and listen under the new generation. Raises Unreadable."""
        delta = self._chains.complete_renewal(answer, now)
        self._follow_chain()
        return delta

    def _follow_chain(self) -> None:
        """Nothing was seen yet of a chain under which we have just begun to send."""
        if self.window.chain is not self._chains.sending:
            self.window = SendWindow(self._chains.sending)
