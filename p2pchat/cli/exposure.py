"""What each party learns about the user, under the settings that are in force.

Knows: the promises of the profiles and paths, in plain words. Does not know: how they are kept
(docs/threat-model.md says by which test each is shown).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

GUESSED: Final = {"fast": (12, 24, 35), "balanced": (8, 17, 27), "strong": (3, 6, 13)}
"""Per cent of cells whose writer a tenth, a fifth, three tenths of all nodes, working together, name right in
a mesh of a thousand (docs/threat-model.md; rounded up)."""


@dataclass(frozen=True, slots=True)
class Exposure:
    party: str
    learns: str
    does_not: str

    def record(self) -> dict[str, str]:
        """As a script sees it."""
        return asdict(self)


def exposures(status: Mapping[str, Any]) -> list[Exposure]:
    """For each party; ``status`` as of ``node.status``."""
    return [
        _rendezvous(status),
        *([_turn(status)] if status["paths"]["turn"] else []),
        _neighbours(status),
        *(_members(mesh) for mesh in status["meshes"]),
        Exposure(
            "contacts",
            "what you write to them, when your node answers, and that it is online",
            "your address; where in the mesh you are; whom else you know",
        ),
        _line(status),
    ]


def _rendezvous(status: Mapping[str, Any]) -> Exposure:
    address = "your proxy's address" if status["paths"]["proxied"] else "your address"
    return Exposure(
        "rendezvous",
        f"{address}, when you look for links, how many sit at the same random topic for six hours",
        "whom you know, offers, names, anything you write",
    )


def _turn(status: Mapping[str, Any]) -> Exposure:
    address = "your proxy's address" if status["paths"]["proxied"] else "your address"
    return Exposure("TURN server", f"{address}, your neighbours' addresses, how much passes", "what passes")


def _neighbours(status: Mapping[str, Any]) -> Exposure:
    address = "your TURN server's address" if status["paths"]["relay_only"] else "your address"
    return Exposure(
        "each neighbour",
        f"{address}, when frames pass, that some of them may be yours",
        "which are yours, for whom they are, what they say, who you are",
    )


def _members(mesh: Mapping[str, Any]) -> Exposure:
    who = f"members of mesh {mesh['mesh'][:8]}"
    crowd, stem = mesh.get("crowd", 1), mesh.get("stem")
    if stem is None or stem["state"] == "none":
        hidden = f"you hide among nobody: the mesh as you see it has {crowd}, too few for a stem"
        return Exposure(
            who, "which cells you write, and when, if they compare notes", f"what they say ({hidden})"
        )
    low, middle, high = GUESSED[mesh["profile"]]
    short = ", shorter than your profile wants" if stem["state"] == "short" else ""
    return Exposure(
        who,
        f"a guess at who wrote a cell: right {low} % of the time if a tenth of 1000 collude, {middle} % "
        f"if a fifth, {high} % if three tenths; oftener in a smaller mesh",
        f"more than that: you hide among {crowd} behind a stem of {stem['hops']} hops{short}",
    )


def _line(status: Mapping[str, Any]) -> Exposure:
    profiles = {mesh.get("profile") for mesh in status["meshes"]}
    learns = "that you use WebRTC, to which addresses, how many frames when"
    if profiles == {"strong"}:
        return Exposure(
            "who watches your line", learns, "when you write: a clock of your node's sends at random moments"
        )
    return Exposure("who watches your line", f"{learns}; and so may see when you write", "what, or to whom")
