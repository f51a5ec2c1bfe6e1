"""Two ends on this machine, each with an engine: they describe themselves to each other, and link."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from p2pchat.core.values.inputs import AnswerMade, FrameReceived, FramesDrained, Input, LinkUp, OfferMade
from p2pchat.net.engines import make_engine
from p2pchat.net.engines.port import Policy
from p2pchat.net.links import WebRtcLinks
from p2pchat.types import LinkId
from p2pchat.wire.description import Description
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.ice import parse_servers

ONE, TWO = LinkId(1), LinkId(2)
"""What either end calls the link between them."""

F = TypeVar("F", bound=Input)


class Side:
    """Links by one engine, and what they report."""

    def __init__(
        self,
        ice_servers: tuple[str, ...] = (),
        *,
        engine: str = "aiortc",
        relay_only: bool = False,
        proxy: str | None = None,
    ) -> None:
        self.received: asyncio.Queue[Input] = asyncio.Queue()
        made = make_engine(engine, Policy(relay_only, proxy))
        self.links = WebRtcLinks(self.received.put_nowait, made, parse_servers(ice_servers))

    async def next(self, kind: type[F]) -> F:
        """The next input of a kind; credit and frames on the way are passed over."""
        async with asyncio.timeout(20):
            while not isinstance(input := await self.received.get(), kind):
                assert isinstance(input, FramesDrained | FrameReceived), input
        return input


async def introduced(a: Side, b: Side) -> tuple[Description, Description]:
    """Offer and answer; the offerer has not heard of the answer."""
    a.links.make_offer(ONE)
    offer = await a.next(OfferMade)
    b.links.make_answer(TWO, offer.description)
    answer = await b.next(AnswerMade)
    return offer.description, answer.description


async def linked(a: Side, b: Side) -> tuple[LinkUp, LinkUp]:
    """A link between them."""
    _, answer = await introduced(a, b)
    a.links.accept_answer(ONE, answer)
    return await a.next(LinkUp), await b.next(LinkUp)


def frame(number: int) -> bytes:
    """Make a frame of the right size."""
    return number.to_bytes(4, "big") * (GEOMETRY.frame // 4)


def waiting(received: asyncio.Queue[Input]) -> list[Input]:
    """All that has been reported and not taken."""
    return [received.get_nowait() for _ in range(received.qsize())]
