"""The hash-ratchet envelope: one-time tags and one-time keys for cells, by epoch.

Knows: how roots become chains, chains become tags and keys, and how old ones are forgotten. Does not know:
what a box holds, or which contacts talk.

::

    root(e) ──"epoch"──► root(e+1) ──► …
      ├──"chain"──► ck(e,0) ──"next"──► ck(e,1) ──► …        mk(e,i) = "message" of ck(e,i)
      └──"tags"───► tk(e)                                    tag(e,i) = "tag" of tk(e) and i
                                                             mark(e,…) = "mark" of tk(e), a link, a nonce

A clock may be wrong, and an attacker who knows where members meet may wait where a wrong one leads. So when a
chain goes on by more than an epoch at once, it keeps what it was before, until a cell of the other side came
under what it is now; and for ``BACK_EPOCHS`` after the leap in any case (``clock_leap``). A clock that goes
back finds it there. Cells that were sealed in between are then as those of a copy of this home (decision
0023).

Each epoch has new chains. A sender may therefore use up its window towards a contact that is away for
months, and that someone, coming back, needs only to turn the roots forward to hear the present epoch
(decision 0003).
"""

from __future__ import annotations

from dataclasses import field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from p2pchat.crypto.clock_leap import StateBeforeLeap
from p2pchat.crypto.kdf import derive
from p2pchat.data import dataclass
from p2pchat.errors import Unreadable
from p2pchat.types import Epoch, Tag
from p2pchat.wire import codec
from p2pchat.wire.cell import Cell, encode_cell
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.marks import MARK_BYTES

EPOCH_SECONDS = 21_600
"""Six hours: coarse enough to hide when a cell was written, fine enough that a cell's life is about a day."""

PAST_EPOCHS = 4
"""A cell lives through its epoch and four more: 24 to 30 hours, what a hold of cells is sized for."""

FUTURE_EPOCHS = 1
"""Clocks may be an epoch ahead."""

LOOKAHEAD = 192
"""Tags listened for beyond the last one seen, per epoch. One look-ahead of 128 for what is under way, and
half as much again so that a sender whose cells were lost can still be heard when it is answered
(core/session/send_window.py)."""

SKIPPED_CAP = 1024
"""Keys of skipped cells kept per epoch: five look-aheads. Beyond it the oldest is forgotten; its cell will
be repeated."""

_LIMIT = 1 << 20


def epoch_at(now: float) -> Epoch:
    """Return the epoch of a moment in Unix seconds."""
    return Epoch(int(now // EPOCH_SECONDS))


def roots(secret: bytes, *transcript: bytes) -> tuple[bytes, bytes]:
    """Derive the host's and the guest's root, 32 bytes each, from an ML-KEM secret and all that was
    exchanged."""
    both = derive(secret, "roots", *transcript, size=64)
    return both[:32], both[32:]


@dataclass(frozen=True, slots=True)
class TagDelta:
    """The tags to listen for from now on, and those to drop."""

    added: tuple[Tag, ...]
    removed: tuple[Tag, ...]


@dataclass(frozen=True, slots=True)
class OpenedCell:
    """A cell's plaintext (``GEOMETRY.plain`` bytes), its place, and what opening it changed."""

    plain: bytes = field(repr=False)
    epoch: Epoch
    index: int
    delta: TagDelta


class SendChain:
    """The sending half of one direction."""

    epoch: Epoch
    index: int
    """The index the next cell gets."""
    _following: bytes
    _chain: bytes
    _tags: bytes

    def __init__(self, root: bytes, epoch: Epoch) -> None:
        """``root`` (32 bytes) is that of ``epoch``."""
        self._before = StateBeforeLeap()
        self._begin(root, epoch)

    def __repr__(self) -> str:
        return f"SendChain(epoch={self.epoch}, index={self.index})"

    @property
    def firm(self) -> Epoch:
        """The epoch to which a clock that is put right may still lead back."""
        return min(self.epoch, self._before.epoch)

    def advance_to(self, epoch: Epoch) -> None:
        """Move on to ``epoch`` and forget the keys of earlier epochs; or move back, if the clock leapt here
        and was put right."""
        if epoch > self.epoch + 1:
            self._before.keep_state(self.epoch, self._state(), epoch)
        elif epoch < self.epoch - FUTURE_EPOCHS and self._before.epoch < self.epoch:
            self._resume(self._before.take_state())
        while self.epoch < epoch:
            self._begin(self._following, Epoch(self.epoch + 1))
        self._before.forget_if_stale(self.epoch)

    def confirm_epoch(self, epoch: Epoch) -> None:
        """Note that a cell of the other side came under this epoch: its clock agrees with ours."""
        self._before.confirm_epoch(epoch)
        self._before.forget_if_stale(self.epoch)

    def seal_cell(self, plain: bytes) -> bytes:
        """Seal ``GEOMETRY.plain`` bytes into a cell of ``GEOMETRY.cell``, and forget the key at once."""
        tag = _tag(self._tags, self.index)
        box = _cipher(_message_key(self._chain)).encrypt(plain, [_bound(tag, self.epoch)])
        self._chain = derive(self._chain, "next")
        self.index += 1
        return encode_cell(Cell(tag, self.epoch, bytes(GEOMETRY.stamp), box))

    def peek_tags(self, count: int) -> list[Tag]:
        """Return the tags of the next ``count`` cells."""
        return [_tag(self._tags, index) for index in range(self.index, self.index + count)]

    def has_sealed(self, cell: Cell, index: int) -> bool:
        """Whether a copy of this chain sealed the cell under an index that is still to come here."""
        chain = self._chain
        for _ in range(index - self.index):
            chain = derive(chain, "next")
        try:
            _cipher(_message_key(chain)).decrypt(cell.box, [_bound(cell.tag, self.epoch)])
        except InvalidTag:
            return False
        return cell.epoch == self.epoch

    def skip_to(self, index: int) -> None:
        """Leave the keys below ``index`` unused: another copy of this home has used them."""
        while self.index < index:
            self._chain = derive(self._chain, "next")
            self.index += 1

    def make_mark(self, binding: bytes, nonce: bytes) -> bytes:
        """Make a mark of 16 bytes that shows the other side alone that this side made it, where ``binding``
        (32 bytes) is known; each nonce gives another mark."""
        return _mark(self._tags, binding, nonce)

    def take_snapshot(self) -> bytes:
        """Return the whole state."""
        return codec.pack([*self._state(), *self._before.to_fields()])

    @classmethod
    def from_snapshot(cls, snapshot: bytes) -> SendChain:
        """Undo ``take_snapshot``."""
        state, before = _fields(snapshot, 5)
        made = cls(state[0], state[1])
        made._resume(state)
        made._before = before
        return made

    def _state(self) -> list[Any]:
        return [self._following, self.epoch, self.index, self._chain, self._tags]

    def _resume(self, state: list[Any]) -> None:
        self._following, self.epoch, self.index, self._chain, self._tags = state

    def _begin(self, root: bytes, epoch: Epoch) -> None:
        self.epoch = epoch
        self.index = 0
        self._following = derive(root, "epoch")  # not the root itself: it leads back to keys already used
        self._chain = derive(root, "chain")
        self._tags = derive(root, "tags")


class _Window:
    """The keys of one epoch that may still open a cell: a look-ahead, and skipped ones."""

    def __init__(
        self, tags: bytes, chain: bytes, at: int = 0, seen: int = -1, skipped: dict[int, bytes] | None = None
    ) -> None:
        self.tag_key = tags
        self.chain = chain  # of index ``at``, from which the look-ahead is derived again after a restart
        self.at = at
        self.seen = seen
        self.keys = dict(skipped or {})
        self._end, self._end_chain = at, chain
        self.tags = {index: _tag(tags, index) for index in self.keys}
        self.add_lookahead()

    def add_lookahead(self) -> list[Tag]:
        """Derive keys up to the look-ahead; return the new tags."""
        added = []
        while self._end <= self.seen + LOOKAHEAD:
            self.keys[self._end] = _message_key(self._end_chain)
            self.tags[self._end] = _tag(self.tag_key, self._end)
            added.append(self.tags[self._end])
            self._end_chain = derive(self._end_chain, "next")
            self._end += 1
        return added

    def spend_key(self, index: int) -> TagDelta:
        """Forget the key of a cell that opened, move the window, and forget the oldest skipped keys."""
        removed = [self._forget(index)]
        if index > self.seen:
            self.seen = index
            while self.at <= index:
                self.chain = derive(self.chain, "next")
                self.at += 1
        added = self.add_lookahead()
        while self._skipped() > SKIPPED_CAP:
            removed.append(self._forget(min(self.keys)))
        return TagDelta(tuple(added), tuple(removed))

    def to_fields(self) -> list[object]:
        skipped = {index: key for index, key in self.keys.items() if index < self.at}
        return [self.tag_key, self.chain, self.at, self.seen + 1, list(skipped), list(skipped.values())]

    def _forget(self, index: int) -> Tag:
        del self.keys[index]
        return self.tags.pop(index)

    def _skipped(self) -> int:
        return len(self.keys) - (self._end - 1 - self.seen)


class ReceiveChain:
    """The receiving half of one direction."""

    def __init__(self, root: bytes, epoch: Epoch) -> None:
        """``root`` (32 bytes) is that of ``epoch``, the first in which anything was sent."""
        self._root = root
        self._next = epoch
        self._windows: dict[Epoch, _Window] = {}
        self._places: dict[Tag, tuple[Epoch, int]] = {}
        self._before = StateBeforeLeap()

    def __repr__(self) -> str:
        return f"ReceiveChain(epochs={list(self._windows)})"

    def advance_to(self, epoch: Epoch) -> TagDelta:
        """Listen only to the epochs in which a cell may live when ``epoch`` is the present one."""
        present = Epoch(self._next - 1 - FUTURE_EPOCHS) if self._windows else self._next
        if epoch > present + 1:
            self._before.keep_state(present, self._state(), epoch)
        elif epoch < present - FUTURE_EPOCHS and self._before.epoch < present:
            return self._back(epoch)
        delta = self._on(epoch)
        self._before.forget_if_stale(max(present, epoch))
        return delta

    def _back(self, epoch: Epoch) -> TagDelta:
        """Return to the state before the clock leapt."""
        former = self.list_tags()
        self._resume(self._before.take_state())
        self._on(epoch)
        return TagDelta(tuple(self.list_tags()), tuple(former))

    def _on(self, epoch: Epoch) -> TagDelta:
        removed = [
            tag
            for old in self._windows
            if old < epoch - PAST_EPOCHS
            for tag in self._windows[old].tags.values()
        ]
        self._windows = {e: window for e, window in self._windows.items() if e >= epoch - PAST_EPOCHS}
        added: list[Tag] = []
        while self._next <= epoch + FUTURE_EPOCHS:
            if self._next >= epoch - PAST_EPOCHS:
                added += self._open_window(self._next)
            self._root = derive(self._root, "epoch")
            self._next = Epoch(self._next + 1)
        for tag in removed:
            del self._places[tag]
        return TagDelta(tuple(added), tuple(removed))

    def list_tags(self) -> list[Tag]:
        """List every tag that this side listens for."""
        return list(self._places)

    def has_tag(self, tag: Tag) -> bool:
        """Whether this side listens for the tag."""
        return tag in self._places

    def possible_marks(self, binding: bytes, nonce: bytes) -> list[bytes]:
        """List what the other side's ``make_mark`` may give, one for each epoch."""
        return [_mark(window.tag_key, binding, nonce) for window in self._windows.values()]

    def latest_place(self) -> tuple[Epoch, int | None]:
        """Return the latest epoch in which a cell opened and the highest index there; (0, None) before the
        first."""
        seen = [epoch for epoch, window in self._windows.items() if window.seen >= 0]
        return (max(seen), self._windows[max(seen)].seen) if seen else (Epoch(0), None)

    def open_cell(self, cell: Cell) -> OpenedCell:
        """Open a cell. Raises Unreadable and then has changed nothing."""
        place = self._places.get(cell.tag)
        if place is None or place[0] != cell.epoch:
            raise Unreadable("a cell for no one here")
        epoch, index = place
        window = self._windows[epoch]
        try:
            plain = _cipher(window.keys[index]).decrypt(cell.box, [_bound(cell.tag, epoch)])
        except InvalidTag as error:
            raise Unreadable("the cell does not open") from error
        self._before.confirm_epoch(epoch)
        self._before.forget_if_stale(Epoch(self._next - 1 - FUTURE_EPOCHS))
        return OpenedCell(plain, epoch, index, self._moved(epoch, window.spend_key(index)))

    def take_snapshot(self) -> bytes:
        """Return the state without the look-ahead, which can be derived again."""
        return codec.pack([*self._state(), *self._before.to_fields()])

    @classmethod
    def from_snapshot(cls, snapshot: bytes) -> ReceiveChain:
        """Undo ``take_snapshot``."""
        state, before = _fields(snapshot, 3)
        chain = cls(state[0], state[1])
        chain._resume(state)
        chain._before = before
        return chain

    def _state(self) -> list[Any]:
        windows = [[epoch, *window.to_fields()] for epoch, window in self._windows.items()]
        return [self._root, self._next, windows]

    def _resume(self, state: list[Any]) -> None:
        self._root, self._next, windows = state
        self._windows, self._places = {}, {}
        for epoch, tags, ratchet, at, seen, indices, keys in windows:
            window = _Window(tags, ratchet, at, seen - 1, dict(zip(indices, keys, strict=True)))
            self._keep(epoch, window)

    def _open_window(self, epoch: Epoch) -> list[Tag]:
        window = _Window(derive(self._root, "tags"), derive(self._root, "chain"))
        self._keep(epoch, window)
        return list(window.tags.values())

    def _keep(self, epoch: Epoch, window: _Window) -> None:
        self._windows[epoch] = window
        self._places.update({tag: (epoch, index) for index, tag in window.tags.items()})

    def _moved(self, epoch: Epoch, delta: TagDelta) -> TagDelta:
        for tag in delta.removed:
            del self._places[tag]
        window = self._windows[epoch]
        first = max(window.tags, default=-1) + 1 - len(delta.added)
        self._places.update({tag: (epoch, first + offset) for offset, tag in enumerate(delta.added)})
        return delta


def _tag(key: bytes, index: int) -> Tag:
    return Tag(derive(key, "tag", index.to_bytes(4, "big"), size=GEOMETRY.cell_tag))


def _mark(key: bytes, binding: bytes, nonce: bytes) -> bytes:
    return derive(key, "mark", binding, nonce, size=MARK_BYTES)


def _message_key(chain: bytes) -> bytes:
    return derive(chain, "message")


def _cipher(message_key: bytes) -> AESSIV:
    """AES-256-SIV (RFC 5297). A message key is meant for one cell, and a copy of this home may seal another
    with it: an observer of both learns only that they differ."""
    return AESSIV(derive(message_key, "box", size=64))


def _bound(tag: Tag, epoch: Epoch) -> bytes:
    return tag + epoch.to_bytes(GEOMETRY.epoch, "big")


def _fields(snapshot: bytes, count: int) -> tuple[list[Any], StateBeforeLeap]:
    """A chain's state, and what it was before; older homes had none of that, or not where the leap ended."""
    value = codec.unpack(snapshot, _LIMIT)
    assert isinstance(value, list) and len(value) in (count, count + 3, count + 4), "our own snapshot"
    return value[:count], StateBeforeLeap(*value[count:])
