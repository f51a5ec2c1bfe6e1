"""Settings every test shares."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from coverage import Coverage
from hypothesis import settings

from tests.support.processes import rendezvous

# No deadline: a busy machine is no bug. Where CI is set, a run repeats itself exactly.
settings.register_profile("desk", deadline=None, print_blob=True)
settings.register_profile("ci", deadline=None, print_blob=True, derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "desk")

# The person who runs the tests may have settings; no command under test is to find them. P2PCHAT_TEST_…
# is for the tests themselves.
for _name in [name for name in os.environ if name.startswith("P2PCHAT_") and "_TEST_" not in name]:
    del os.environ[_name]

# A shell starts what runs in its background with interrupts ignored, and so would every process under test.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def meeting() -> Iterator[str]:
    """A rendezvous in a process of its own; its URL."""
    with rendezvous() as url:
        yield url


PURE = ("tests/core/", "tests/crypto/", "tests/fuzz/", "tests/wire/")
"""Whose tests are watched for branches of the pure packages, but for the longest."""

UNWATCHED = frozenset(
    line for line in Path(__file__).with_name("unwatched.txt").read_text().splitlines() if line[0] != "#"
)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """In a worker, end the first of the two measurements that pytest-cov begins there.

    It begins one when it reads the options and one with the session. It stops only the second for a test that
    is not watched: the first would go on, and such a test would take three times as long."""
    if hasattr(session.config, "workerinput") and (first := Coverage.current()) is not None:
        first.stop()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first, then those with many: at the end no worker has much left to do."""
    for item in items:
        if not item.nodeid.startswith(PURE) or _function(item.nodeid) in UNWATCHED:
            item.add_marker(pytest.mark.no_cover)
    slow = {item.path for item in items if item.get_closest_marker("slow") is not None}
    sizes = Counter(item.path for item in items)
    items.sort(key=lambda item: (item.path not in slow, -sizes[item.path]))


def _function(name: str) -> str:
    """What is tested, whatever it is given: ``FILE::FUNCTION``."""
    return "::".join(name.partition("[")[0].split("::")[:2])
