"""``p2pchat forge``: the proof that there is no proof.

Knows: how to say what was shown, and what was not. Does not know: how a transcript is forged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from p2pchat.cli.output import bold, payload, record, say
from p2pchat.cli.settings import Command, CommonOptions, pass_settings
from p2pchat.errors import P2PChatError
from p2pchat.text import one_line

if TYPE_CHECKING:
    from p2pchat.control.offline import ForgeryInfo

_WHAT: Final = {
    "true": "written by both, as your node and a contact's do it",
    "forged": "the same words, all of them written by the host alone",
    "invented": "words that the guest never said, written by the host alone",
    "altered": "the true one, with one bit changed by somebody who has no keys",
}

_MEANS: Final = """
What this shows: everything that a judge could check, with all of the host's secrets on the table, the host
can make alone, from the guest's public key. So a transcript is no proof of what the guest said; the guest
can say: you made that up. Nothing is signed, and the forger is part of the program that everybody has.

What it does not show: that you are believed. A witness, a screenshot, a node's memory seized while it runs,
what you did afterwards: none of these needs a transcript. And whoever trusts the one who tells needs no
proof. Shown are words of the one who joined, forged by the one who invited; nothing is shown here of pairing
and of renewed keys.
"""


@click.command("forge", cls=Command)
@click.option("--say", "words", metavar="TEXT", help="What the guest is made to have said.")
@pass_settings
def command(settings: CommonOptions, words: str | None) -> None:
    """Show that a transcript can be made up by one side alone.

    On two throw-away accounts, of which nothing is kept: a true conversation, the same one forged by its
    host from the guest's public key alone, one that never was, and a damaged one. One judge, who is given
    all the host's secrets, looks at each. Exit code 0 if the judge accepts the first three and refuses the
    last.

    \b
    Example:
      p2pchat forge
      p2pchat forge --say "the money is in the well"
    """
    from p2pchat.client import forge

    shown = forge(words)
    if settings.json:
        record(shown)
    else:
        _print(shown)
    if [transcript.accepted for transcript in shown.transcripts] != [True, True, True, False]:
        raise P2PChatError("the judge could tell them apart: this build is not deniable; please report it")


def _print(shown: ForgeryInfo) -> None:
    payload(f"guest's public key  {shown.guest}")
    payload(f"host's public key   {shown.host}")
    for transcript in shown.transcripts:
        payload("")
        payload(f"{bold(transcript.name)}: {_WHAT[transcript.name]} ({transcript.cells} cells)")
        verdict = "accepted; the guest is shown to have said:" if transcript.accepted else "refused"
        payload(f"  the judge: {verdict}")
        for text in transcript.guest_said:
            payload(f"    {one_line(text)}")
    say(_MEANS)
