"""A mesh around a node, as its membership sees it: a map, and links that nothing is made of."""

from __future__ import annotations

from dataclasses import dataclass, field

from p2pchat.crypto.descriptor import DescriptorKey
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import HopId, LinkId

OWN, NEAR, FAR = HopId(b"own here"), HopId(b"near her"), HopId(b"far away")
AT = LinkId(1)
KEY = DescriptorKey.generate(SeededEntropy("surroundings"))


@dataclass
class Place:
    """Ours on a map: one neighbour at link 1, and one beyond it."""

    id: HopId = OWN
    links: dict[HopId, list[HopId]] = field(
        default_factory=lambda: {OWN: [NEAR], NEAR: [OWN, FAR], FAR: [NEAR]}
    )
    at: LinkId = AT

    @property
    def reachable(self) -> int:
        return len(self.links)

    def confirmed_links(self) -> dict[HopId, list[HopId]]:
        return self.links

    def link_to(self, node: HopId) -> LinkId | None:
        return self.at if node == NEAR else None

    def name_at(self, link: LinkId) -> HopId | None:
        return NEAR if link == self.at else None

    def verify_key(self, node: HopId) -> bytes | None:
        return KEY.public

    def sign_ticket(self, walk_key: bytes, key: bytes, vacant: bool) -> bytes:
        return KEY.sign_ticket(walk_key, key, vacant)


class Around:
    """Without a place there is no map yet."""

    def __init__(self, place: Place | None = None) -> None:
        self.place = place

    def own_position(self, now: float) -> Place | None:
        return self.place

    def position_of(self, name: HopId) -> Place | None:
        return self.place if name == OWN else None

    def is_idle(self, link: LinkId) -> bool:
        return True

    def is_stem_start(self, link: LinkId) -> bool:
        return False

    def is_needed(self, link: LinkId, now: float) -> bool:
        return False

    def leads_to_contact(self, link: LinkId) -> bool:
        return False
