"""The envelope's chains of a session, of one generation or of two.

Knows: under which chain we send, to which we listen, when a renewal changes that. Does not know: payloads, or
how the two messages of a renewal travel.

A renewal changes the envelope's roots while cells of the old ones are still on their way: the leader sends
under the new generation as soon as it has the answer; the follower, as soon as it has seen a cell of it; both
listen to old and new.
"""

from __future__ import annotations

from typing import Any

from p2pchat.core.session.renewal import Renewal
from p2pchat.crypto.envelope import FUTURE_EPOCHS, ReceiveChain, SendChain, TagDelta, epoch_at
from p2pchat.ports import Entropy
from p2pchat.types import Epoch, Tag
from p2pchat.wire import codec
from p2pchat.wire.cell import Cell
from p2pchat.wire.payload import RekeyAnswer, RekeyOffer

CATCH_UP_EPOCHS = 4 * 1461
"""An offer of new keys may be four years old; turning its roots to the present takes tens of milliseconds."""

_LIMIT = 4 << 10
"""Bytes of a stored renewal."""


class Chains:
    """The chains of one session."""

    def __init__(self, sending: SendChain, receiving: list[ReceiveChain], renewal: Renewal) -> None:
        """``receiving``: the newest generation first, two at most."""
        self.sending = sending
        self.renewal = renewal
        self._next: SendChain | None = None
        """Under which we send as soon as the contact does."""
        self._receiving = receiving

    @classmethod
    def read_kept(cls, reader: codec.Reader) -> Chains:
        """Undo ``as_values``."""
        kept = cls(
            SendChain.from_snapshot(reader.get_bytes("sending")),
            [ReceiveChain.from_snapshot(chain) for chain in reader.get_list("receiving", 2)],
            Renewal.restore(codec.unpack(reader.get_bytes("renewal"), _LIMIT)),
        )
        following = reader.get_bytes("sending_next")
        kept._next = SendChain.from_snapshot(following) if following else None
        return kept

    def as_values(self) -> dict[str, Any]:
        """Return all as plain values."""
        return {
            "sending": self.sending.take_snapshot(),
            "sending_next": self._next.take_snapshot() if self._next is not None else b"",
            "receiving": [chain.take_snapshot() for chain in self._receiving],
            "renewal": codec.pack(self.renewal.snapshot()),
        }

    @property
    def generation(self) -> int:
        """The generation of the chain under which we send."""
        return self.renewal.generation if self._next is None else self.renewal.generation - 1

    # --- listening

    def follow_clock(self, now: float) -> TagDelta:
        """Move all chains to the present epoch; which tags to listen for from now on, and which no longer."""
        self.sending.advance_to(epoch_at(now))
        return _joined([chain.advance_to(epoch_at(now)) for chain in self._receiving])

    def list_tags(self) -> list[Tag]:
        """List every tag under which the contact may write."""
        return [tag for chain in self._receiving for tag in chain.list_tags()]

    def has_tag(self, tag: Tag) -> bool:
        """Whether the contact may write a cell with this tag."""
        return any(chain.has_tag(tag) for chain in self._receiving)

    def latest_place(self) -> tuple[Epoch, int | None]:
        """Return the latest place at which a cell opened, in the generation that goes with ours."""
        return self._receiving[0 if self._next is None else 1].latest_place()

    def possible_marks(self, binding: bytes, nonce: bytes) -> list[bytes]:
        """List what the contact's mark of a link may be."""
        return [mark for chain in self._receiving for mark in chain.possible_marks(binding, nonce)]

    def open_cell(self, cell: Cell) -> tuple[bytes, TagDelta]:
        """Open a cell that bears one of the contact's tags; under a new generation of the contact's, send
        under ours. Raises RefusedInput and then has changed nothing."""
        chain = next(
            (receiving for receiving in self._receiving if receiving.has_tag(cell.tag)), self._receiving[0]
        )
        opened = chain.open_cell(cell)
        self.sending.confirm_epoch(opened.epoch)
        if chain is self._receiving[0] and self._next is not None:
            self.sending, self._next = self._next, None
        return opened.plain, opened.delta

    # --- renewal

    def offer_renewal(self, entropy: Entropy, now: float) -> RekeyOffer | None:
        """Return an offer to send, when one is due."""
        if not self.renewal.is_due(now):
            return None
        self.sending.advance_to(epoch_at(now))
        return self.renewal.make_offer(entropy, self.sending.firm)

    def answer_renewal(self, offer: RekeyOffer, now: float) -> tuple[RekeyAnswer, TagDelta] | None:
        """Agree; listen to the new generation, send under it once the leader does. Raises Unreadable."""
        if not 0 <= epoch_at(now) + FUTURE_EPOCHS - offer.epoch <= CATCH_UP_EPOCHS:
            return None
        agreed = self.renewal.answer_offer(offer, now)
        if agreed is None:
            return None
        answer, (sending, receiving) = agreed
        self._next = SendChain(sending, offer.epoch)
        return answer, self._listen_to(ReceiveChain(receiving, offer.epoch), now)

    def complete_renewal(self, answer: RekeyAnswer, now: float) -> TagDelta | None:
        """The follower agreed: send and listen under the new generation. Raises Unreadable."""
        made = self.renewal.complete_renewal(answer, now)
        if made is None:
            return None
        self.sending = SendChain(made[0], self.renewal.epoch)
        return self._listen_to(ReceiveChain(made[1], self.renewal.epoch), now)

    def _listen_to(self, chain: ReceiveChain, now: float) -> TagDelta:
        """Listen to a new chain too, and no longer to the one before the last."""
        dropped = [tag for old in self._receiving[1:] for tag in old.list_tags()]
        self._receiving = [chain, self._receiving[0]]
        added = chain.advance_to(epoch_at(now))
        return _joined([added, TagDelta((), tuple(dropped))])


def _joined(deltas: list[TagDelta]) -> TagDelta:
    added = tuple(tag for delta in deltas for tag in delta.added)
    removed = tuple(tag for delta in deltas for tag in delta.removed)
    return TagDelta(added, removed)
