"""The adversary's command: every scheme can be tried, and what cannot is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from p2pchat.sim.__main__ import main


def run(*arguments: str) -> Any:
    return CliRunner().invoke(
        main, ("adversary", "--nodes", "50", "--trials", "5", "--jobs", "1", *arguments)
    )


def test_the_command_tries_every_scheme() -> None:
    out = run("--p", "0.2", "--json").stdout
    told = [(result["scheme"], result["messages"]) for result in map(json.loads, out.splitlines())]
    assert told == [
        *(("flood", 1), ("tree", 1), ("dandelion", 1)),
        *((profile, count) for profile in ("fast", "balanced", "strong") for count in (1, 10)),
    ]


def test_the_table_names_what_was_tried() -> None:
    out = run("--p", "0.2", "--profile", "fast", "--messages", "1").stdout
    assert "named" in out
    assert "fast" in out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--p", "0"), "need a colluder"),
        (("--p", "1"), "need a colluder"),
        (("--messages", "0"), "need a message"),
        (("--fresh-stems",), "can only be fresh"),
        (("--kept", __file__), "need lines"),
        (("--seeking", "seek", "--near", "2"), "tell no false ones"),
        (("--nodes", "5", "--p", "0.2", "--profile", "strong", "--messages", "1"), "need more nodes"),
    ],
)
def test_what_cannot_be_tried_is_refused(arguments: tuple[str, ...], complaint: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert complaint in result.stderr
