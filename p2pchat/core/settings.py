"""What a person may choose about a node's place in the mesh.

Knows: the choices and their bounds. Does not know: where they are read from.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """One value per running node."""

    links_wanted: int = 5
    """Links a node keeps up by its own effort. Five keep random graphs of thousands connected (protocol,
    section 3)."""
    links_max: int = 8
    """Links a node lets others talk it into; beyond this offers are left unanswered."""

    def __post_init__(self) -> None:
        if not 1 <= self.links_wanted <= self.links_max <= 64:
            raise ValueError("need 1 <= links_wanted <= links_max <= 64")
