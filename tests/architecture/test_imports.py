"""Imports go down only, each library has one door: import-linter's contracts hold, and they bite."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-P", "-c", program, "--no-logo", "--no-cache"],
        cwd=root,
        env={"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )


PLANTED = [
    ("p2pchat/wire/frame.py", "import p2pchat.core.values.records", "Imports go down only"),
    ("p2pchat/crypto/kdf.py", "import p2pchat.core.values.records", "Imports go down only"),
    ("p2pchat/core/link/link.py", "import p2pchat.net.driver", "Imports go down only"),
    ("p2pchat/store/journal.py", "import p2pchat.net.driver", "Imports go down only"),
    ("p2pchat/net/driver.py", "import p2pchat.store", "Imports go down only"),
    ("p2pchat/types.py", "import p2pchat.wire.cell", "Imports go down only"),
    ("p2pchat/control/framing.py", "import p2pchat.core.values.records", "control contract knows no node"),
    ("p2pchat/cli/send.py", "import p2pchat.daemon.node", "only through the client"),
    ("p2pchat/cli/send.py", "import p2pchat.store", "only through the client"),
    ("rendezvous/broker.py", "import p2pchat.wire.payload", "signalling messages and nothing else"),
    ("rendezvous/broker.py", "import p2pchat.crypto.kdf", "signalling messages and nothing else"),
    ("rendezvous/limits.py", "import msgpack", "drags no cryptography"),
    ("p2pchat/daemon/contacts.py", "import msgspec", "Only the control contract"),
    ("p2pchat/core/session/session.py", "import msgpack", "Only wire speaks msgpack"),
    ("p2pchat/core/session/session.py", "import vodozemac", "Only crypto touches"),
    ("p2pchat/store/vault.py", "import nacl.secret", "Only crypto touches"),
    ("p2pchat/daemon/node.py", "from cryptography import x509", "Only crypto touches"),
    ("p2pchat/net/links.py", "import aiortc", "Only an engine's room"),
    ("p2pchat/daemon/node.py", "import aioice", "Only an engine's room"),
    (
        "p2pchat/net/links.py",
        "import p2pchat.net.engines.aiortc",
        "the rest speaks the port",
    ),
    ("p2pchat/daemon/node.py", "import webrtc", "room of libwebrtc"),
    ("p2pchat/daemon/node.py", "import websockets", "know websockets"),
    ("rendezvous/broker.py", "import websockets", "know websockets"),
    ("p2pchat/daemon/node.py", "import apsw", "Only the store"),
    ("p2pchat/cli/send.py", "import textual", "Only the full-screen chat"),
    ("p2pchat/tui/app.py", "import p2pchat.daemon.node", "only through the client"),
    ("p2pchat/tui/app.py", "import p2pchat.cli.send", "Imports go down only"),
    ("p2pchat/net/driver.py", "import p2pchat.sim.world", "needs the simulator"),
    ("p2pchat/core/mesh/mesh.py", "import time", "no clock"),
    ("p2pchat/core/mesh/mesh.py", "from random import Random", "no clock"),
    ("p2pchat/core/mesh/mesh.py", "import asyncio", "no clock"),
    ("p2pchat/wire/codec.py", "import logging", "no clock"),
    ("p2pchat/wire/codec.py", "from os import urandom", "no clock"),
    ("p2pchat/crypto/olm.py", "import secrets", "no clock"),
    ("p2pchat/crypto/olm.py", "import socket", "no clock"),
]
"""Imports that are forbidden: where, what, and words of the contract that forbids each."""

CIRCLES = [
    ("p2pchat/daemon/contacts.py", "import p2pchat.daemon.node", "p2pchat.daemon"),
    ("p2pchat/plain/screen.py", "import p2pchat.plain.chat", "p2pchat.plain"),
    ("rendezvous/bucket.py", "import rendezvous.broker", "rendezvous"),
]
"""Imports that close a circle, and the package that it is in."""


def copied(place: Path) -> Path:
    for package in ("p2pchat", "rendezvous"):
        shutil.copytree(ROOT / package, place / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", place)
    return place


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the linter says of each broken contract when everything forbidden is there at once."""
    copy = copied(tmp_path_factory.mktemp("copy"))
    for module, line, _ in [*PLANTED, *CIRCLES]:
        with (copy / module).open("a") as planted:
            planted.write(f"\n{line}\n")
    (copy / "p2pchat" / "attic.py").write_text("")
    result = lint(copy)
    assert result.returncode == 1, result.stdout + result.stderr
    _, found = result.stdout.split("Broken contracts\n")
    parts = re.split(r"^(\S.*)\n-+\n", found, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_contract_holds(tmp_path: Path) -> None:
    result = lint(copied(tmp_path))
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(("module", "line", "contract"), PLANTED)
def test_a_planted_import_is_named(report: dict[str, str], module: str, line: str, contract: str) -> None:
    (found,) = [text for name, text in report.items() if contract in name]
    _, imported, *_ = line.split()
    library = imported if imported.startswith("p2pchat") else imported.partition(".")[0]
    assert f"- {module.removesuffix('.py').replace('/', '.')} -> {library} " in " ".join(found.split())


@pytest.mark.parametrize("package", [package for _, _, package in CIRCLES])
def test_a_circle_is_named(report: dict[str, str], package: str) -> None:
    assert f"No cycles are allowed in {package}.\n" in report["No module is above and below another"]


def test_a_new_room_must_be_given_its_place(report: dict[str, str]) -> None:
    assert "attic" in report["Imports go down only"]
