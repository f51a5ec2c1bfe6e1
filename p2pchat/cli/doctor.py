"""``p2pchat doctor``: what works from here, and what each party learns about you.

Knows: how results are shown, and the advice for failures. Does not know: how the checks work.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

import click

from p2pchat.cli.connection import open_node
from p2pchat.cli.output import colour, print_line, record, say
from p2pchat.cli.run import wait_for
from p2pchat.cli.settings import Command, CommonOptions, pass_settings
from p2pchat.control.answers import CheckResult
from p2pchat.errors import NetworkError, P2PChatError
from p2pchat.wording.advice import ADVICE
from p2pchat.wording.exposure import Exposure, exposures

_OF_THE_NETWORK: Final = ("network", "rendezvous", "lan", "listen", "addresses", "link", "mesh")


@click.command("doctor", cls=Command)
@pass_settings
def command(settings: CommonOptions) -> None:
    """Check what works from here, and show what each party learns about you.

    Your running node makes the checks, with its settings; if none runs, one is started for this. Exit code 3
    for a network problem, 1 for any other.

    \b
    Example:
      p2pchat doctor
      p2pchat doctor --json
      P2PCHAT_PROFILE=strong p2pchat doctor
    """
    wait_for(_doctor(settings), settings)


async def _doctor(settings: CommonOptions) -> None:
    async with open_node(settings) as node:
        if sys.stderr.isatty() and not settings.json:
            say("Checking; this takes some seconds ...")
        found = await node.doctor()
        known = exposures(await node.status())
    if settings.json:
        record(
            {
                "type": "doctor",
                "checks": [check.as_record() for check in found],
                "exposure": [party.to_fields() for party in known],
            }
        )
    else:
        _print(found, known)
    _judge(found)


def _print(found: Sequence[CheckResult], known: Sequence[Exposure]) -> None:
    from p2pchat.pictures.doctor import doctor_picture
    from p2pchat.pictures.drawing import drawn_text, terminal_width

    print_line(drawn_text(doctor_picture(found, known), terminal_width(), coloured=colour(sys.stdout)))


def _judge(found: Sequence[CheckResult]) -> None:
    """One reachable rendezvous is enough; with links none is needed."""
    failed = {check.name for check in found if not check.ok}
    worked = {check.name for check in found if check.ok}
    if "rendezvous" in worked or ("mesh" in worked and "in none yet" not in _found(found, "mesh")):
        failed.discard("rendezvous")
    for name, advice in ADVICE.items():
        if name in failed:
            raise (NetworkError if name in _OF_THE_NETWORK else P2PChatError)(f"{name}: {advice}")


def _found(found: Sequence[CheckResult], name: str) -> list[str]:
    return [check.found for check in found if check.name == name]
