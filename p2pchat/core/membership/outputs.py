"""What happens among a node's neighbours, and what they want done.

Knows: the vocabulary. Does not know: what follows from it (``active_view``, ``mesh``).
"""

from __future__ import annotations

from dataclasses import field

from p2pchat.core.membership.neighbour import Endpoint, Neighbour
from p2pchat.core.values.effects import AcceptAnswer, CloseLink, MakeAnswer, MakeOffer, SendFrame
from p2pchat.data import dataclass
from p2pchat.types import LinkId, NodeId
from p2pchat.wire.control import Control
from p2pchat.wire.frame import Frame
from p2pchat.wire.offer import Offer


@dataclass(frozen=True, slots=True)
class SendBlob:
    """Pass a sealed blob, ``GEOMETRY.blob`` bytes, on that way."""

    at: Endpoint
    blob: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PeerIdentified:
    """The node at the other end of that way turned out to be this node."""

    at: Endpoint
    node: NodeId


@dataclass(frozen=True, slots=True)
class OfferReceived:
    """A node we have no link with offers one: ``accept`` it or ``decline`` it."""

    at: Endpoint
    offer: Offer
    blob: bytes = field(repr=False)
    sought: bool = False
    """It takes the place of one that we have sought ourselves."""
    among: int = 0
    """As that one's."""
    anew: bool = False
    """It takes the place of a link that there is."""


@dataclass(frozen=True, slots=True)
class Opened:
    """Cells may travel over this link from now on, or again."""

    neighbour: Neighbour


@dataclass(frozen=True, slots=True)
class Sought:
    """We drew a neighbour that we had not sought: now we have."""

    neighbour: Neighbour


@dataclass(frozen=True, slots=True)
class Unsought:
    """A neighbour that we sought no longer counts as sought: another may be drawn in its place."""

    neighbour: Neighbour


@dataclass(frozen=True, slots=True)
class Closed:
    """A link that counted is gone, or so quiet that no part should count on it. ``broken``: without a
    word."""

    neighbour: Neighbour
    broken: bool


@dataclass(frozen=True, slots=True)
class AttemptFailed:
    """An attempt came to nothing. ``answered``: the other side was there and said no."""

    neighbour: Neighbour
    answered: bool


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A cell's frame, or a neighbour's word that is not about the link itself."""

    link: LinkId
    message: Frame | Control = field(repr=False)


Output = (
    MakeOffer
    | MakeAnswer
    | AcceptAnswer
    | SendFrame
    | CloseLink
    | SendBlob
    | PeerIdentified
    | OfferReceived
    | Opened
    | Sought
    | Unsought
    | Closed
    | AttemptFailed
    | MessageReceived
)
