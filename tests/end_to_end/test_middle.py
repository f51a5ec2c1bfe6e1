"""An attacker ends DTLS on both legs and passes every frame on: the link is refused all the same.

To get there at all he would have to alter sealed offers, which he cannot. Here he is given that, and the two
ends' link keys agree; what gives him away is the two certificates that each end saw.
"""

from __future__ import annotations

import asyncio
from typing import TypeVar

import pytest

from p2pchat.core.link.link import Link
from p2pchat.core.values.inputs import AnswerMade, FrameReceived, FramesDrained, Input, LinkUp, OfferMade
from p2pchat.crypto.sealing import LinkKeys, Role
from p2pchat.errors import Unreadable
from p2pchat.net.engines import make_engine
from p2pchat.net.engines.port import Policy
from p2pchat.net.links import WebRtcLinks
from p2pchat.types import LinkId

pytestmark = pytest.mark.real

LINK = LinkId(1)
F = TypeVar("F", bound=Input)


class End:
    """One end of one DTLS connection."""

    def __init__(self) -> None:
        self._facts: asyncio.Queue[Input] = asyncio.Queue()
        self.links = WebRtcLinks(self._facts.put_nowait, make_engine("aiortc", Policy()))

    async def next(self, kind: type[F]) -> F:
        async with asyncio.timeout(20):
            while not isinstance(input := await self._facts.get(), kind):
                assert isinstance(input, FramesDrained)
        return input


async def connected(offerer: End, answerer: End) -> tuple[LinkUp, LinkUp]:
    offerer.links.make_offer(LINK)
    answerer.links.make_answer(LINK, (await offerer.next(OfferMade)).description)
    offerer.links.accept_answer(LINK, (await answerer.next(AnswerMade)).description)
    return await offerer.next(LinkUp), await answerer.next(LinkUp)


def link(role: Role) -> Link:
    return Link(LinkKeys.from_secrets(b"mesh secret", b"s" * 64, b"offer blob", b"answer blob"), role)


async def deliver(frames: list[bytes], sender: End, ends: list[End], receiver: End) -> bytes:
    """Send frames and have everyone between pass them on."""
    (frame,) = frames
    sender.links.send_frame(LINK, frame)
    for incoming, outgoing in zip(ends[::2], ends[1::2], strict=True):
        outgoing.links.send_frame(LINK, (await incoming.next(FrameReceived)).data)
    return (await receiver.next(FrameReceived)).data


async def test_the_same_frames_confirm_a_direct_link_and_not_one_through_the_middle() -> None:
    alice, bob, his_left, his_right, ann, ben = ends = [End() for _ in range(6)]
    try:
        ann_up, ben_up = await connected(ann, ben)
        offerer, answerer = link("offerer"), link("answerer")
        hello = offerer.on_open(ann_up.own_fingerprint, ann_up.peer_fingerprint, 0.0)
        answerer.on_open(ben_up.own_fingerprint, ben_up.peer_fingerprint, 0.0)
        answerer.receive(await deliver(hello, ann, [], ben), 0.0)
        assert answerer.confirmed

        alice_up, _ = await connected(alice, his_left)
        _, bob_up = await connected(his_right, bob)
        offerer, answerer = link("offerer"), link("answerer")
        hello = offerer.on_open(alice_up.own_fingerprint, alice_up.peer_fingerprint, 0.0)
        welcome = answerer.on_open(bob_up.own_fingerprint, bob_up.peer_fingerprint, 0.0)
        with pytest.raises(Unreadable):
            answerer.receive(await deliver(hello, alice, [his_left, his_right], bob), 0.0)
        with pytest.raises(Unreadable):
            offerer.receive(await deliver(welcome, bob, [his_right, his_left], alice), 0.0)
        assert not (offerer.confirmed or answerer.confirmed)
    finally:
        await asyncio.gather(*(end.links.aclose() for end in ends))
