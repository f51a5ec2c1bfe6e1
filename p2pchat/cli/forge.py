"""``p2pchat forge``: the proof that there is no proof.

Knows: how to explain what the demonstration shows. Does not know: how a transcript is forged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from p2pchat.cli.output import bold, print_line, record, say
from p2pchat.cli.settings import Command, CommonOptions, pass_settings
from p2pchat.errors import P2PChatError
from p2pchat.text import one_line

if TYPE_CHECKING:
    from p2pchat.control.offline import ForgeryInfo, GuestReferenceInfo

_WHAT: Final = {
    "true": "written by both, as your node and a contact's do it",
    "forged": "the same words, all of them written by the host alone",
    "invented": "words that the guest never said, written by the host alone",
    "altered": "the true one, with one bit changed by a person without keys",
}

_MEANS: Final = """
What this shows: everything that a judge could check, with all of the host's secrets on the table, the host
can make alone, from the guest's public key. So a transcript is no proof of what the guest said; the guest
can say: you made that up. Nothing is signed, and the forger is part of the program that everybody has.

What it does not show: that you are believed. A witness, a screenshot, a node's memory seized while it runs,
what you did afterwards: none of these needs a transcript. And a listener that trusts the witness needs no
proof. Here the host, who made the invite, forges words of the guest, who joined; pairing and renewed keys are
not shown.
"""


@click.command("forge", cls=Command)
@click.option("--say", "words", metavar="TEXT", help="The words to put into the guest's mouth.")
@pass_settings
def command(settings: CommonOptions, words: str | None) -> None:
    """Show that one side alone can make up a transcript.

    Two temporary accounts, of which nothing is kept, make four transcripts: a true conversation, the same one
    forged by its host from the guest's public key alone, one that never took place, and a damaged one. A
    judge that has all the host's secrets checks each. Exit code 0 if the judge accepts the first three and
    refuses the last.

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
    print_line(f"guest's public key  {shown.guest}")
    print_line(f"host's public key   {shown.host}")
    for transcript in shown.transcripts:
        print_line("")
        print_line(f"{bold(transcript.name)}: {_WHAT[transcript.name]} ({transcript.cells} cells)")
        verdict = "accepted; the guest is shown to have said:" if transcript.accepted else "refused"
        print_line(f"  the judge: {verdict}")
        for text in transcript.guest_said:
            print_line(f"    {one_line(text)}")
        for referred in transcript.guest_referred:
            print_line(f"    {_sentence(referred)}")
    say(_MEANS)


def _sentence(referred: GuestReferenceInfo) -> str:
    of = "a message of the host" if referred.of is None else f'"{one_line(referred.of)}"'
    match referred.kind:
        case "reaction" if not referred.text:
            return f"(takes back the reaction to {of})"
        case "reaction":
            return f"(reacts {one_line(referred.text)} to {of})"
        case "correction":
            return f'(corrects {of} to "{one_line(referred.text)}")'
        case "withdrawal":
            return f"(withdraws {of})"
