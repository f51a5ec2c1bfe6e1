"""Whatever is wrong, every command says it in one line, and ends: no traceback, no apology for a bug."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from p2pchat.cli.main import root
from p2pchat.store import Passphrase
from tests.cli.conftest import Run
from tests.support.command_lines import LINES, NEEDS_NO_HOME
from tests.support.homes import new_store


def _commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from _commands(command, (*path, name))
        else:
            yield " ".join((*path, name))


def test_no_command_is_left_out() -> None:
    for command in _commands(root()):
        assert sum(f"{line} ".startswith(f"{command} ") for line in LINES) == 1, command


@pytest.mark.parametrize("line", LINES)
def test_each_command_takes_its_line(line: str) -> None:
    whole, words = root(), line.split()
    command: click.Command | None = whole
    name: str | None = "p2pchat"
    context = click.Context(whole, info_name=name, **whole.context_settings)
    while isinstance(command, click.Group):
        name, command, words = command.resolve_command(context, words)
        if isinstance(command, click.Group):
            context = click.Context(command, context, name)
    assert command is not None
    command.make_context(name, words, parent=context)


def _nothing(home: Path) -> None:
    pass


def _a_file(home: Path) -> None:
    home.touch()


def _sound(home: Path) -> None:
    new_store(home).close()


def _locked(home: Path) -> None:
    new_store(home, Passphrase("open sesame")).close()


def _damaged_key(home: Path) -> None:
    _sound(home)
    (home / "keys").write_bytes(b"\xff" * 100)


def _no_key(home: Path) -> None:
    _sound(home)
    (home / "keys").unlink()


def _damaged_store(home: Path) -> None:
    _sound(home)
    (home / "store.db").write_bytes(b"\xff" * 16384)


def _no_store(home: Path) -> None:
    _sound(home)
    (home / "store.db").unlink()


WORKS: dict[Callable[[Path], None], set[str]] = {
    _nothing: {"init"},
    _a_file: set(),
    _locked: {"wipe"},
    _damaged_key: {"wipe"},
    _no_key: {"wipe"},
    _damaged_store: {"wipe"},
    _no_store: {"wipe"},
}
"""What may be amiss with a home, and what can be done there all the same."""


def _cases() -> Iterator[object]:
    """Every line in no home, a locked one, and one of the others in turn; what works in some, in all."""
    works = {word for words in WORKS.values() for word in words}
    others = [amiss for amiss in WORKS if amiss not in (_nothing, _locked)]
    for number, line in enumerate(each for each in LINES if each not in NEEDS_NO_HOME):
        everywhere = line.split()[0] in works
        for amiss in WORKS if everywhere else (_nothing, _locked, others[number % len(others)]):
            yield pytest.param(line, amiss, id=f"{amiss.__name__.strip('_')}-{line}")


@pytest.mark.parametrize(("line", "amiss"), [*_cases()])
def test_a_home_that_cannot_be_used(
    line: str, amiss: Callable[[Path], None], p2pchat: Run, tmp_path: Path
) -> None:
    home, wrong = tmp_path / "home", tmp_path / "wrong"
    amiss(home)
    wrong.write_text("wrong\n")
    wrong.chmod(0o600)
    ran = p2pchat("--home", str(home), "--passphrase-file", str(wrong), *line.split())
    if line.split()[0] in WORKS[amiss]:
        assert ran.code == 0
        return
    assert ran.code in (1, 2, 3, 4)
    assert ran.out == ""
    assert ran.err.startswith("p2pchat: ")
    assert ran.err.count("\n") == 1
    assert "unexpected" not in ran.err


@pytest.mark.parametrize("line", [each for each in LINES if "Zed" in each])
def test_an_unknown_contact(line: str, p2pchat: Run, tmp_path: Path) -> None:
    _sound(tmp_path / "home")
    ran = p2pchat("--home", str(tmp_path / "home"), *line.split())
    assert ran == (2, "", "p2pchat: there is no contact called 'Zed'; see 'p2pchat contacts'\n")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("P2PCHAT_LINKS", "many"),
        ("P2PCHAT_LINKS_MAX", "0"),
        ("P2PCHAT_WALKS", "perhaps"),
        ("P2PCHAT_HOLD_MB", "x"),
        ("P2PCHAT_PROFILE", "secret"),
        ("P2PCHAT_STAMP_BITS", "1000"),
        ("P2PCHAT_ICE", "bad"),
        ("P2PCHAT_RELAY_ONLY", "x"),
        ("P2PCHAT_RELAY_ONLY", "yes"),
        ("P2PCHAT_PROXY", "http://x"),
        ("P2PCHAT_SEND_TIMEOUT", "soon"),
        ("P2PCHAT_JSON", "maybe"),
        ("P2PCHAT_VERBOSE", "very"),
    ],
)
def test_a_variable_that_cannot_be_meant(
    variable: str, value: str, p2pchat: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _sound(tmp_path / "home")
    monkeypatch.setenv(variable, value)
    ran = p2pchat("--home", str(tmp_path / "home"), "send", "Bob the Builder", "hi")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("p2pchat: ")
    assert ran.err.count("\n") == 1
