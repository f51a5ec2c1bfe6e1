"""Help is quick, complete and fits the screen."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

import p2pchat as package
from p2pchat.cli.main import root
from tests.cli.conftest import Run

HEAVY = ("aiortc", "rich", "textual", "apsw", "nacl", "p2pchat.store", "p2pchat.daemon")


def _imported_by(*arguments: str) -> set[str]:
    script = f"""
import sys
from p2pchat.cli.run import run
run({list(arguments)!r})
print("IMPORTED", *sys.modules, file=sys.stderr)
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(ran.stderr.split("IMPORTED")[1].split())


def test_help_imports_nothing_heavy() -> None:
    loaded = _imported_by("--help")
    assert [name for name in (*HEAVY, "asyncio") if name in loaded] == []


@pytest.mark.parametrize("command", ["send", "listen", "chat", "node"])
def test_help_of_a_command_imports_no_engine_no_store_and_no_pictures(command: str) -> None:
    loaded = _imported_by(command, "--help")
    assert [name for name in HEAVY if name in loaded] == []


def test_help_fits_one_screen(p2pchat: Run) -> None:
    ran = p2pchat("--help")
    assert ran.code == 0
    assert len(ran.lines) <= 23  # the shell's prompt takes the 24th
    assert max(map(len, ran.lines)) < 80


def test_version(p2pchat: Run) -> None:
    assert p2pchat("--version").out == f"p2pchat {package.__version__}\n"


def _commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from _commands(command, (*path, name))


@pytest.mark.parametrize("path", list(_commands(root())), ids=" ".join)
def test_every_command_has_help_with_an_example(path: tuple[str, ...], p2pchat: Run) -> None:
    ran = p2pchat(*path, "--help")
    assert ran.code == 0
    example = ran.out.partition("Example")[2].partition("Options:")[0]
    assert "p2pchat" in example
    assert " ".join(path) in example
    assert "--json" in ran.out
