"""Every example of every document and help text does what it says, exactly as it is printed, in a shell."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

import pytest

from tests.support.examples import BLOCKS, ELSEWHERE, RUN, Block
from tests.support.processes import PATIENCE_S, ROOT, Person, environment, people, rendezvous

pytestmark = pytest.mark.real


def test_every_excuse_is_for_something_that_is_there() -> None:
    idle = [begin for begin in ELSEWHERE if not any(each.name.startswith(begin) for each in BLOCKS)]
    assert idle == []


@pytest.mark.parametrize("why", sorted(set(ELSEWHERE.values())))
def test_every_file_that_an_excuse_names_exists(why: str) -> None:
    for name in re.findall(r"[\w/]+\.py", why):
        assert (ROOT / name).exists() or any((ROOT / "tests").rglob(name)), name


class World:
    """A person with a node, three friends and two rooms, and a folder to try things in."""

    def __init__(self, folder: Path, me: Person, bob: Person, ops: Person, other: Person) -> None:
        self.folder, self.me, self.bob, self.ops, self.other = folder, me, bob, ops, other
        self.home = folder / "home"
        tools = folder / "tools"
        tools.mkdir()
        for each in (".local/share/bash-completion/completions", ".zfunc", ".config/fish/completions"):
            (self.home / each).mkdir(parents=True)  # as the documents have one make them first
        for name, module in (("p2pchat", "p2pchat"), ("p2pchat-rendezvous", "rendezvous")):
            self._tool(tools / name, f'exec {sys.executable} -m {module} "$@"')
        self._tool(tools / "notify-send", f'printf "%s\\0" "$@" > {folder}/notified')
        self._path = f"{tools}:{os.environ['PATH']}"

    def _tool(self, place: Path, what: str) -> None:
        place.write_text(f"#!/bin/sh\n{what}\n")
        place.chmod(0o700)

    def start(self, command: list[str], person: Person | None = None, **extra: str) -> Running:
        surroundings = environment(
            PATH=self._path,
            HOME=str(self.home),
            P2PCHAT_HOME=str((person or self.me).home),
            **extra,
        )
        return Running(command, self.folder, surroundings)

    def shell(self, code: str, person: Person | None = None, shell: str = "bash", **extra: str) -> Running:
        """Run code in a shell as it would be typed."""
        script = self.folder / f"typed.{shell}"
        script.write_text(code)
        return self.start([shell, str(script)], person, **extra)

    def pair_with(self, friend: Person) -> None:
        invite = self.me.start("invite")
        joined = friend.run("join", invite.line())
        assert joined.returncode == 0, joined.stderr
        assert invite.ended().returncode == 0

    def said(self, person: Person, name: str = "sam") -> str:
        return person.run("history", name).stdout


class Running:
    """A shell under way, with all that it started."""

    def __init__(self, command: list[str], folder: Path, surroundings: dict[str, str]) -> None:
        self._output = folder / f"output of {time.monotonic_ns()}"
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env=surroundings,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self._output.read_text(errors="replace")

    def ended(self, *codes: int) -> str:
        """Wait for its end; all that it printed."""
        try:
            code = self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.end()
            pytest.fail(f"it did not end; it printed:\n{self.output}")
        assert code in (codes or (0,)), self.output
        return self.output

    def until(self, condition: Callable[[], object]) -> None:
        """Wait until something has come of it, then end it as Ctrl-C does."""
        end = time.monotonic() + PATIENCE_S
        try:
            while not condition():
                assert time.monotonic() < end, self.output
                time.sleep(0.1)
        finally:
            self.end()

    def end(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(PATIENCE_S)


def make_room(name: str, owner: Person, members: Iterable[Person]) -> None:
    owner.run("room", "create", name)
    owner.run("room", "invite", name, "bob", "ops")
    for member in members:
        end = time.monotonic() + PATIENCE_S
        while '"offered"' not in member.run("room", "list", "--json").stdout:
            assert time.monotonic() < end, "no offer has come"
        accepted = member.run("room", "accept", name, "--timeout", "55")
        assert accepted.returncode == 0, accepted.stderr


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("town")
    with rendezvous() as url, people(folder, url) as town:
        me, bob, ops, _ = town.friends("sam", "bob", "ops", "bob-2")
        for each in (me, bob, ops):
            each.node()
        for room in ("friends", "ops"):
            make_room(room, me, (bob, ops))
        other = town.someone("other")
        (folder / "tried").mkdir()
        yield World(folder / "tried", me, bob, ops, other)


# --- what ends by itself does so well, unless more is said of it here


def _plain(world: World, block: Block) -> None:
    shell = block.language if block.language in ("bash", "zsh", "fish") else "bash"
    world.shell(block.code, shell=shell, P2PCHAT_CONTACTS_VERIFY_YES="1", P2PCHAT_CONTACTS_REMOVE_YES="1",
                P2PCHAT_HISTORY_FORGET_YES="1").ended()  # fmt: skip


def _delivered(world: World, block: Block) -> None:
    assert "they have it: " in world.shell(block.code).ended()


def _heard(world: World, block: Block) -> None:
    for friend in (world.ops, world.bob):
        assert friend.run("send", "sam", "something to hear").returncode == 0
    assert "something to hear" in world.shell(block.code).ended()


def _offered(world: World, block: Block) -> None:
    running = world.shell(block.code)
    report = world.folder / "report.txt"
    report.write_text("all is well\n" * 30)
    given = world.bob.run("send", "sam", "--file", str(report), "--through-mesh")
    assert given.returncode == 0, given.stderr
    running.until(lambda: '"whole"' in running.output)


def _bot(world: World, block: Block) -> None:
    (code,) = [each.code for each in BLOCKS if each.name == "scripting.md: #!/bin/sh"]
    bot = world.folder / "answer.sh"
    bot.write_text(code)
    bot.chmod(0o700)
    running = world.shell(block.code)
    assert world.bob.run("send", "sam", "uptime").returncode == 0
    running.until(lambda: "load average" in world.said(world.bob))


def _pairing(world: World, block: Block) -> None:
    first, second = re.split(r"^# on the second.*\n", block.code, flags=re.MULTILINE)
    inviting = world.shell(first)
    while not (world.folder / "link").exists() or not (world.folder / "link").read_text():
        time.sleep(0.1)
    world.shell(second, world.other).ended()
    inviting.ended()
    assert "boss" in world.other.run("contacts").stdout
    assert "worker" in world.me.run("contacts").stdout


def _python(world: World, block: Block) -> None:
    program = world.folder / "typed.py"
    program.write_text(block.code)
    running = world.start([sys.executable, "-u", str(program)])
    assert world.bob.run("send", "sam", "to a program").returncode == 0
    running.until(lambda: "bob to a program" in running.output)
    assert "sam: hi" in world.said(world.bob)


def _top_level_python(world: World, block: Block) -> None:
    compile(block.code, "README", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    program = world.folder / "typed.py"
    program.write_text(block.code)
    typed = (
        "import ast, asyncio; code = compile(open('typed.py').read(), 'typed.py', 'exec',"
        " flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT); asyncio.run(eval(code))"
    )
    running = world.start([sys.executable, "-u", "-c", typed])
    running.until(lambda: "the backup is done" in world.said(world.ops))


def _prompted(world: World, block: Block) -> None:
    typed, printed = re.fullmatch(r"\$ ((?:[^\n]*\\\n)*[^\n]*\n)(.*\n)", block.code).groups()  # type: ignore[union-attr]
    answer = json.loads(world.shell(typed).ended())
    shown = json.loads(printed)
    assert answer.keys() == shown.keys()
    assert answer["result"].keys() == shown["result"].keys()
    assert answer["result"]["state"] in (shown["result"]["state"], "relayed")


def _line_by_line(world: World, block: Block) -> None:
    for line in block.code.splitlines():
        (world.folder / "answer.sh").write_text("#!/bin/sh\ncat > answered\n")
        (world.folder / "answer.sh").chmod(0o700)
        running = world.shell(line)
        if "listen" not in line:
            running.ended()
            continue
        assert world.ops.run("send", "sam", "to a line").returncode == 0
        running.until(lambda: "to a line" in running.output)  # noqa: B023


def _of_its_own(world: World, block: Block) -> None:
    """In a home that has neither node nor friends."""
    world.shell(block.code, world.other).ended(0, 3)


def _locked(world: World, block: Block) -> None:
    secret = world.folder / "secret"
    secret.write_text("open sesame\n")
    secret.chmod(0o600)
    new = Person(world.folder / "new", ExitStack())
    world.shell(block.code, new, P2PCHAT_PASSPHRASE_FILE=str(secret)).ended()


def _staying(world: World, block: Block) -> None:
    running = world.shell(block.code.replace(" &", ""), world.other)
    running.until(lambda: "running" in running.output)


def _stopping(world: World, block: Block) -> None:
    node = world.other.node()
    world.shell(block.code, world.other).ended()
    node.ended()


def _server(world: World, block: Block) -> None:
    apart = ["unshare", "-n"] if os.geteuid() == 0 and sys.platform == "linux" else []
    script = world.folder / "typed.bash"
    script.write_text(block.code)
    running = world.start([*apart, "bash", str(script)])
    running.until(lambda: "listening on ws://" in running.output)


def _log(world: World, block: Block) -> None:
    (world.folder / "build.log").write_text("it is built\n")
    world.shell(block.code).until(lambda: "it is built" in world.said(world.bob))


def _notifier(world: World, block: Block) -> None:
    world.me.run("listen", "--timeout", "1")  # what waited from before
    assert world.bob.run("send", "sam", "--", "-x <b>&").returncode == 0
    notified = world.folder / "notified"
    world.shell(block.code).until(lambda: notified.exists() and notified.read_bytes().endswith(b"wrote\0"))
    assert notified.read_bytes() == b"--\0bob wrote\0"
    assert "-x <b>&" in world.me.run("listen", "--count", "1").stdout, "it was only looked at"


def _unknown(world: World, block: Block) -> None:
    """No message has an id of the documents."""
    asked = world.shell(block.code, P2PCHAT_HISTORY_FORGET_YES="1", P2PCHAT_WITHDRAW_YES="1")
    assert "no message" in asked.ended(2)


def _unknown_mesh(world: World, block: Block) -> None:
    """No mesh has an id of the documents."""
    assert "no mesh's id begins" in world.shell(block.code, world.other, P2PCHAT_MESH_LEAVE_YES="1").ended(2)


def _removing_the_server(world: World, block: Block) -> None:
    """It was added by the same line of the documents, or is now."""
    world.shell(block.code.replace(" remove ", " add "), world.other).ended()
    world.shell(block.code, world.other).ended()
    assert "meet.example.org" not in world.other.run("rendezvous", "list").stdout


def _adding_a_server(world: World, block: Block) -> None:
    world.shell(block.code, world.other).ended()
    assert "meet.example.org" in world.other.run("rendezvous", "list").stdout


def _renewing(world: World, block: Block) -> None:
    """The line before has removed him: he is there again."""
    world.pair_with(world.bob)
    asked = world.shell(block.code, P2PCHAT_CONTACTS_REMOVE_YES="1").ended()
    assert "bob" not in world.me.run("contacts").stdout.split()
    assert "new secret" in asked


def _setting(world: World, block: Block) -> None:
    """In a home of its own, where no node calls the servers of the documents."""
    (world.folder / "my-servers").write_text("stun:stun.example.org\n")
    world.shell(block.code, world.other).ended()


def _profile(world: World, block: Block) -> None:
    assert ", not strong" in world.shell(block.code).ended(2)


SPECIAL: Final[dict[str, Callable[[World, Block], None]]] = {
    "README.md: df": _line_by_line,
    "README.md: import p2pchat": _top_level_python,
    "first-five-minutes.md: p2pchat init": _locked,
    "first-five-minutes.md: p2pchat node run": _staying,
    "help of chat: tail -f": _log,
    "settings.md: p2pchat config": _setting,
    "help of config": _setting,
    "help of doctor: P2PCHAT_PROFILE": _profile,
    "help of listen: p2pchat listen --from": _heard,
    "help of listen: p2pchat listen --json --from bob --auto-accept": _offered,
    "help of listen: p2pchat listen --peek": _notifier,
    "help of node run: p2pchat node run": _staying,
    "help of node stop: ": _stopping,
    "help of node: p2pchat node run": _staying,
    "running-a-rendezvous.md: p2pchat-rendezvous --host '*' --port 8750": _server,
    "scripting.md: # on the first": _pairing,
    "scripting.md: $ printf": _prompted,
    "scripting.md: id=": _delivered,
    "scripting.md: import asyncio": _python,
    "scripting.md: p2pchat listen --exec": _bot,
    "scripting.md: p2pchat listen --from": _heard,
    "help of contacts remove: p2pchat contacts remove bob --renew-mesh": _renewing,
    "help of mesh leave: ": _unknown_mesh,
    "help of mesh: p2pchat mesh leave": _unknown_mesh,
    "help of rendezvous add: p2pchat rendezvous add ws://192.168.1.5": _unknown_mesh,
    "help of rendezvous add: p2pchat rendezvous add wss": _adding_a_server,
    "help of rendezvous remove: ": _removing_the_server,
    "help of rendezvous: p2pchat rendezvous add": _adding_a_server,
    **{f"help of {verb}: ": _unknown for verb in ("correct", "history edit", "react", "withdraw")},
    "help of history forget: p2pchat history forget --message": _unknown,
    "help of send: p2pchat send --reply-to": _unknown,
}


@pytest.mark.parametrize("block", RUN, ids=lambda block: block.name)
def test_it_does_what_it_says(block: Block, world: World) -> None:
    if block.language in ("zsh", "fish") and shutil.which(block.language) is None:
        pytest.skip(f"{block.language} is not installed")
    if "socat" in block.code and shutil.which("socat") is None:
        pytest.skip("socat is not installed")
    special = [run for begin, run in SPECIAL.items() if block.name.startswith(begin)]
    (special[0] if special else _plain)(world, block)


@pytest.mark.parametrize("client", ["nc -N -U", "socat -t5 - UNIX-CONNECT:", "socat - UNIX-CONNECT:"])
def test_a_program_that_writes_into_the_socket_and_ends_gets_its_answer(client: str, world: World) -> None:
    if shutil.which(client.split()[0]) is None:
        pytest.skip(f"{client.split()[0]} is not installed")
    request = {"jsonrpc": "2.0", "id": 1, "method": "send", "params": {"to": "ops", "text": client}}
    place = "$P2PCHAT_HOME/control.sock"
    to = f'{client} "{place}"' if client.endswith("-U") else f'{client}"{place}"'
    answer = world.shell(f"printf '%s\\n' '{json.dumps(request)}' | {to}").ended()
    assert json.loads(answer)["result"]["state"] in ("queued", "relayed")
