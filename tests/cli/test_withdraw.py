"""What cannot be undone is asked about."""

from __future__ import annotations

from tests.cli.conftest import Run
from tests.support.fake_node import FakeNode

ID = "9f86d081884c7d659a2feaa0c55ad015"


def test_withdrawing_asks_first(p2pchat: Run, node: FakeNode) -> None:
    ran = p2pchat("withdraw", ID)
    assert ran.code == 2 and "--yes" in ran.err
    assert node.referred == []
    assert p2pchat("withdraw", ID, "--yes") == (0, "", "delivered\n")
    assert node.referred == [("withdraw", ID, "")]
