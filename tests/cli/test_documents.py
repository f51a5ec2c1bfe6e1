"""What the documents say about the command line is so."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from p2pchat import errors
from p2pchat.cli.main import root
from p2pchat.cli.run import INTERRUPTED, STDOUT_CLOSED
from p2pchat.errors import P2PChatError

DOCS = Path(__file__).parents[2] / "docs"
EVERYWHERE = {
    "--home",
    "--passphrase-file",
    "--json",
    "--relay-only",
    "--lan",
    "-v",
    "--verbose",
    "-h",
    "--help",
    "-V",
    "--version",
}


def _commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from _commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


COMMANDS = dict(_commands(root()))


def _sections() -> dict[str, str]:
    """The text about each command, by the words of its heading that name it."""
    parts = re.split(r"^### `p2pchat (.*)`$", (DOCS / "commands.md").read_text(), flags=re.MULTILINE)[1:]
    found = {}
    for heading, text in zip(parts[::2], parts[1::2], strict=True):
        words = re.sub(r"\[(list|show|make)\]", r"\1", heading).split()
        name = " ".join(words[:2]) if " ".join(words[:2]) in COMMANDS else words[0]
        found[name] = heading + text
    return found


def test_every_command_has_its_section() -> None:
    assert sorted(_sections()) == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_documented_and_every_documented_option_exists(name: str) -> None:
    options = {each for option in COMMANDS[name].params for each in option.opts if each.startswith("--")}
    written = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", _sections()[name]))
    assert options - EVERYWHERE <= written
    assert written <= options | EVERYWHERE


def _examples() -> Iterator[tuple[str, list[str]]]:
    """Each ``p2pchat …`` in the documents' code, up to where the shell takes over."""
    for document in ("first-five-minutes.md", "commands.md", "rooms.md", "scripting.md", "settings.md"):
        for block in re.findall(
            r"^```(?:sh)?\n(.*?)^```", (DOCS / document).read_text(), flags=re.MULTILINE | re.DOTALL
        ):
            for line in re.findall(r"(?<![\w./'-])p2pchat [^\n]*", block.replace("\\\n", "")):
                lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
                lexer.whitespace_split = True
                words = list(lexer)
                end = next(
                    (place for place, word in enumerate(words) if re.fullmatch(r"[|&;<>()]+", word)), None
                )
                yield f"{document}: {line}", words[1:end]


@pytest.mark.parametrize("words", [pytest.param(words, id=name) for name, words in _examples()])
def test_every_example_can_be_typed(words: list[str]) -> None:
    command: click.Command = root()
    context = command.make_context("p2pchat", list(words))
    while isinstance(command, click.Group):
        rest = [*context._protected_args, *context.args]
        if not rest:
            return  # a noun alone
        name, found, rest = command.resolve_command(context, rest)
        assert found is not None
        command, context = found, found.make_context(name, rest, parent=context)


def test_the_exit_codes_are_those_of_the_errors() -> None:
    table = re.findall(r"^\| (\d+) \|", (DOCS / "scripting.md").read_text(), flags=re.MULTILINE)
    kinds = [
        each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, P2PChatError)
    ]
    assert {int(code) for code in table} == {0, INTERRUPTED, STDOUT_CLOSED} | {
        kind.exit_code for kind in kinds
    }
