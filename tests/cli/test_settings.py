"""The common options work wherever they stand, and from the environment."""

from __future__ import annotations

import os
import re
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import click
import pytest
from click.core import ParameterSource

from p2pchat.cli.ask import unseen
from p2pchat.cli.connection import home_of, passphrase, read_passphrase
from p2pchat.cli.main import root
from p2pchat.cli.settings import CommonOptions
from p2pchat.client import connect, create_home
from p2pchat.config.table import SETTINGS
from p2pchat.errors import UsageError
from tests.cli.conftest import Run
from tests.cli.test_documents import COMMANDS, DOCS, EVERYWHERE
from tests.support.fake_node import FakeNode


@pytest.mark.parametrize(
    "line", [["--json", "contacts", "list"], ["contacts", "--json"], ["contacts", "list", "--json"]]
)
def test_json_may_stand_anywhere(line: list[str], p2pchat: Run, node: FakeNode) -> None:
    assert [each[0] for each in p2pchat(*line).lines] == ["{", "{"]


def test_json_from_the_environment(p2pchat: Run, node: FakeNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P2PCHAT_JSON", "1")
    assert p2pchat("whoami").out.startswith("{")


def test_an_option_of_a_command_from_the_environment(
    p2pchat: Run, node: FakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("P2PCHAT_SEND_WAIT", "queued")
    assert p2pchat("send", "bob", "hi").err == ""


def _variables() -> Iterator[tuple[str, str, str]]:
    """For every option of every command: its variable by the documents' rule, the command, the option."""
    for command, found in COMMANDS.items():
        for option in found.params:
            long = next((name for name in option.opts if name.startswith("--")), None)
            if isinstance(option, click.Option) and long is not None and long not in EVERYWHERE:
                words = f"p2pchat {command} {long.removeprefix('--')}"
                yield re.sub("[ -]", "_", words).upper(), command, long


VARIABLES = list(_variables())


@pytest.mark.parametrize(("name", "command", "long"), VARIABLES)
def test_every_option_has_the_variable_that_is_documented(
    name: str, command: str, long: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = COMMANDS[command]
    option = next(each for each in found.params if long in each.opts)
    kinds = {"choice": "queued", "boolean": "1"}
    monkeypatch.setenv(name, kinds.get(option.type.name, "5"))
    context = root().make_context("p2pchat", [], resilient_parsing=True)
    words = command.split()
    for word in words[:-1]:
        context = click.Context(click.Group(word), info_name=word, parent=context)
    parsed = found.make_context(words[-1], [], parent=context, resilient_parsing=True)
    assert parsed.get_parameter_source(option.name or "") is ParameterSource.ENVIRONMENT


def test_no_variable_means_two_things() -> None:
    pages = "".join((DOCS / page).read_text() for page in ("commands.md", "settings.md"))
    documented = re.findall(r"`(P2PCHAT_[A-Z_]+)", pages)
    assert {each.variable for each in SETTINGS.values()} <= set(documented)
    examples = {"P2PCHAT_SEND_TIMEOUT", "P2PCHAT_LISTEN_FROM", "P2PCHAT_CONTACTS_VERIFY_YES"}
    names = [name for name, _, _ in VARIABLES] + sorted(set(documented) - examples)
    assert len(names) == len(set(names))
    assert examples <= {name for name, _, _ in VARIABLES}


def test_the_name_that_an_option_has_in_the_code_is_no_variable(
    p2pchat: Run, node: FakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("P2PCHAT_SEND_KEY", "wrong")
    monkeypatch.setenv("P2PCHAT_SEND_ID", "right")
    p2pchat("send", "bob", "hi")
    assert node.keys == ["right"]


def test_a_home_is_told_to_others_from_the_root_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path))
    for written, meant in (("a", "here/a"), ("../a", "a"), ("~/a", "a"), (str(tmp_path / "a"), "a")):
        monkeypatch.setenv("P2PCHAT_HOME", written)
        assert home_of(CommonOptions(home=Path(written))) == home_of(CommonOptions()) == tmp_path / meant
        assert connect(written).home == connect().home == tmp_path / meant


def test_whoever_has_no_home_directory_is_told_to_name_one(
    monkeypatch: pytest.MonkeyPatch, p2pchat: Run
) -> None:
    """As in a container, or as the user of a service: no HOME, and no entry in the system's list."""

    def unknown(*_: object) -> NoReturn:
        raise KeyError("getpwuid(): uid not found")

    for name in ("HOME", "XDG_DATA_HOME", "P2PCHAT_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", unknown)
    ran = p2pchat("whoami")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "--home" in ran.err
    assert p2pchat("--home", "~/a", "whoami").code == 2


def test_the_home_named_on_the_line_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P2PCHAT_HOME", "/from/environment")
    assert home_of(CommonOptions()) == Path("/from/environment")
    assert home_of(CommonOptions(home=Path("/from/line"))) == Path("/from/line")


def test_the_first_line_of_the_file_is_the_passphrase(tmp_path: Path) -> None:
    file = tmp_path / "passphrase"
    file.write_text("correct horse \r\nand a note\n")
    assert passphrase(CommonOptions(passphrase_file=file)) == "correct horse "


@pytest.mark.parametrize("data", [b"", b"\nlater", b"\xff", b"x" * 5000])
def test_a_file_that_holds_no_passphrase_is_refused(data: bytes, tmp_path: Path) -> None:
    file = tmp_path / "passphrase"
    file.write_bytes(data)
    with pytest.raises(UsageError, match=str(file)):
        read_passphrase(file)


def test_a_passphrase_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_passphrase(tmp_path / "none")


def test_without_a_terminal_nothing_waits_for_a_passphrase(p2pchat: Run, tmp_path: Path) -> None:
    ran = p2pchat("--home", str(tmp_path / "home"), "init", "--name", "ana")
    assert ran.code == 2
    assert "--passphrase-file" in ran.err


@pytest.mark.parametrize("line", [["node", "run", "--relay-only"], ["--relay-only", "send", "bob", "hi"]])
def test_relay_only_without_a_relay_says_what_to_do(line: list[str], p2pchat: Run, tmp_path: Path) -> None:
    create_home(tmp_path / "home", "ana")
    ran = p2pchat("--home", str(tmp_path / "home"), *line)
    assert (ran.code, ran.out) == (2, "")
    assert "config set ice turn:" in ran.err


def test_relay_only_from_the_environment(
    p2pchat: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_home(tmp_path / "home", "ana")
    monkeypatch.setenv("P2PCHAT_RELAY_ONLY", "yes")
    ran = p2pchat("--home", str(tmp_path / "home"), "node", "run")
    assert (ran.code, ran.out) == (2, "")


def test_what_is_typed_before_the_prompt_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.openpty()
    with os.fdopen(theirs) as stdin, os.fdopen(ours, "rb", buffering=0) as screen:
        monkeypatch.setattr("sys.stdin", stdin)
        before = termios.tcgetattr(theirs)
        with unseen():
            os.write(ours, b"sesame\n")
            assert stdin.readline() == "sesame\n"
        assert termios.tcgetattr(theirs) == before
        os.write(ours, b"seen\n")
        assert stdin.readline() == "seen\n"
        assert b"sesame" not in screen.read(100)
