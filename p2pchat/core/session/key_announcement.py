"""The recovery keys of the two ends of a session: when ours are told, and the line that is drawn from both.

Knows: what the contact was told and has. Does not know: what is said on the line.
"""

from __future__ import annotations

from typing import Any

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.session.halves import OwnKeys, TheirKeys, both_as_values
from p2pchat.core.session.recovery import RecoveryChannel
from p2pchat.crypto.envelope import TagDelta, epoch_at
from p2pchat.crypto.recovery import PublicKey
from p2pchat.ports import Entropy
from p2pchat.types import Tag
from p2pchat.wire.cell import Cell
from p2pchat.wire.codec import Reader
from p2pchat.wire.payload import RecoveryOffer
from p2pchat.wire.recovery import Word


class KeyAnnouncement:
    """The announcement of our key to one contact. ``moved``: there is something to store."""

    def __init__(self, entropy: Entropy, reader: Reader) -> None:
        """``reader``: what ``as_values`` gave. Raises Malformed, Unreadable."""
        self._entropy = entropy
        self.moved = False
        self.own = OwnKeys.read_kept(reader)
        self.theirs = TheirKeys.read_kept(reader)
        self.line: RecoveryChannel | None = None
        """There is one once both ends know each other's keys, as far as we know."""
        if self.theirs is not None:
            self.line = RecoveryChannel(self.own.newest, self.theirs.newest, entropy)
        self._told = reader.get_flag("told")
        self._alone = reader.get_flag("alone")
        """Until the contact has heard it, each announcement says that earlier keys are invalid."""
        self._tell_at = 0.0
        """When; contacts are not told all in one moment, or a neighbour would count them."""

    def as_values(self) -> dict[str, Any]:
        """Return all that must outlive a crash."""
        self.moved = False
        return {**both_as_values(self.own, self.theirs), "told": self._told, "alone": self._alone}

    # --- telling ours

    def due_offer(self, now: float) -> RecoveryOffer | None:
        """Return the offer of our key when it is due, once."""
        if self._told or now < self._tell_at:
            return None
        self._told = self.moved = True
        own = self.own.newest.public
        return RecoveryOffer(own.x25519, own.encapsulation_key, self._alone)

    def draw_key(self) -> None:
        """Draw a recovery key for a backup that is about to be made."""
        self.own.draw_next(self._entropy)
        self.moved = True

    def tell_key(self, alone: bool, at: float) -> None:
        """Announce the key of a finished backup from ``at`` on. ``alone``: there is no backup, and the keys
        of all earlier ones should become invalid."""
        self.own.use_drawn()
        self._tell_at = at
        self._told, self.moved = False, True
        self._alone |= alone

    def tell_anew(self) -> None:
        """Announce the key again, because the session in which it was announced is no longer ours."""
        self._told, self.moved = False, True

    def note_known(self, offer: RecoveryOffer) -> None:
        """Note that the contact has the announced key."""
        self.own.note_known(offer.encapsulation_key)
        self._alone &= not offer.alone
        self.moved = True

    @property
    def tell_at(self) -> float:
        """When a delayed announcement is due."""
        return self._tell_at or NEVER

    def pass_time(self, now: float) -> None:
        """Allow a delayed announcement, if its time has come."""
        if now >= self._tell_at:
            self._tell_at = 0.0

    # --- theirs

    def learn_theirs(self, offer: RecoveryOffer, now: float) -> TagDelta | None:
        """The contact told its public half: the first of a pairing, which draws the line, or that of a new
        backup. Raises Unreadable on a key that is none."""
        if self.theirs is not None:
            self.moved |= self.theirs.take_offer(offer, now)
            return None
        theirs = TheirKeys(PublicKey(offer.x25519, offer.encapsulation_key))
        line = RecoveryChannel(self.own.newest, theirs.newest, self._entropy)
        self.theirs, self.line, self.moved = theirs, line, True
        return line.follow_epochs(epoch_at(now))

    def draw_first(self) -> None:
        """Paired again: other keys are told. A copy of one of the homes has none of them."""
        self.own = OwnKeys.draw_first(self._entropy)
        self.theirs = self.line = None
        self._alone = False

    # --- the line

    def list_tags(self) -> list[Tag]:
        """List every tag that is listened for outside the session."""
        return self.line.list_tags() if self.line is not None else []

    def has_tag(self, tag: Tag) -> bool:
        """Whether the contact may write a cell with this tag outside the session."""
        return self.line is not None and self.line.knows_tag(tag)

    def follow_clock(self, now: float) -> TagDelta | None:
        """Follow the epochs."""
        return self.line.follow_epochs(epoch_at(now)) if self.line is not None else None

    def make_cells(self, word: Word, now: float) -> list[bytes]:
        """Make the cells of a word."""
        return self.line.seal_word(word, epoch_at(now)) if self.line is not None else []

    def read_cell(self, cell: Cell) -> Word | None:
        """Take a cell under a tag of the line; the word, if it is whole now. Raises RefusedInput."""
        return self.line.open_cell(cell) if self.line is not None else None
