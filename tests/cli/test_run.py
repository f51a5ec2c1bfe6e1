"""Every end has its exit code, every failure its one line."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from p2pchat import errors
from p2pchat.cli.run import run, wait_for
from p2pchat.cli.settings import CommonOptions
from p2pchat.client import create_home
from tests.cli.conftest import Run
from tests.support.fake_node import FakeNode

CODES = {
    errors.P2PChatError: 1,
    errors.UsageError: 2,
    errors.NetworkError: 3,
    errors.LinkError: 3,
    errors.TrustError: 4,
    errors.LimitError: 5,
    errors.NotInTime: 6,
    errors.Ended: 7,
    errors.StoreError: 1,
    errors.ControlError: 1,
}


@pytest.mark.parametrize(("kind", "code"), CODES.items())
def test_each_kind_of_failure_has_its_exit_code_and_one_line(
    kind: type[errors.P2PChatError], code: int, p2pchat: Run, node: FakeNode
) -> None:
    node.refuse = [kind("it went wrong; do this")]
    assert p2pchat("send", "bob", "hi") == (code, "", "p2pchat: it went wrong; do this\n")


def test_a_bug_is_one_line_too(p2pchat: Run, node: FakeNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeNode, "whoami", None)
    ran = p2pchat("whoami")
    assert ran.code == 1
    assert ran.err.startswith("p2pchat: unexpected failure, TypeError: ")
    assert ran.err.count("\n") == 1


def test_a_traceback_is_for_those_who_ask(p2pchat: Run, node: FakeNode) -> None:
    node.refuse = [errors.LimitError("full")]
    ran = p2pchat("-vv", "send", "bob", "hi")
    assert ran.code == 5
    assert "Traceback" in ran.err


def test_what_a_failure_quotes_is_harmless(p2pchat: Run, node: FakeNode) -> None:
    node.refuse = [errors.TrustError("'\x1b[2J\nowned' said no")]
    assert p2pchat("send", "bob", "hi").err == "p2pchat: '␛[2J⏎owned' said no\n"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["nope"], "p2pchat: no such command 'nope'; see 'p2pchat --help'\n"),
        (["send"], "p2pchat: missing argument 'TO'; see 'p2pchat send --help'\n"),
        (["send", "bob"], "p2pchat: nothing to send; add the text, or - to read it from stdin\n"),
        (["forge", "--say"], "p2pchat: option '--say' requires an argument; see 'p2pchat --help'\n"),
        (
            ["send", "--timeout", "soon", "bob", "hi"],
            (
                "p2pchat: invalid value for '--timeout': soon is not a number of seconds,"
                " from 0 to ten years; see 'p2pchat send --help'\n"
            ),
        ),
    ],
)
def test_a_mistyped_line_is_told_in_one(arguments: list[str], line: str, p2pchat: Run) -> None:
    assert p2pchat(*arguments) == (2, "", line)


@pytest.mark.parametrize("option", ["--count", "--limit"])
def test_what_is_no_number_is_told_in_plain_words(option: str, p2pchat: Run) -> None:
    command = ["listen"] if option == "--count" else ["history", "bob"]
    assert (
        f"invalid value for '{option}': '0x' is not a whole number from 1 on"
        in p2pchat(*command, option, "0x").err
    )


def test_help_is_found_where_it_is_looked_for(p2pchat: Run) -> None:
    assert p2pchat("help") == p2pchat("--help")
    assert p2pchat("help", "send") == p2pchat("send", "--help")
    assert p2pchat("help", "contacts", "verify") == p2pchat("contacts", "verify", "--help")
    assert p2pchat("help", "nope").code == 2
    assert p2pchat("-V") == p2pchat("--version")


def test_interruption_is_130(p2pchat: Run, monkeypatch: pytest.MonkeyPatch, node: FakeNode) -> None:
    async def interrupted(_: FakeNode) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.Event().wait()

    monkeypatch.setattr(FakeNode, "whoami", interrupted)
    assert p2pchat("whoami") == (130, "", "p2pchat: interrupted\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_being_told_to_end_cleans_up_as_an_interruption_does(number: signal.Signals) -> None:
    cleaned = []

    async def work() -> None:
        try:
            os.kill(os.getpid(), number)
            await asyncio.Event().wait()
        finally:
            cleaned.append(number)

    before = signal.signal(number, signal.SIG_DFL)  # under nohup it would be ignored, and stay so
    try:
        with pytest.raises(KeyboardInterrupt):
            wait_for(work(), CommonOptions())
    finally:
        signal.signal(number, before)
    assert cleaned == [number]


@pytest.mark.parametrize("arguments", [("send", "bob", "hi"), ("listen", "--timeout", "0"), ("chat", "bob")])
def test_only_a_command_that_runs_the_node_loads_the_fastest_loop(
    arguments: tuple[str, ...], p2pchat: Run, node: FakeNode, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    uvloop = pytest.importorskip("uvloop")
    loops: list[asyncio.AbstractEventLoop] = []

    async def entered(self: FakeNode) -> FakeNode:
        loops.append(asyncio.get_running_loop())
        return self

    monkeypatch.setattr(FakeNode, "__aenter__", entered)
    for _ in range(2):
        p2pchat("--home", str(tmp_path), *arguments)
        (tmp_path / "control.sock").touch()
    assert [isinstance(loop, uvloop.Loop) for loop in loops] == [True, False]


def test_a_reader_that_closes_the_pipe_is_no_failure() -> None:
    read, write = os.pipe()
    os.close(read)
    ran = subprocess.run(
        [sys.executable, "-m", "p2pchat", "completion", "fish"],
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(write)
    assert (ran.returncode, ran.stderr) == (141, b"")


def _in_a_shell(line: str, home: Path) -> subprocess.CompletedProcess[str]:
    command = f"{sys.executable} -m p2pchat --home {home}"
    return subprocess.run(
        ["sh", "-c", line.replace("p2pchat", command)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("closed", "lines"),
    [
        ("<&-", ["init --name ana --no-passphrase", "send stranger -"]),
        (">&-", ["init --name ana --no-passphrase", "whoami"]),
        ("2>&-", ["send stranger -"]),
        (
            "<&- >&- 2>&-",
            ["init --name ana --no-passphrase", "whoami", "listen --timeout 0", "send stranger -"],
        ),
    ],
)
def test_a_closed_stream_is_as_good_as_none(closed: str, lines: list[str], tmp_path: Path) -> None:
    home = tmp_path / "home"
    if not lines[0].startswith("init"):
        create_home(home, "ana")
    for line in lines:
        ran = _in_a_shell(f"p2pchat {line} {closed}", home)
        assert ran.returncode == (2 if line == "send stranger -" else 0), ran.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_a_full_disk_under_stdout_is_told() -> None:
    ran = _in_a_shell("p2pchat completion bash > /dev/full", Path())
    line = "p2pchat: nothing can be written to stdout: No space left on device\n"
    assert (ran.returncode, ran.stderr) == (1, line)


def test_a_home_that_is_a_file_is_told(p2pchat: Run, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.touch()
    for line in ("whoami", "node run", "send bob hi", "init --name ana --no-passphrase"):
        ran = p2pchat("--home", str(home), *line.split())
        assert ran.code in (1, 2)
        assert "choose another with --home" in ran.err
        assert ran.err.count("\n") == 1


def test_no_command_shows_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 2
    assert "Usage: p2pchat" in capsys.readouterr().err
