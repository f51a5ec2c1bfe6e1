"""Virtual links: as late as was drawn, in order, and cut where the network is cut."""

from __future__ import annotations

from typing import TypeVar

import pytest

from p2pchat.core.values import inputs
from p2pchat.core.values.effects import AcceptAnswer, CloseLink, MakeAnswer, MakeOffer, SendFrame
from p2pchat.sim.agenda import Agenda
from p2pchat.sim.conditions import Conditions
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.sim.host import NatClass, SimulatedHost
from p2pchat.sim.links import CREDIT_BATCH, SimulatedLinks
from p2pchat.sim.store import NodeMemory
from p2pchat.sim.trace import Trace
from p2pchat.types import LinkId

F = TypeVar("F", bound=inputs.Input)

LINK = LinkId(1)


class Pair:
    """Two machines and what the link between them tells their nodes, when."""

    def __init__(
        self, conditions: Conditions, nats: tuple[NatClass, NatClass] = (NatClass.OPEN, NatClass.OPEN)
    ) -> None:
        self.agenda = Agenda(0.0)
        self.told: list[tuple[float, int, inputs.Input]] = []
        self.links = SimulatedLinks(self.agenda, conditions, SeededEntropy(1), Trace(), self._tell)
        store: NodeMemory = None  # type: ignore[assignment]
        self.a, self.b = (SimulatedHost(number, store, 0.0, nat) for number, nat in enumerate(nats))
        self.links.make_offer(self.a, MakeOffer(LINK))
        self.agenda.run(1.0)
        self.links.make_answer(self.b, MakeAnswer(LINK, self.last(inputs.OfferMade).description))
        self.agenda.run(2.0)
        self.links.accept_answer(self.a, AcceptAnswer(LINK, self.last(inputs.AnswerMade).description))
        self.agenda.run(10.0)

    def _tell(self, host: SimulatedHost, input: inputs.Input) -> None:
        self.told.append((self.agenda.now, host.index, input))

    def last(self, kind: type[F]) -> F:
        return next(input for _, _, input in reversed(self.told) if isinstance(input, kind))

    def send(self, *frames: bytes) -> None:
        for frame in frames:
            self.links.send_frame(self.a, SendFrame(LINK, frame))

    def came(self) -> list[tuple[float, bytes]]:
        return [(at, input.data) for at, _, input in self.told if isinstance(input, inputs.FrameReceived)]


FIXED = Conditions(latency_s=(0.05, 0.05))


def test_latency_is_as_drawn_and_the_same_both_ways() -> None:
    pair = Pair(Conditions(latency_s=(0.02, 0.12)))
    drawn = pair.links.delays.latency_between(pair.a, pair.b)
    assert 0.02 <= drawn <= 0.12
    assert pair.links.delays.latency_between(pair.b, pair.a) == drawn
    sent = pair.agenda.now
    pair.send(b"there")
    pair.agenda.run(sent + 1.0)
    assert pair.came() == [(sent + drawn, b"there")]
    pair.links.send_frame(pair.b, SendFrame(LINK, b"and back"))
    pair.agenda.run(sent + 2.0)
    assert pair.came()[1][0] == pytest.approx(sent + 1.0 + drawn)


def test_both_ends_learn_of_the_same_certificates() -> None:
    ours, theirs = (input for _, _, input in Pair(FIXED).told if isinstance(input, inputs.LinkUp))
    assert (ours.own_fingerprint, ours.peer_fingerprint) == (theirs.peer_fingerprint, theirs.own_fingerprint)


def test_what_is_lost_comes_later_and_all_behind_it_in_order() -> None:
    pair = Pair(Conditions(latency_s=(0.05, 0.05), loss=0.3))
    frames = [bytes([number]) for number in range(100)]
    sent = pair.agenda.now
    pair.send(*frames)
    pair.agenda.run(sent + 60.0)
    assert [data for _, data in pair.came()] == frames
    assert pair.came()[-1][0] > sent + 0.05 + 0.3


def test_a_link_carries_at_most_its_bandwidth() -> None:
    pair = Pair(Conditions(latency_s=(0.05, 0.05), bandwidth=11_520))
    sent = pair.agenda.now
    pair.send(*[b"frame"] * 10)
    pair.agenda.run(sent + 10.0)
    assert [at - sent for at, _ in pair.came()] == pytest.approx([0.05 + 0.1 * n for n in range(1, 11)])


def test_credit_comes_back_in_batches() -> None:
    pair = Pair(FIXED)
    pair.send(*[b"frame"] * (2 * CREDIT_BATCH - 1))
    pair.agenda.run(pair.agenda.now + 1.0)
    drained = [input for _, _, input in pair.told if isinstance(input, inputs.FramesDrained)]
    assert [each.count for each in drained] == [2 * CREDIT_BATCH - 1]


def test_across_a_cut_nothing_comes_until_it_is_mended() -> None:
    pair = Pair(FIXED)
    pair.a.side, pair.b.side = 1, 2
    pair.send(b"in flight")
    pair.links.set_cut(True)
    pair.send(b"into the cut")
    pair.agenda.run(pair.agenda.now + 20.0)
    assert pair.came() == []
    pair.links.set_cut(False)
    pair.send(b"behind it")
    pair.agenda.run(pair.agenda.now + 5.0)
    assert [data for _, data in pair.came()] == [b"in flight", b"into the cut", b"behind it"]


def test_word_of_a_closed_link_comes_behind_its_last_frame_but_not_across_a_cut() -> None:
    pair = Pair(FIXED)
    pair.send(b"last")
    pair.links.close_link(pair.a, CloseLink(LINK))
    pair.agenda.run(pair.agenda.now + 1.0)
    assert [type(input) for _, host, input in pair.told[-2:] if host == 1] == [
        inputs.FrameReceived,
        inputs.LinkDown,
    ]
    pair = Pair(FIXED)
    pair.a.side, pair.b.side = 1, 2
    pair.links.set_cut(True)
    pair.links.close_link(pair.a, CloseLink(LINK))
    pair.agenda.run(pair.agenda.now + 60.0)
    assert not isinstance(pair.told[-1][2], inputs.LinkDown)


@pytest.mark.parametrize(
    ("nats", "linked"),
    [
        ((NatClass.OPEN, NatClass.SYMMETRIC), True),
        ((NatClass.CONE, NatClass.SYMMETRIC), True),
        ((NatClass.RESTRICTED, NatClass.RESTRICTED), True),
        ((NatClass.RESTRICTED, NatClass.SYMMETRIC), False),
        ((NatClass.SYMMETRIC, NatClass.RESTRICTED), False),
        ((NatClass.SYMMETRIC, NatClass.SYMMETRIC), False),
    ],
)
def test_some_nats_cannot_link(nats: tuple[NatClass, NatClass], linked: bool) -> None:
    assert any(isinstance(input, inputs.LinkUp) for _, _, input in Pair(FIXED, nats).told) is linked
