"""The hash-ratchet envelope: one-time tags and one-time keys for cells, by epoch.

Knows: how roots become chains, chains become tags and keys, and how old ones are forgotten. Does not know:
what a box holds, or who talks to whom.

::

    root(e) ──"epoch"──► root(e+1) ──► …
      ├──"chain"──► ck(e,0) ──"next"──► ck(e,1) ──► …        mk(e,i) = "message" of ck(e,i)
      └──"tags"───► tk(e)                                    tag(e,i) = "tag" of tk(e) and i
                                                             mark(e,…) = "mark" of tk(e), a link, a nonce

Chains begin anew with each epoch. A sender may therefore use up its window towards someone who is away for
months, and that someone, coming back, needs only to turn the roots forward to hear the present epoch (see
docs/decisions).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from p2pchat.crypto.kdf import derive
from p2pchat.errors import Unreadable
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
(core/session.py)."""

SKIPPED_CAP = 1024
"""Keys of skipped cells kept per epoch: five look-aheads. Beyond it the oldest is forgotten; its cell will
be repeated."""

_LIMIT = 1 << 20
_U32 = 2**32


def epoch_at(now: float) -> int:
    """The epoch of a moment given in Unix seconds."""
    return int(now // EPOCH_SECONDS)


def roots(secret: bytes, *transcript: bytes) -> tuple[bytes, bytes]:
    """The two roots, 32 bytes each, that follow from an ML-KEM secret and all that was exchanged: host's,
    guest's."""
    both = derive(secret, "roots", *transcript, size=64)
    return both[:32], both[32:]


@dataclass(frozen=True, slots=True)
class TagDelta:
    """Which tags to listen for from now on, and which no more."""

    added: tuple[bytes, ...]
    removed: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """A cell's plaintext (``GEOMETRY.plain`` bytes), its place, and what opening it changed."""

    plain: bytes = field(repr=False)
    epoch: int
    index: int
    delta: TagDelta


class SendChain:
    """The sending half of one direction."""

    _chain: bytes
    _tags: bytes

    def __init__(self, root: bytes, epoch: int) -> None:
        """``root`` (32 bytes) is that of ``epoch``."""
        self._following = self._chain = self._tags = b""
        self._begin(root, epoch)

    def __repr__(self) -> str:
        return f"SendChain(epoch={self.epoch}, index={self.index})"

    def advance(self, epoch: int) -> None:
        """Go on to ``epoch``, forgetting the keys of those before. A clock that went back changes nothing."""
        while self.epoch < epoch:
            self._begin(self._following, self.epoch + 1)

    def seal(self, plain: bytes) -> bytes:
        """Seal ``GEOMETRY.plain`` bytes into a cell of ``GEOMETRY.cell``; the key is forgotten at once."""
        tag = _tag(self._tags, self.index)
        box = _cipher(_message_key(self._chain)).encrypt(plain, [_bound(tag, self.epoch)])
        self._chain = derive(self._chain, "next")
        self.index += 1
        return encode_cell(Cell(tag, self.epoch, bytes(GEOMETRY.stamp), box))

    def mark(self, binding: bytes, nonce: bytes) -> bytes:
        """What shows the other side alone that it is we who say it where ``binding`` (32 bytes) is known; 16
        bytes, another with every nonce."""
        return _mark(self._tags, binding, nonce)

    def snapshot(self) -> bytes:
        """The whole state."""
        return codec.pack([self._following, self.epoch, self.index, self._chain, self._tags])

    @classmethod
    def restore(cls, snapshot: bytes) -> SendChain:
        """Undo ``snapshot``."""
        following, epoch, index, chain, tags = _fields(snapshot, 5)
        made = cls(following, epoch)
        made.index = index
        made._following, made._chain, made._tags = following, chain, tags
        return made

    def _begin(self, root: bytes, epoch: int) -> None:
        self.epoch = epoch
        self.index = 0
        """The index the next cell gets."""
        self._following = derive(root, "epoch")  # not the root itself: it leads back to keys already used
        self._chain = derive(root, "chain")
        self._tags = derive(root, "tags")


class _Window:
    """What is listened for in one epoch: a look-ahead of keys, and those skipped."""

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
        self.extend()

    def extend(self) -> list[bytes]:
        """Listen up to the look-ahead; return the new tags."""
        added = []
        while self._end <= self.seen + LOOKAHEAD:
            self.keys[self._end] = _message_key(self._end_chain)
            self.tags[self._end] = _tag(self.tag_key, self._end)
            added.append(self.tags[self._end])
            self._end_chain = derive(self._end_chain, "next")
            self._end += 1
        return added

    def used(self, index: int) -> TagDelta:
        """Forget the key of a cell that opened, move the window, forget too old skipped keys."""
        removed = [self._forget(index)]
        if index > self.seen:
            self.seen = index
            while self.at <= index:
                self.chain = derive(self.chain, "next")
                self.at += 1
        added = self.extend()
        while self._skipped() > SKIPPED_CAP:
            removed.append(self._forget(min(self.keys)))
        return TagDelta(tuple(added), tuple(removed))

    def snapshot(self) -> list[object]:
        skipped = {index: key for index, key in self.keys.items() if index < self.at}
        return [self.tag_key, self.chain, self.at, self.seen + 1, list(skipped), list(skipped.values())]

    def _forget(self, index: int) -> bytes:
        del self.keys[index]
        return self.tags.pop(index)

    def _skipped(self) -> int:
        return len(self.keys) - (self._end - 1 - self.seen)


class ReceiveChain:
    """The receiving half of one direction."""

    def __init__(self, root: bytes, epoch: int) -> None:
        """``root`` (32 bytes) is that of ``epoch``, the first in which anything was sent."""
        self._root = root
        self._next = epoch
        self._windows: dict[int, _Window] = {}
        self._places: dict[bytes, tuple[int, int]] = {}

    def __repr__(self) -> str:
        return f"ReceiveChain(epochs={list(self._windows)})"

    def advance(self, epoch: int) -> TagDelta:
        """Listen to the epochs in which a cell may live when ``epoch`` is the present one, and to no
        others."""
        removed = [
            tag
            for old in self._windows
            if old < epoch - PAST_EPOCHS
            for tag in self._windows[old].tags.values()
        ]
        self._windows = {e: window for e, window in self._windows.items() if e >= epoch - PAST_EPOCHS}
        added: list[bytes] = []
        while self._next <= epoch + FUTURE_EPOCHS:
            if self._next >= epoch - PAST_EPOCHS:
                added += self._open_window(self._next)
            self._root = derive(self._root, "epoch")
            self._next += 1
        for tag in removed:
            del self._places[tag]
        return TagDelta(tuple(added), tuple(removed))

    def tags(self) -> list[bytes]:
        """Every tag that is listened for."""
        return list(self._places)

    def knows(self, tag: bytes) -> bool:
        """Whether the tag is listened for."""
        return tag in self._places

    def marks(self, binding: bytes, nonce: bytes) -> list[bytes]:
        """What the other side's ``SendChain.mark`` may be."""
        return [_mark(window.tag_key, binding, nonce) for window in self._windows.values()]

    def latest(self) -> tuple[int, int | None]:
        """The latest epoch in which a cell was seen and the highest index seen there; (0, None) before the
        first."""
        seen = [epoch for epoch, window in self._windows.items() if window.seen >= 0]
        return (max(seen), self._windows[max(seen)].seen) if seen else (0, None)

    def open(self, cell: Cell) -> Opened:
        """Open a cell. Raises Unreadable and then has changed nothing."""
        place = self._places.get(cell.tag)
        if place is None or place[0] != cell.epoch:
            raise Unreadable("a cell for nobody here")
        epoch, index = place
        window = self._windows[epoch]
        try:
            plain = _cipher(window.keys[index]).decrypt(cell.box, [_bound(cell.tag, epoch)])
        except InvalidTag as error:
            raise Unreadable("the cell does not open") from error
        return Opened(plain, epoch, index, self._moved(epoch, window.used(index)))

    def snapshot(self) -> bytes:
        """All but what can be derived again; the look-ahead can."""
        windows = [[epoch, *window.snapshot()] for epoch, window in self._windows.items()]
        return codec.pack([self._root, self._next, windows])

    @classmethod
    def restore(cls, snapshot: bytes) -> ReceiveChain:
        """Undo ``snapshot``."""
        root, following, windows = _fields(snapshot, 3)
        chain = cls(root, following)
        for epoch, tags, ratchet, at, seen, indices, keys in windows:
            window = _Window(tags, ratchet, at, seen - 1, dict(zip(indices, keys, strict=True)))
            chain._keep(epoch, window)
        return chain

    def _open_window(self, epoch: int) -> list[bytes]:
        window = _Window(derive(self._root, "tags"), derive(self._root, "chain"))
        self._keep(epoch, window)
        return list(window.tags.values())

    def _keep(self, epoch: int, window: _Window) -> None:
        self._windows[epoch] = window
        self._places.update({tag: (epoch, index) for index, tag in window.tags.items()})

    def _moved(self, epoch: int, delta: TagDelta) -> TagDelta:
        for tag in delta.removed:
            del self._places[tag]
        window = self._windows[epoch]
        first = max(window.tags, default=-1) + 1 - len(delta.added)
        self._places.update({tag: (epoch, first + offset) for offset, tag in enumerate(delta.added)})
        return delta


def _tag(key: bytes, index: int) -> bytes:
    return derive(key, "tag", index.to_bytes(4, "big"), size=GEOMETRY.cell_tag)


def _mark(key: bytes, binding: bytes, nonce: bytes) -> bytes:
    return derive(key, "mark", binding, nonce, size=MARK_BYTES)


def _message_key(chain: bytes) -> bytes:
    return derive(chain, "message")


def _cipher(message_key: bytes) -> AESSIV:
    """AES-256-SIV (RFC 5297). A message key is meant for one cell, and a copy of this home may seal another
    with it: that shows whoever sees both nothing but that they differ."""
    return AESSIV(derive(message_key, "box", size=64))


def _bound(tag: bytes, epoch: int) -> bytes:
    return tag + epoch.to_bytes(GEOMETRY.epoch, "big")


def _fields(snapshot: bytes, count: int) -> list[Any]:
    value = codec.unpack(snapshot, _LIMIT)
    assert isinstance(value, list) and len(value) == count, "our own snapshot"
    return value
