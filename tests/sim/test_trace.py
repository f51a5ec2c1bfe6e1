"""Two runs have one digest if the same happened in the same order."""

from __future__ import annotations

from p2pchat.sim.trace import Trace, TraceKind


def traced(*hosts: int) -> str:
    trace = Trace()
    for host in hosts:
        trace.add_event(1.0, host, 0, TraceKind.FRAME)
    return trace.digest()


def test_order_counts() -> None:
    assert traced(1, 2) == traced(1, 2) != traced(2, 1)


def test_a_digest_may_be_taken_in_between() -> None:
    trace = Trace()
    trace.add_event(1.0, 1, 0, TraceKind.FRAME)
    assert trace.digest() == trace.digest() == traced(1)
    trace.add_event(1.0, 2, 0, TraceKind.FRAME)
    assert trace.digest() == traced(1, 2)
    for host in range(5000):
        trace.add_event(1.0, host, 0, TraceKind.FRAME)
    assert trace.digest() == traced(1, 2, *range(5000))
