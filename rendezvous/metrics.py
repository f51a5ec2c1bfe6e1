"""Figures for the operator of the server, in Prometheus' format, on a separate port.

Knows: what each is called. Does not know: anybody's address, seat or topic; there is none in any figure.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Final

from rendezvous.outputs import Census
from rendezvous.tally import Totals

LOOK_SECONDS: Final = 0.25
"""Between two looks at how late the event loop is."""

_LATE: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Seconds; a stop of 0.1 is felt by clients."""

_NOW: Final = {
    "connections": "Clients that are connected",
    "seats": "Seats that are taken",
    "topics": "Topics with at least one seat",
    "groups": "Addresses, sites and networks remembered for the limits",
}


class NoMetrics(Exception):
    """The library is not installed."""


@contextlib.asynccontextmanager
async def published(host: str, port: int, census: Callable[[], Census], tally: Totals) -> AsyncIterator[int]:
    """Answer at ``http://host:port/metrics`` while the context lasts; yields the port. Raises OSError if it
    cannot be had, NoMetrics."""
    try:
        from prometheus_client import (
            CollectorRegistry,
            GCCollector,
            Histogram,
            PlatformCollector,
            ProcessCollector,
            start_http_server,
        )
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
        from prometheus_client.metrics_core import Metric
        from prometheus_client.registry import Collector
    except ImportError:
        raise NoMetrics("--metrics-port needs prometheus-client: pip install prometheus-client") from None

    class TallyCollector(Collector):
        """Read when they are asked for, by the thread that answers."""

        def collect(self) -> Iterator[Metric]:
            now = census()
            for name, what in _NOW.items():
                yield GaugeMetricFamily(f"rendezvous_{name}", what, getattr(now, name))
            yield CounterMetricFamily("rendezvous_let_in", "Connections let in", tally.let_in)
            yield CounterMetricFamily("rendezvous_passed", "Blobs passed", tally.passed)
            yield CounterMetricFamily("rendezvous_gone", "Blobs for seats not taken any more", tally.gone)
            for name, what, label in (
                ("turned_away", "Connections turned away", "why"),
                ("hung_up_on", "Clients that broke the protocol", "how"),
                ("taken", "Seats taken", "mode"),
                ("refused", "Takes and passes refused", "why"),
            ):
                family = CounterMetricFamily(f"rendezvous_{name}", what, labels=[label])
                for key, count in list(getattr(tally, name).items()):
                    family.add_metric([key], count)
                yield family

    registry = CollectorRegistry()
    registry.register(TallyCollector())
    for collector in (ProcessCollector, GCCollector, PlatformCollector):
        collector(registry=registry)
    late = Histogram(
        "rendezvous_loop_late_seconds", "How late the event loop was", buckets=_LATE, registry=registry
    )
    server, thread = start_http_server(port, addr=host, registry=registry)
    watching = asyncio.create_task(_observe_delays(late.observe))
    try:
        yield int(server.server_address[1])
    finally:
        watching.cancel()
        await asyncio.to_thread(server.shutdown)
        server.server_close()
        thread.join()


async def _observe_delays(observe: Callable[[float], None]) -> None:
    while True:
        due = time.monotonic() + LOOK_SECONDS
        await asyncio.sleep(LOOK_SECONDS)
        observe(max(0.0, time.monotonic() - due))
