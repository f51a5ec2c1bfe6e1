"""Others' descriptors wait for company, and go on unless their neighbour has them meanwhile."""

from __future__ import annotations

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.stem.flooding import AT_ONCE, BATCH_S, DescriptorFlooding
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import HopId, LinkId
from p2pchat.wire.topology import Descriptors

A, B = LinkId(1), LinkId(2)
NOW = 1000.0
NEAR, FAR, OTHER, THIRD = (HopId(name) for name in (b"near", b"far", b"other", b"third"))


def onward(node: HopId) -> list[tuple[int, bytes]]:
    return [(1, b"descriptor of " + node)] if node != FAR else []


def flushed(flooding: DescriptorFlooding) -> list[tuple[LinkId, bytes]]:
    said = flooding.flush(flooding.due_at)
    return [
        (each.link, data)
        for each in said
        if isinstance(each.message, Descriptors)
        for _, data in each.message.descriptors
    ]


def test_the_first_descriptor_that_waits_says_when_all_go_on() -> None:
    flooding = DescriptorFlooding(SeededEntropy("flooding"), onward)
    assert flooding.due_at == NEVER
    flooding.add_descriptors(A, [NEAR], NOW)
    due = flooding.due_at
    assert NOW + BATCH_S[0] <= due <= NOW + BATCH_S[1]
    flooding.add_descriptors(B, [NEAR, FAR], NOW + 0.1)
    assert flooding.due_at == due
    assert flushed(flooding) == [(A, b"descriptor of near"), (B, b"descriptor of near")], (
        "one may go no further"
    )
    assert flooding.due_at == NEVER


def test_a_cell_that_a_neighbour_has_or_that_is_gone_does_not_go_there() -> None:
    flooding = DescriptorFlooding(SeededEntropy("flooding"), onward)
    for link in (A, B):
        flooding.add_descriptors(link, [NEAR, OTHER, THIRD], NOW)
    flooding.drop_descriptor(A, NEAR)
    flooding.drop_descriptor(LinkId(3), NEAR)
    flooding.drop_descriptors([OTHER])
    flooding.link_down(B)
    flooding.link_down(B)
    assert flushed(flooding) == [(A, b"descriptor of third")]


def test_a_newcomer_gets_so_many_at_once_and_the_others_soon() -> None:
    flooding = DescriptorFlooding(SeededEntropy("flooding"), onward)
    flooding.add_descriptors(A, [HopId(number.to_bytes(2, "big")) for number in range(AT_ONCE + 1)], NOW)
    assert len(flushed(flooding)) == AT_ONCE
    assert flooding.due_at < NEVER
    assert len(flushed(flooding)) == 1
