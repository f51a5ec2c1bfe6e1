"""What a correction says is what was given."""

from __future__ import annotations

from tests.cli.conftest import Run
from tests.support.fake_node import FakeNode

ID = "9f86d081884c7d659a2feaa0c55ad015"


def test_the_words_or_stdin_are_what_the_message_says_then(p2pchat: Run, node: FakeNode) -> None:
    assert p2pchat("correct", ID, "at", "nine").code == 0
    assert p2pchat("correct", ID, "-", stdin=b"at ten\n").code == 0
    assert node.referred == [("correct", ID, "at nine"), ("correct", ID, "at ten")]


def test_nothing_is_no_correction(p2pchat: Run, node: FakeNode) -> None:
    assert p2pchat("correct", ID).code == 2
    assert p2pchat("correct", ID, "-", stdin=b"\n").code == 2
    assert node.referred == []
