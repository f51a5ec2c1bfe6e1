"""A reaction is one sign, or is taken back."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Run
from tests.support.fake_node import AT, FakeNode

ID = "9f86d081884c7d659a2feaa0c55ad015"


def test_a_sign_is_said_to_a_message(p2pchat: Run, node: FakeNode) -> None:
    assert p2pchat("react", ID, "👍") == (0, "", "delivered\n")
    assert p2pchat("react", ID, "--take-back").code == 0
    assert node.referred == [("react", ID, "👍"), ("react", ID, "")]


def test_json_is_a_receipt_of_the_reaction(p2pchat: Run, node: FakeNode) -> None:
    (line,) = p2pchat("react", "--json", ID, "👍").lines
    assert json.loads(line) == {"type": "receipt", "id": "e" * 32, "state": "delivered", "at": AT}


@pytest.mark.parametrize("arguments", [(), (ID,), (ID, "👍", "--take-back"), (ID, "👍", "🎉")])
def test_what_makes_no_sense_is_exit_code_2(arguments: tuple[str, ...], p2pchat: Run, node: FakeNode) -> None:
    assert p2pchat("react", *arguments).code == 2
    assert node.referred == []
