"""How many cells each neighbour may send us: credit, which it gets before it uses it.

Knows: what this node takes in from a mesh, and how links share it. Does not know: what a cell is, or what
waits to leave (it is told).

Links that want credit take turns, and an idle one takes none: one busy link gets all, several get a share
each (max-min). A link whose cells wait where they leave fastest gets little until they are gone, so that a
node that writes more than the lines carry waits itself, hop by hop.

::

    ample ──used up but for a step──► wants ──its turn, bucket not empty──► ample
                                        │ its cells wait: LITTLE each FLOOR_S
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from p2pchat.core.kit.budget import Budget
from p2pchat.core.kit.table import Table
from p2pchat.data import dataclass
from p2pchat.types import LinkId

LEAST: Final = 64.0
"""Cells a second that a node takes in, at least: a bad line carries 60 (measured)."""
MOST: Final = 1600.0
"""And at most: a chain of five nodes carries 1580 (measured)."""
ALL_NODES: Final = 16_000.0
"""Cells a second that a flood may cost all nodes of a mesh together: 1600 each for ten, 80 each for two
hundred."""
PER_MEMBER: Final = 1 / 15
"""Cells a second for each member, without an upper limit: twice a message and its receipt a minute."""

SAVED: Final = 512.0
"""What is saved while little comes: six texts of 64 KiB."""

FIRST: Final = 64
"""Credit of a new link, which both ends know without a word."""

WINDOW_S: Final = 0.25
"""So long a link at full rate may go on without a word from us: a round trip of 2 x 120 ms."""
WINDOW_LEAST, WINDOW_MOST = 32, 512

STEP: Final = 16
"""Cells that credit is given for at a time: a control frame for each step is 6 %."""
LITTLE: Final = 4
"""And where it is short, or the link's cells wait."""
LEAN: Final = 8
"""Credit ahead of use, at least, where it is short."""

WAIT_S: Final = 0.1
"""Cells of a link that wait longer than this where they leave fastest hold its credit back: over seven hops
that is less than a second."""
FLOOR_S: Final = 0.25
"""A link gets ``LITTLE`` this often all the same: a ring of full nodes would else wait for ever."""
LOOK_S: Final = 0.05
"""Between looks at links that are held back."""

LATELY_S: Final = 1.0
"""Over so long it is averaged what a link brings."""

OWN_AHEAD: Final = 16
"""Cells of our own that a link takes before their turn; others wait where they may still take another way."""

KNOWN_MAX: Final = 64
"""Credit that a link gets back at a time for cells that were here already."""

ACCOUNTS_CAP: Final = 64
"""Links whose account is kept, also while they are quiet: both ends go on counting where they were."""


def cells_per_s(members: int) -> float:
    """What a node takes in, in a mesh of so many."""
    return min(MOST, max(LEAST, ALL_NODES / max(1, members), PER_MEMBER * members))


@dataclass(slots=True)
class _CreditAccount:
    """The account of one link."""

    received: int = 0
    granted: int = FIRST
    granted_at: float = float("-inf")
    known: int = 0
    """Cells that came and were here already: their credit is given back outside the bucket."""
    _rate: float = 0.0
    _rated_at: float = 0.0

    def update_rate(self, now: float, more: int = 0) -> float:
        """Cells a second that it brought lately; ``more`` just came."""
        gone = max(0.0, now - self._rated_at)
        self._rate = self._rate * max(0.0, 1.0 - gone / LATELY_S) + more / LATELY_S
        self._rated_at = now
        return self._rate

    @property
    def left(self) -> int:
        return self.granted - self.received


class Grants:
    """The credit that links of one mesh have. ``waiting``: how many cells of a link wait where they leave
    fastest."""

    def __init__(self, waiting: Callable[[LinkId], int]) -> None:
        self._waiting = waiting
        self._bucket = Budget(0.0, cells_per_s(1), SAVED)
        self._window = WINDOW_MOST
        self._accounts = Table[LinkId, _CreditAccount](ACCOUNTS_CAP)
        self._up: dict[LinkId, _CreditAccount] = {}
        self._wanting: dict[LinkId, None] = {}
        self.set_members(1)

    def set_members(self, count: int) -> None:
        """Note how many nodes are in the mesh, as far as is known."""
        rate = cells_per_s(count)
        self._bucket.set_rate(rate)
        self._window = int(min(WINDOW_MOST, max(WINDOW_LEAST, rate * WINDOW_S)))

    @property
    def window(self) -> int:
        """Credit that a link has ahead of use, at most."""
        return self._window

    @property
    def has_links(self) -> bool:
        """Whether any link counts."""
        return bool(self._up)

    def link_up(self, link: LinkId) -> None:
        """The link counts from now on, or again."""
        account = self._accounts.get(link) or _CreditAccount()
        self._accounts.put(link, account)
        self._up[link] = account
        if account.received:
            self._wanting[link] = None

    def link_down(self, link: LinkId) -> None:
        """A link no longer counts."""
        self._up.pop(link, None)
        self._wanting.pop(link, None)

    def share_left(self, link: LinkId) -> float:
        """What is left of what the link may bring at once, 0 to 1."""
        account = self._up.get(link)
        return min(1.0, account.left / self._window) if account is not None else 1.0

    # --- what comes

    def spend_credit(self, link: LinkId, now: float) -> bool:
        """A cell or an onion came. Whether there was credit for it, which is used up."""
        account = self._up.get(link)
        if account is None or account.left <= 0:
            return False
        account.received += 1
        account.update_rate(now, 1)
        self._wanting[link] = None
        return True

    def give_back(self, link: LinkId) -> None:
        """What came last was here already: it costs the line, and nothing that the mesh shares."""
        account = self._up.get(link)
        if account is not None:
            account.known = min(KNOWN_MAX, account.known + 1)

    # --- what is given

    def grant_due(self, now: float) -> Iterator[tuple[LinkId, int]]:
        """Whose credit grows, and up to how many cells since its link came up."""
        given: dict[LinkId, None] = {}
        held: dict[LinkId, None] = {}
        while self._wanting and self._bucket.tokens_left(now) >= LITTLE:
            link = next(iter(self._wanting))
            del self._wanting[link]
            account = self._up[link]
            step = self._step(account, now)
            if not step:
                continue
            if self._is_held(link, account, now):
                held[link] = None
                if now < account.granted_at + FLOOR_S:
                    continue
                step = LITTLE
            else:
                self._wanting[link] = None
            self._give(account, step, now)
            given[link] = None
        self._wanting.update(held)
        return ((link, self._up[link].granted) for link in given)

    def _step(self, account: _CreditAccount, now: float) -> int:
        """What the link lacks of what it may have ahead, in whole steps; ample while the bucket is, else for
        a round trip of what it brought lately."""
        ahead = self._window
        if self._bucket.tokens_left(now) <= SAVED / 2:
            ahead = int(min(ahead, max(LEAN, 2 * WINDOW_S * account.update_rate(now))))
        step = STEP if ahead >= 2 * STEP else LITTLE
        return step if account.left <= ahead - step else 0

    def _is_held(self, link: LinkId, account: _CreditAccount, now: float) -> bool:
        return self._waiting(link) > max(LITTLE, WAIT_S * account.update_rate(now))

    def _give(self, account: _CreditAccount, step: int, now: float) -> None:
        known = min(step, account.known)
        account.known -= known
        self._bucket.spend_tokens(step - known)
        account.granted += step
        account.granted_at = now

    def next_wakeup(self) -> float | None:
        """When ``grant_due`` may next have something to give."""
        if not self._wanting:
            return None
        return self._bucket.available_at(LITTLE) or self._bucket.at + LOOK_S
