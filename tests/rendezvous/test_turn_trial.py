"""``--check`` with a real coturn: does it let its clients into the operator's network?"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rendezvous.__main__ import command
from rendezvous.check import Finding, check
from rendezvous.turn_trial import FORBIDDEN, TurnFails, lets_in
from tests.support.ports import free_port

DOCS = Path(__file__).parents[2] / "docs/running-a-rendezvous.md"
SECRET = "a-secret-that-both-of-them-have"
PATIENCE_S = 60.0

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("turnserver") is None, reason="needs coturn"),
]


@contextlib.contextmanager
def coturn(folder: Path, *lines: str) -> Iterator[int]:
    """A server with these lines in its file; yields its port."""
    port = free_port()
    own = [f"listening-port={port}", "listening-ip=127.0.0.1", "relay-ip=127.0.0.1", "no-tls", "no-dtls"]
    own += [f"pidfile={folder}/pid", f"userdb={folder}/db", "log-file=stdout", "no-tcp"]
    (folder / "turnserver.conf").write_text("\n".join([*lines, *own]) + "\n")
    with subprocess.Popen(
        ["turnserver", "-c", str(folder / "turnserver.conf")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            _until_it_answers(port)
            yield port
        finally:
            process.kill()


def _until_it_answers(port: int) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        try:
            lets_in("127.0.0.1", port, b"wrong")
        except TurnFails as error:
            if "does not answer" not in str(error):
                return
            time.sleep(0.1)
        else:
            return
    raise AssertionError("coturn does not start")


def shown() -> list[str]:
    """The configuration in the documents, with our secret, for a server on the loopback."""
    block = DOCS.read_text().split("`/etc/turnserver.conf`:\n\n```\n")[1].split("```")[0]
    lines = block.replace("PUT-32-RANDOM-CHARACTERS-HERE", SECRET).splitlines()
    return [line for line in lines if not line.startswith("listening-port")]


def finding(folder: Path, port: int, secret: str = SECRET) -> Finding:
    (folder / "secret").write_text(secret)
    (folder / "rv.toml").write_text(f'port = 0\nturn-secret-file = "secret"\nturn-port = [{port}]\n')
    (found,) = [each for each in check(folder / "rv.toml", command) if "turn-" in each.what]
    return found


def test_coturn_as_shown_refuses_strangers(tmp_path: Path) -> None:
    with coturn(tmp_path, *shown()) as port:
        assert lets_in("127.0.0.1", port, SECRET.encode()) == []
        assert finding(tmp_path, port) == Finding(True, f"turn-port {port}: it refuses private addresses")


def test_coturn_without_those_lines_is_a_way_into_the_network(tmp_path: Path) -> None:
    with coturn(tmp_path, "use-auth-secret", f"static-auth-secret={SECRET}", "realm=x") as port:
        assert "10.0.0.1" in lets_in("127.0.0.1", port, SECRET.encode())
        found = finding(tmp_path, port)
        assert not found.good and "10.0.0.1" in found.what and "denied-peer-ip" in found.what


def test_a_secret_that_differs_and_a_server_that_is_not_there_are_told(tmp_path: Path) -> None:
    with coturn(tmp_path, *shown()) as port:
        assert "its static-auth-secret is another" in finding(tmp_path, port, "something else").what
    found = finding(tmp_path, port)
    assert not found.good and "does not answer" in found.what


def test_every_kind_of_unassigned_address_is_tried() -> None:
    assert len(FORBIDDEN) == len(set(FORBIDDEN)) == 8
