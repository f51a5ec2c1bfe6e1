"""Completion as it is typed: real shells at a terminal, a running node, and the Tab key."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.support.processes import Person, environment, people
from tests.support.terminal import Terminal

pytestmark = pytest.mark.real

SHELLS = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i"],
}

PROMPT = {
    "bash": "PS1='ready> '; source <(p2pchat completion bash)\n",
    "zsh": "PS1='ready> '; autoload -U compinit; compinit -u -D; source <(p2pchat completion zsh)\n",
    "fish": "function fish_prompt; echo 'ready> '; end; p2pchat completion fish | source\n",
}

Open = Callable[[str], Terminal]


@pytest.fixture(scope="module")
def ana(tmp_path_factory: pytest.TempPathFactory, meeting: str) -> Iterator[Person]:
    """Somebody who knows bob and carol, and whose node runs."""
    with people(tmp_path_factory.mktemp("town"), meeting) as town:
        person, *_ = town.friends("ana", "bob", "carol")
        assert person.run("contacts", "rename", "carol", "carol of ours").returncode == 0
        person.node()
        yield person


@pytest.fixture(scope="module")
def shell(ana: Person, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """Opens a shell, each but once, in which completion was set up as its help says."""
    opened: dict[str, Terminal] = {}
    folder = tmp_path_factory.mktemp("shells")
    tools = folder / "tools"
    tools.mkdir()
    (tools / "p2pchat").write_text(f'#!/bin/sh\nexec {sys.executable} -m p2pchat "$@"\n')
    (tools / "p2pchat").chmod(0o700)
    surroundings = environment(
        P2PCHAT_HOME=str(ana.home), PATH=f"{tools}:{os.environ['PATH']}", HOME=str(folder)
    )

    with ExitStack() as stack:

        def opening(name: str) -> Terminal:
            if name in opened:
                return opened[name]
            if shutil.which(name) is None:
                pytest.skip(f"{name} is not installed")
            terminal = stack.enter_context(Terminal(SHELLS[name], surroundings))
            terminal.type(PROMPT[name] + "echo be''gin\n")
            terminal.until("begin")
            terminal.until("ready>")
            opened[name] = terminal
            return terminal

        yield opening


@pytest.mark.parametrize("name", SHELLS)
@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("p2pchat wh", "p2pchat whoami"),
        ("p2pchat contacts rena", "p2pchat contacts rename"),
        ("p2pchat send b", "p2pchat send bob"),
        ("p2pchat send ca", r"p2pchat send carol\ of\ ours"),
        (r"p2pchat send carol\ o", r"p2pchat send carol\ of\ ours"),
        ("p2pchat contacts show b", "p2pchat contacts show bob"),
        ("p2pchat listen --from b", "p2pchat listen --from bob"),
        ("p2pchat send --wait rel", "p2pchat send --wait relayed"),
        ("p2pchat config unset rel", "p2pchat config unset relay-only"),
        ("p2pchat config set profile st", "p2pchat config set profile strong"),
    ],
)
def test_tab_completes(name: str, typed: str, completed: str, shell: Open) -> None:
    terminal = shell(name)
    terminal.type(f"{typed}\t")
    terminal.until(completed)
    terminal.type("\x15")  # Ctrl-U takes the line away
    terminal.until_gone(completed)
