"""What a person may choose about a node's place in the mesh.

Knows: the choices and their bounds. Does not know: where they are read from.
"""

from __future__ import annotations

from p2pchat.core.values.profile import Profile
from p2pchat.crypto.stamp import BITS_MAX
from p2pchat.data import dataclass
from p2pchat.wire.topology import LINKS_MAX

GUESTS = 1
"""Places for nodes that come to our seat, beside ``links_max``: a mesh takes newcomers in, however full it
is."""

RENDEZVOUS_LINKS = 1
"""Links kept with nodes that a rendezvous showed us, beside ``links_wanted``: two halves of a torn mesh may
have no others between them."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One value per running node."""

    links_wanted: int = 3
    """Links a node keeps up by its own effort, each found by a walk. A random graph in which every node
    chooses three is connected at any size, and stays so without any two of its nodes (Fenner and
    Frieze, "On the connectivity of random m-orientable graphs and digraphs", 1982)."""
    links_max: int = 6
    """Links it accepts of those whose walks end here: twice what it seeks, so that honest seekers, three for
    each node, find room at once where they come (decision 0032)."""
    walks: bool = True
    """Seek links by random walks, and answer others' walks. Without, links come from the rendezvous alone."""
    stamp_bits: int = 0
    """Work that a cell must show to be handed on, in bits; every member of the mesh must ask for the same."""
    hold_bytes: int = 128 << 20
    """The store of each mesh for absent members, in bytes of cells (925 each). 128 MB are a day at
    50 members with a message a minute each, 1.2 hours at a thousand; they take 18 MB of memory and 149 MB of
    disk (scripts/bench/hold)."""

    contact_bytes: int = 256 << 20
    """Of disk that one contact may fill in a day: 480 texts of 64 KiB, or 240 000 short ones."""

    profile: Profile | None = None
    """How well the writer here is hidden, and at what cost. None, for measuring the broadcast by itself:
    cells enter it at their writer, and the node is on no stem."""

    separate: bool = False
    """Whether each topic at a rendezvous gets a connection of its own, which costs as many connections."""

    listen: int | None = None
    """The TCP port at which this node is a rendezvous for its meshes, and tells its neighbours so."""
    visits: bool = True
    """Look for members where they were seen to listen, when there is no link at all."""

    lan: bool = False
    """Look for others on this machine's own network, and be found there."""

    keep_versions: bool = False
    """Keep what a line said before it was corrected or withdrawn."""

    mesh_file_bytes: int = 1 << 20
    """The largest file that goes through the mesh: 1300 cells, each kept by all members for a day."""

    def __post_init__(self) -> None:
        if not 1 <= self.links_wanted <= self.links_max <= LINKS_MAX:
            raise ValueError(f"need 1 <= links_wanted <= links_max <= {LINKS_MAX}")
        if self.hold_bytes < 0:
            raise ValueError("need hold_bytes >= 0")
        if self.contact_bytes < 1 << 20:
            raise ValueError("need contact_bytes >= 1 MiB")
        if not 0 <= self.stamp_bits <= BITS_MAX:
            raise ValueError(f"need 0 <= stamp_bits <= {BITS_MAX}")
