"""What each party learns about the user, under the settings that are in force.

Knows: the promises of the profiles and paths, in plain words. Does not know: how they are kept
(docs/threat-model.md says by which test each is shown).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

GUESSED: Final = {
    "fast": ((12, 24, 35), (12, 24, 35)),
    "balanced": ((3, 8, 15), (7, 18, 26)),
    "strong": ((3, 6, 11), (3, 8, 12)),
}
"""Per cent of writers whom a tenth, a fifth, three tenths of all nodes, working together, name right in a
mesh of a thousand: by one cell, and by ten that they know to be of one. Measured (docs/threat-model.md,
colluding relays), rounded up."""


FEW = 10
"""Among fewer, guessing at random is right too often for anything measured in large meshes to matter."""


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
        *([_NETWORK] if status["paths"].get("lan") else []),
        *([_SCANNER] if status.get("listen") else []),
        _neighbour(status),
        *(_members(mesh) for mesh in status["meshes"]),
        Exposure(
            "contacts",
            "what you write to them, when your node answers, that it is online; and that all those cells are "
            "yours, which helps relays that they work with. A neighbour whom you verified also learns that "
            "it is you who are there",
            "your address and where in the mesh you are, unless they are a neighbour too; whom else you know",
        ),
        _line(status),
    ]


def hidden(mesh: Mapping[str, Any]) -> str:
    """How well it is hidden, in a mesh, who writes here."""
    if "stem" not in mesh:
        return "no stem: cells are broadcast where they are written"
    hops, crowd = mesh["stem"]["hops"], mesh["crowd"]
    if mesh["stem"]["state"] == "none":
        return f"{mesh['profile']}, but no stem: in a mesh of {crowd}, others see who writes"
    short = " (shorter than it should be)" if mesh["stem"]["state"] == "short" else ""
    begins = ", the first a contact" if mesh["stem"].get("by_contact") else ""
    return f"{mesh['profile']}: a stem of {hops} hops{short}{begins}, hidden among {crowd}"


def hidden_in_short(meshes: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """The same of all meshes in a sentence, and in a few words: what holds in the one that hides least."""
    worst = min(meshes, key=_hides, default=None)
    if worst is None:
        return "", ""
    if not _hides(worst):
        crowd = worst.get("crowd", 0)
        few = f": only {crowd} computers in the mesh" if crowd else ": no stem"
        return f"who writes is not hidden{few}", "not hidden"
    few = ": few" if worst["stem"]["state"] == "short" else ""
    return f"hidden among {worst['crowd']} computers{few}", f"hidden among {worst['crowd']}"


def _hides(mesh: Mapping[str, Any]) -> int:
    """Among how many a writer is hidden; 0: others see who writes."""
    return 0 if _without_stem(mesh) else int(mesh["crowd"])


def _rendezvous(status: Mapping[str, Any]) -> Exposure:
    address = "your proxy's address" if status["paths"]["proxied"] else "your address"
    one = "" if status.get("separate") else ", and that one connection holds all your seats"
    return Exposure(
        "rendezvous",
        f"{address}, when you look for links, who pairs with you (by address), who sits where you do, also "
        f"over the hours{one}; with the help of a member, or of one who was removed, your offers",
        "names, keys, anything you write",
    )


_SCANNER: Final = Exposure(
    "whoever tries this machine's ports (listen)",
    "that a rendezvous stands here; who listens on the very line, also which addresses meet here",
    "whose it is, your meshes and contacts; they cannot use it for themselves",
)

_NETWORK: Final = Exposure(
    "whoever is on your own network (lan)",
    "that p2pchat runs here, at which address, and when; the number of an open invite; who listens on the "
    "very line, also which machines meet",
    "your name, your contacts, which meshes you are in or whether another's is the same; what you write",
)


def _turn(status: Mapping[str, Any]) -> Exposure:
    address = "your proxy's address" if status["paths"]["proxied"] else "your address"
    return Exposure("TURN server", f"{address}, your neighbours' addresses, how much passes", "what passes")


def _neighbour(status: Mapping[str, Any]) -> Exposure:
    address = "your TURN server's address" if status["paths"]["relay_only"] else "your address"
    cells = "which are yours (a guess is not certain), for whom they are, what they say"
    answers = "" if _on_clock(status) else "; and, if it knows when a cell came for you, that you answer it"
    if any(_without_stem(mesh) for mesh in status["meshes"]):
        return Exposure(
            "each neighbour",
            f"{address}, when frames pass, and, where the mesh is too small for a stem, which are yours",
            "for whom they are, what they say",
        )
    return Exposure(
        "each neighbour", f"{address}, when frames pass, that some of them may be yours{answers}", cells
    )


def _on_clock(status: Mapping[str, Any]) -> bool:
    """Whether nothing leaves here but when the profile's clock ticks."""
    profiles = {mesh.get("profile") for mesh in status["meshes"]} or {status.get("profile")}
    return profiles == {"strong"}


def _without_stem(mesh: Mapping[str, Any]) -> bool:
    """Also of a node that does not say."""
    stem = mesh.get("stem")
    return stem is None or stem["state"] == "none"


def _members(mesh: Mapping[str, Any]) -> Exposure:
    who = f"members of mesh {mesh['mesh'][:8]}"
    crowd = mesh.get("crowd", 1)
    if _without_stem(mesh):
        hidden = f"you hide among nobody: the mesh as you see it has {crowd}, too few for a stem"
        return Exposure(
            who, "which cells you write, and when, if they compare notes", f"what they say ({hidden})"
        )
    stem = mesh["stem"]
    short = ", shorter than your profile wants" if stem["state"] == "short" else ""
    if crowd < FEW:
        return Exposure(
            who,
            f"much of who writes what: you hide among {crowd}, and a blind guess is right one time in "
            f"{max(crowd - 1, 1)}; invite more people",
            f"more than a guess, behind a stem of {stem['hops']} hops{short}",
        )
    (low, middle, high), linked = GUESSED[mesh["profile"]]
    return Exposure(
        who,
        f"a guess at who wrote a cell: right about {low} % of the time if a tenth of 1000 collude, "
        f"{middle} % if a fifth, {high} % if three tenths; {linked[0]}, {linked[1]} and {linked[2]} % if "
        "they can tell that ten cells have one writer; oftener in a smaller mesh, or if they have watched "
        "for hours",
        f"more than that: you hide among {crowd} behind a stem of {stem['hops']} hops{short}"
        f"{', and the first is a contact, so they guess worse' if stem.get('by_contact') else ''}",
    )


def _line(status: Mapping[str, Any]) -> Exposure:
    learns = "that you use WebRTC, to which addresses, how many frames when"
    if _on_clock(status):
        return Exposure(
            "who watches your line", learns, "when you write: a clock of your node's sends at random moments"
        )
    return Exposure("who watches your line", f"{learns}; and so may see when you write", "what, or to whom")
