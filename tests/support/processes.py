"""p2pchat as a person runs it: commands in processes of their own, on homes of their own.

Knows: how to start, read and end them. Does not know: what they are asked.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Any

from tests.support.terminal import Terminal

PATIENCE_S = 60.0
"""For a command to end; far beyond what any takes on two busy cores."""

ROOT = Path(__file__).parents[2]


def environment(**extra: str) -> dict[str, str]:
    """Ours, without what would lead a command to another home."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("P2PCHAT_")}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", **extra}


def run_script(name: str, *arguments: str, within: float) -> dict[str, Any]:
    """Run one of our scripts, by its path below ``scripts``; the JSON that it prints. It and all that it has
    started are killed after ``within`` seconds."""
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "scripts" / name), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=within)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    assert process.returncode == 0, out + err
    found: dict[str, Any] = json.loads(out)
    return found


class Started:
    """A command under way."""

    def __init__(self, command: Sequence[str], **extra: str) -> None:
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(**extra),
        )

    def line(self) -> str:
        """The next line of its stdout."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"it ended: {self.process.communicate(timeout=PATIENCE_S)[1]}"
        return line.rstrip("\n")

    def ended(self) -> subprocess.CompletedProcess[str]:
        """Wait for its end; what it had still to say."""
        out, err = self.process.communicate(timeout=PATIENCE_S)
        return subprocess.CompletedProcess(self.process.args, self.process.returncode, out, err)


class Person:
    """A person with a home who types commands."""

    def __init__(self, home: Path, stack: ExitStack, inside: Sequence[str] = ()) -> None:
        """``inside`` runs a command elsewhere: ``ip netns exec NAME``, for a person on another network."""
        self.home = home
        self.stack = stack
        self._inside = inside

    def _command(self, arguments: Sequence[str]) -> list[str]:
        return [*self._inside, sys.executable, "-m", "p2pchat", "--home", str(self.home), *arguments]

    def run(self, *arguments: str, stdin: str = "", **extra: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            self._command(arguments),
            input=stdin,
            capture_output=True,
            text=True,
            env=environment(**extra),
            timeout=PATIENCE_S,
            check=False,
        )

    def start(self, *arguments: str, **extra: str) -> Started:
        """Start a command; it is killed at the end of the test if it still runs."""
        started = Started(self._command(arguments), **extra)
        self.stack.callback(_end, started.process)
        return started

    def terminal(self, *arguments: str, **extra: str) -> Terminal:
        """Start a command at a terminal."""
        term = extra.pop("TERM", "xterm-256color")
        return self.stack.enter_context(Terminal(self._command(arguments), environment(**extra), term=term))

    def node(self) -> Started:
        """Start a node that stays; return once it runs."""
        node = self.start("node", "run")
        assert node.line() == "running"
        return node


@contextmanager
def rendezvous() -> Iterator[str]:
    """A rendezvous in a process of its own; yields its URL."""
    with ExitStack() as stack:
        server = Started([sys.executable, "-m", "rendezvous", "--port", "0"])
        stack.callback(_end, server.process)
        yield server.line().removeprefix("listening on ")


_MADE: dict[tuple[str, tuple[str, ...]], TemporaryDirectory[str]] = {}
"""By rendezvous and names: homes of friends as they were right after they had met."""


class People:
    """Homes that know one rendezvous."""

    def __init__(self, folder: Path, url: str, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self.url = url

    def stranger(self, name: str) -> Person:
        """Somebody without an identity yet."""
        return Person(self._folder / name, self._stack)

    def someone(self, name: str) -> Person:
        """Somebody with an identity and no passphrase."""
        person = self.stranger(name)
        made = person.run("init", "--name", name, "--no-passphrase", "--rendezvous", self.url)
        assert made.returncode == 0, made.stderr
        return person

    def friends(self, *names: str) -> list[Person]:
        """Make people of whom the first has all others as contacts. Homes are made once for each rendezvous;
        each test gets copies without messages."""
        if (self.url, names) not in _MADE:
            place = TemporaryDirectory(prefix="friends-")
            People(Path(place.name), self.url, self._stack).introduce(*names)
            _MADE[self.url, names] = place
        for name in names:
            copytree(Path(_MADE[self.url, names].name) / name, self._folder / name, dirs_exist_ok=True)
        return [self.stranger(name) for name in names]

    def introduce(self, *names: str) -> None:
        """Make homes for all, and have every other person join the first, in one process."""
        making = [sys.executable, "-m", "tests.support.introduce", str(self._folder), self.url, *names]
        made = subprocess.run(
            making, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
        )
        assert made.returncode == 0, made.stderr


@contextmanager
def people(folder: Path, url: str) -> Iterator[People]:
    """Everything that was started ends with the block."""
    with ExitStack() as stack:
        yield People(folder, url, stack)


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.kill()
    process.communicate()
