"""The constants of Plumtree's tree.

Knows: when a link is pruned and grafted, how long an announcement and a fetch wait, and where each figure
comes from. Does not know: links or cells.
"""

from __future__ import annotations

from p2pchat.data import dataclass


@dataclass(frozen=True, slots=True)
class Damping:
    """The constants of the tree, in one value so that the simulator can try others."""

    lead_s: float = 0.030
    """A link that gains less than this per cell is pruned. Simulated, N = 50 to 10 000: 1.1 to 1.2 copies of
    a cell per node in 1.6 to 1.7 times the time of flooding; 0.010 takes 1.7 to 2 copies and 1.2 times."""
    lead_cap_s: float = 0.150
    """A cell that came by no other link within this time counts as so much sooner: more than any link's 120
    ms."""
    score_gap_s: float = 0.1
    """Of cells that come more densely only one in this time is counted: a long text in a hundred cells is one
    source, and a tree that fits one source fits no other."""
    crossings_min: int = 12
    crossings_max: int = 32
    """Cells counted before a link may be proposed, half as many before a proposal is taken up, and those over
    which the lead is averaged."""
    crossings_kept: int = 4
    """What is kept of them when a link was pruned: now the others may gain more."""
    hold_cells: tuple[int, int] = (10, 20)
    hold_s: tuple[float, float] = (1.0, 2.0)
    """After a PRUNE the next is proposed so many counted cells and seconds later, both drawn, and none is
    taken up in the lesser of each: the tree changes in one place at a time."""
    retry_cells: int = 4
    """After a proposal that was not taken up."""
    batch_s: tuple[float, float] = (0.25, 1.0)
    """Ids wait this long for company: a frame for each would quadruple the traffic."""
    patience_s: tuple[float, float] = (1.0, 2.0)
    """A cell that was announced is asked for when it has not come by itself in this time; longer than the
    slowest way through a tree of a thousand (1.2 s)."""
    retry_s: float = 1.0
    """Then the node asks the next announcer: more than a round trip of 2 × 120 ms and its queues."""
    late_s: tuple[float, float] = (0.0, 0.3)
    """Cells recovered late come by no push: ask soon, but not all nodes in the same moment."""
    misses: int = 3
    miss_window_s: float = 5.0
    """So many fetches from one neighbour within this time, and it is asked to push."""
