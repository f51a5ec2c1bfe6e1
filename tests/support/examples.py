"""The examples of all documents and help texts, and why some of them are not run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import click

from p2pchat.cli.main import root
from tests.support.processes import ROOT

DOCUMENTS: Final = sorted(
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *(ROOT / "docs").glob("*.md")]
)


@dataclass(frozen=True, slots=True)
class Block:
    """Code in a document, or the examples of one command's help."""

    where: str
    language: str
    code: str

    @property
    def name(self) -> str:
        return f"{self.where}: {self.code.splitlines()[0]}"


def _blocks() -> Iterator[Block]:
    for document in DOCUMENTS:
        for language, code in re.findall(
            r"^```(\w*)\n(.*?)^```", document.read_text(), flags=re.MULTILINE | re.DOTALL
        ):
            yield Block(document.name, language, code)


def _help(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[Block]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        example = re.search(r"\x08\n *Example:\n(.*)\Z", command.help or "", flags=re.DOTALL)
        assert example is not None, name
        for line in example[1].strip().splitlines():
            yield Block(f"help of {' '.join((*path, name))}", "", line.strip() + "\n")
        if isinstance(command, click.Group):
            yield from _help(command, (*path, name))


ELSEWHERE: Final = {
    "CONTRIBUTING.md: git clone": "the suite that runs this is what it describes",
    "CONTRIBUTING.md: scripts/test tests/wire": "the suite that runs this is what it describes",
    "backups.md: ": "a stick of the documents; test_backups.py goes the whole way",
    "help of backup: p2pchat backup ": "a stick of the documents; see test_backups.py",
    "help of backup make: ": "a stick of the documents; see test_backups.py",
    "help of restore: ": "a stick of the documents; see test_backups.py",
    "README.md: $ p2pchat init": "a story on two machines; test_end_to_end.py lives through it",
    "README.md: scripts/try": "p2pchat demo, which test_demo.py runs, and this suite",
    "README.md: python3 -m venv": "downloads; the machine that runs the suite has it installed",
    "README.md: p2pchat init": "its lines are in first-five-minutes.md, too, and run from there",
    "README.md: text, receipts": "a picture",
    "first-five-minutes.md: p2pchat demo": "test_demo.py runs it",
    "first-five-minutes.md: $ p2pchat invite": "a code of the documents; test_end_to_end.py takes a real one",
    "running-a-rendezvous.md: apt install": "a public name; test_config.py checks what it copies",
    "running-a-rendezvous.md: cp docs/examples": "a systemd that runs; test_service.py verifies the unit",
    "running-a-rendezvous.md: curl https://YOUR.NAME": "a public name; test_operation.py asks for the health",
    'running-a-rendezvous.md: host = "*"': "test_config.py reads it",
    "running-a-rendezvous.md: p2pchat-rendezvous --host '*' --bus": "a NATS server; see test_bus.py",
    "running-a-rendezvous.md: p2pchat-rendezvous --host '*' --port 443": "a certificate of a public name",
    "running-a-rendezvous.md: p2pchat-rendezvous --host '*' --turn": "a secret; see test_command.py",
    "running-a-rendezvous.md: chgrp turnserver": "the machine's own coturn; tests/support/lab.py starts one",
    "running-a-rendezvous.md: ufw": "the machine's own firewall",
    "running-a-rendezvous.md: use-auth-secret": "coturn's file; tests/support/lab.py starts it so",
    "running-a-rendezvous.md: p2pchat-rendezvous --host 0.0.0.0": "three machines of the documents",
    "scripting.md: mkdir -p ~/.config/systemd": "a systemd that runs; test_service.py verifies it",
    'scripting.md: {"type":"': "what is printed, not typed",
    'scripting.md: {"jsonrpc":"2.0","method":"event"': "what is printed, not typed",
    'scripting.md: {"jsonrpc":"2.0","method":"cancel"': "test_control.py sends it",
    "simulating.md: scripts/sim": "minutes each; tests/sim has the same commands on small meshes",
    "architecture.md:   a person": "a picture",
    "architecture.md:   node": "a picture",
    "troubleshooting.md: p2pchat invite --lan": "two machines on one network; test_one_network.py has them",
    "rooms.md: p2pchat room create": "three people who wait for each other; test_rooms.py has four",
    "rooms.md: owner ": "what is printed, not typed",
    "files.md: p2pchat ": "a friend who takes the file; test_files.py goes the whole way",
    "scripting.md: p2pchat room ": "waits for members; test_rooms.py has four",
    "help of room: p2pchat room ": "three people who wait for each other; test_rooms.py has four",
    **{
        f"help of room {verb}": "changes who is in; test_rooms.py has four people"
        for verb in (
            "accept",
            "create",
            "decline",
            "forget",
            "invite",
            "leave",
            "remove",
            "rename",
            "renew",
            "role",
        )
    },
    "rooms.md: p2pchat contacts add": "two members who ask each other; test_introductions.py has them",
    **{
        f"help of contacts {verb}": "somebody who asks; test_introductions.py has three people"
        for verb in ("accept", "add", "decline", "introduce")
    },
    "help of files": "a file of the documents; test_files.py has one",
    "help of send: p2pchat send bob --file": "a friend who takes the file; test_files.py goes the whole way",
    "help of demo: ": "test_demo.py runs it",
    "help of invite: ": "waits for a friend; test_end_to_end.py has one",
    "help of join: ": "a code of the documents; test_end_to_end.py takes a real one",
    "help of node run: p2pchat --passphrase-file": "asks nothing; test_end_to_end.py runs it",
    "help of node run: p2pchat config set ice": "a TURN server of the documents; test_relay_only.py has one",
    "help of passphrase: ": "asks at a terminal; test_passphrase.py answers",
    "help of wipe: p2pchat wipe": "asks at a terminal; test_end_to_end.py answers",
    "help of init: p2pchat init": "asks at a terminal; test_end_to_end.py answers",
    "help of init: p2pchat --home /tmp/try": "a folder of the machine itself",
    "help of wipe: p2pchat --home /tmp/try": "a folder of the machine itself",
    "scripting.md: #!/bin/sh": "run by the line above it",
}
"""What is not run here, and why. By the beginning of a block's name."""


def excuse(block: Block) -> str | None:
    return next((why for begin, why in ELSEWHERE.items() if block.name.startswith(begin)), None)


BLOCKS: Final = [*_blocks(), *_help(root())]
RUN: Final = sorted(
    (block for block in BLOCKS if excuse(block) is None), key=lambda block: "contacts remove" in block.code
)
"""Blocks that remove a contact come last."""
