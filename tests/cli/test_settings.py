"""The common options work wherever they stand, and from the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from p2pchat.cli.connection import home_of, passphrase, read_passphrase
from p2pchat.cli.settings import Settings
from p2pchat.client import create_home
from p2pchat.errors import UsageError
from tests.cli.conftest import Run
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


def test_the_home_named_on_the_line_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P2PCHAT_HOME", "/from/environment")
    assert home_of(Settings()) == Path("/from/environment")
    assert home_of(Settings(home=Path("/from/line"))) == Path("/from/line")


def test_the_first_line_of_the_file_is_the_passphrase(tmp_path: Path) -> None:
    file = tmp_path / "passphrase"
    file.write_text("correct horse \r\nand a note\n")
    assert passphrase(Settings(passphrase_file=file)) == "correct horse "


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
    assert "set P2PCHAT_ICE, like turn:" in ran.err


def test_relay_only_from_the_environment(
    p2pchat: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_home(tmp_path / "home", "ana")
    monkeypatch.setenv("P2PCHAT_RELAY_ONLY", "yes")
    ran = p2pchat("--home", str(tmp_path / "home"), "node", "run")
    assert (ran.code, ran.out) == (2, "")
