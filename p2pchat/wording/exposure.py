"""What each party learns about the user, under the settings that are in force.

Knows: the promises of the profiles and paths, in plain words. Does not know: how they are kept
(docs/threat-model.md names the test of each promise).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from p2pchat.control.answers import MembershipInfo, NodeInfo
from p2pchat.control.values import given
from p2pchat.data import dataclass

GUESSED: Final = {
    "fast": ((12, 24, 35), (12, 24, 35)),
    "balanced": ((3, 8, 15), (7, 18, 26)),
    "strong": ((3, 6, 11), (3, 8, 12)),
}
"""Per cent of writers that a tenth, a fifth or three tenths of the nodes of a mesh of a thousand identify
when they collude: from one cell, and from ten cells that they know to have one writer. Measured
(docs/threat-model.md, colluding relays), rounded up."""


FEW = 10
"""In a smaller mesh a random guess is right so often that figures of large meshes say nothing."""


@dataclass(frozen=True, slots=True)
class Exposure:
    party: str
    learns: str
    does_not: str

    def to_fields(self) -> dict[str, str]:
        """The fields that ``--json`` prints."""
        return asdict(self)


def exposures(status: NodeInfo) -> list[Exposure]:
    """The exposure to each party; ``status`` is the answer to ``node.status``."""
    return [
        *([_rendezvous(status)] if status.rendezvous or status.lan is None else []),
        *([_turn("TURN server", status)] if status.paths.turn else []),
        *([_turn("TURN server of the rendezvous", status)] if given(status.paths.turn_hinted) else []),
        *([_NETWORK] if status.paths.lan else []),
        *([_SCANNER] if status.listen else []),
        _neighbour(status),
        *(_members(mesh) for mesh in status.meshes),
        Exposure(
            "contacts",
            "what you write to them, when your node answers, that it is online; and that all those cells "
            "are yours, which helps relays that they work with. A neighbour that you verified also learns "
            "that you are its neighbour",
            "your address and place in the mesh, unless they are a neighbour too; your other contacts",
        ),
        _line(status),
    ]


def hidden(mesh: MembershipInfo) -> str:
    """How well a mesh hides that a message comes from here."""
    if mesh.hidden is None:
        return "no stem: this node broadcasts its own messages, so others see who writes"
    profile, among, stem = mesh.hidden
    if stem.hops == 0:
        return f"{profile}: what you write waits for {_awaited(mesh)}"
    if stem.state == "none":
        return f"{profile}, but no stem: in a mesh of {among}, others see who writes"
    short = " (shorter than it should be)" if stem.state == "short" else ""
    begins = ", the first a contact" if stem.by_contact else ""
    return f"{profile}: a stem of {stem.hops} hops{short}{begins}, hidden among {among}"


def hidden_in_short(meshes: Sequence[MembershipInfo]) -> tuple[str, str]:
    """How the mesh that hides least hides a writer: in a sentence, and in a few words."""
    worst = min(meshes, key=_hides, default=None)
    if worst is None:
        return "", ""
    how = worst.hidden
    if how is not None and how.stem.hops == 0:
        return f"what you write waits for {_awaited(worst)}", f"waits for {_awaited(worst)}"
    if how is None or how.stem.state == "none":
        few = f": only {how.among} computers in the mesh" if how is not None else ": no stem"
        return f"who writes is not hidden{few}", "not hidden"
    few = ": few" if how.stem.state == "short" else ""
    return f"hidden among {how.among} computers{few}", f"hidden among {how.among}"


def _awaited(mesh: MembershipInfo) -> str:
    """What is missing: without it no stem begins, and nothing of ours leaves."""
    return "a neighbour's keys" if mesh.links else "a link"


def _hides(mesh: MembershipInfo) -> int:
    """The number of nodes among which a writer is hidden; 0: others see the writer."""
    return 0 if mesh.hidden is None or _without_stem(mesh) else mesh.hidden.among


def _rendezvous(status: NodeInfo) -> Exposure:
    address = "your proxy's address" if status.paths.proxied else "your address"
    one = "" if status.separate else ", and that all your places there belong to one connection"
    return Exposure(
        "rendezvous",
        f"{address}, when you look for links, the addresses that pair with you and that meet where you do, "
        f"also over the hours{one}; with the help of a present or removed member, your offers",
        "names, keys, anything you write",
    )


_SCANNER: Final = Exposure(
    "programs that scan this machine's ports (listen)",
    "that a rendezvous runs here; if they also watch your line, which addresses meet here",
    "its owner, your meshes and contacts; they cannot use it for themselves",
)

_NETWORK: Final = Exposure(
    "others on your own network (lan)",
    "that p2pchat runs here, at which address, and when; the number of an open invite; if they also watch "
    "your line, which machines meet",
    "your name, your contacts, your meshes or whether two machines share one; what you write",
)


def _turn(party: str, status: NodeInfo) -> Exposure:
    address = "your proxy's address" if status.paths.proxied else "your address"
    learns = f"{address}, your neighbours' addresses, how much passes, for links that go through it"
    return Exposure(party, learns, "what passes")


def _neighbour(status: NodeInfo) -> Exposure:
    address = "your TURN server's address" if status.paths.relay_only else "your address"
    cells = "which are yours (a guess is not certain), their recipients, their texts"
    answers = (
        "" if _on_clock(status) else "; and, if it knows when a message came for you, that you answer it"
    )
    if any(_without_stem(mesh) for mesh in status.meshes):
        return Exposure(
            "each neighbour",
            f"{address}, when frames pass, and, where the mesh is too small for a stem, which are yours",
            "for whom they are, what they say",
        )
    return Exposure(
        "each neighbour", f"{address}, when frames pass, that some of them may be yours{answers}", cells
    )


def _on_clock(status: NodeInfo) -> bool:
    """Whether frames leave here at the ticks of the profile's clock only."""
    profiles = {mesh.hidden and mesh.hidden.profile for mesh in status.meshes} or {status.profile}
    return profiles == {"strong"}


def _without_stem(mesh: MembershipInfo) -> bool:
    return mesh.hidden is None or mesh.hidden.stem.state == "none"


def _members(mesh: MembershipInfo) -> Exposure:
    who = f"members of mesh {mesh.mesh[:8]}"
    how = mesh.hidden
    anonymity_set = how.among if how is not None else 1
    if how is not None and how.stem.hops == 0:
        waits = f"what you write: it stays on this machine until the node has {_awaited(mesh)}"
        return Exposure(who, "nothing of yours at the moment", waits)
    if how is None or how.stem.state == "none":
        hidden = f"you are not hidden: the mesh as you see it has {anonymity_set}, too few for a stem"
        return Exposure(
            who, "which cells you write, and when, if they compare notes", f"what they say ({hidden})"
        )
    stem = how.stem
    short = ", shorter than your profile wants" if stem.state == "short" else ""
    if anonymity_set < FEW:
        return Exposure(
            who,
            f"many of the writers: you hide among {anonymity_set}, and a blind guess is right one time in "
            f"{max(anonymity_set - 1, 1)}; invite more people",
            f"more than a guess, behind a stem of {stem.hops} hops{short}",
        )
    (low, middle, high), linked = GUESSED[how.profile]
    return Exposure(
        who,
        f"a guess at who wrote a cell: right about {low} % of the time if a tenth of 1000 collude, "
        f"{middle} % if a fifth, {high} % if three tenths; {linked[0]}, {linked[1]} and {linked[2]} % if "
        "they can tell that ten cells have one writer; oftener in a smaller mesh, or if they have watched "
        "for hours",
        f"more than that: you hide among {anonymity_set} behind a stem of {stem.hops} hops{short}"
        f"{', and the first is a contact, so they guess worse' if stem.by_contact else ''}",
    )


def _line(status: NodeInfo) -> Exposure:
    learns = "that you use WebRTC, to which addresses, how many frames when"
    if _on_clock(status):
        return Exposure(
            "observers of your line", learns, "when you write: a clock of your node's sends at random moments"
        )
    return Exposure(
        "observers of your line",
        f"{learns}; and so may see when you write",
        "what you write, and to which contact",
    )
