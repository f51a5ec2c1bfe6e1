"""Imports go down only, each library has one door: import-linter's contracts hold, and they bite."""

from __future__ import annotations

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


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("copy")
    for package in ("p2pchat", "rendezvous"):
        shutil.copytree(ROOT / package, place / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", place)
    return place


def test_every_contract_holds(copy: Path) -> None:
    result = lint(copy)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("p2pchat/wire/frame.py", "import p2pchat.core.records", "Imports go down only"),
        ("p2pchat/crypto/kdf.py", "import p2pchat.core.records", "Imports go down only"),
        ("p2pchat/core/link/link.py", "import p2pchat.net.driver", "Imports go down only"),
        ("p2pchat/store/journal.py", "import p2pchat.net.driver", "Imports go down only"),
        ("p2pchat/net/driver.py", "import p2pchat.store", "Imports go down only"),
        ("p2pchat/types.py", "import p2pchat.wire.cell", "Imports go down only"),
        ("p2pchat/control/framing.py", "import p2pchat.core.records", "control contract knows no node"),
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
    ],
)
def test_a_planted_import_is_named(copy: Path, module: str, line: str, contract: str) -> None:
    planted = copy / module
    before = planted.read_text()
    planted.write_text(f"{before}\n{line}\n")
    try:
        result = lint(copy)
    finally:
        planted.write_text(before)
    broken = [told for told in result.stdout.splitlines() if " BROKEN" in told]
    assert result.returncode == 1
    assert any(contract in told for told in broken), result.stdout + result.stderr
    assert module.removesuffix(".py").replace("/", ".") + " -> " in result.stdout


@pytest.mark.parametrize(
    ("module", "line", "package"),
    [
        ("p2pchat/daemon/contacts.py", "import p2pchat.daemon.node", "p2pchat.daemon"),
        ("p2pchat/plain/screen.py", "import p2pchat.plain.chat", "p2pchat.plain"),
        ("rendezvous/bucket.py", "import rendezvous.broker", "rendezvous"),
    ],
)
def test_a_circle_is_named(copy: Path, module: str, line: str, package: str) -> None:
    planted = copy / module
    before = planted.read_text()
    planted.write_text(f"{before}\n{line}\n")
    try:
        result = lint(copy)
    finally:
        planted.write_text(before)
    assert result.returncode == 1
    assert f"No cycles are allowed in {package}" in result.stdout


def test_a_new_room_must_be_given_its_place(copy: Path) -> None:
    room = copy / "p2pchat" / "attic.py"
    room.write_text("")
    try:
        result = lint(copy)
    finally:
        room.unlink()
    assert result.returncode == 1
    assert "attic" in result.stdout
