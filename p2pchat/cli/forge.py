"""``p2pchat forge``: the proof that there is no proof.

Knows: how to explain what the demonstration shows. Does not know: how a transcript is forged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from p2pchat.cli.connection import open_node
from p2pchat.cli.output import bold, print_line, record, say
from p2pchat.cli.parameters import ROOM
from p2pchat.cli.run import wait_for
from p2pchat.cli.settings import Command, CommonOptions, pass_settings
from p2pchat.errors import P2PChatError
from p2pchat.text import harmless_name, one_line

if TYPE_CHECKING:
    from p2pchat.control.offline import ForgeryInfo, GuestReferenceInfo, TranscriptInfo
    from p2pchat.control.rooms import RoomForgeryInfo, RoomTranscriptInfo

_WHAT: Final = {
    "true": "written by both, as your node and a contact's do it",
    "forged": "the same words, all of them written by the host alone",
    "invented": "words that the guest never said, written by the host alone",
    "altered": "the true one, with one bit changed by a person without keys",
}

_WHAT_ROOM: Final = {
    "invented": "words that no other member said, written by you alone",
    "altered": "the same, with one bit changed by a person without keys",
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


_MEANS_ROOM: Final = """
What this shows: from the other members' public keys, your node alone has made up what they say here, and all
that you could show a judge, your own keys among it, does not tell it from the truth. Each member can do so.
Nothing of it was kept or sent.
"""


@click.command("forge", cls=Command)
@click.argument("room", type=ROOM, required=False)
@click.option("--say", "words", metavar="TEXT", help="The words to put into another's mouth.")
@pass_settings
def command(settings: CommonOptions, room: str | None, words: str | None) -> None:
    """Show that one side alone can make up a transcript.

    Two temporary accounts, of which nothing is kept, make four transcripts: a true conversation, the same one
    forged by its host from the guest's public key alone, one that never took place, and a damaged one. A
    judge that has all the host's secrets checks each. Exit code 0 if the judge accepts the first three and
    refuses the last.

    With a room, your node makes up what its other members say, with their real keys; the judge refuses only
    the copy with one bit changed.

    \b
    Example:
      p2pchat forge
      p2pchat forge --say "the money is in the well"
      p2pchat forge '#friends'
    """
    if room is not None:
        wait_for(_forge_room(settings, room, words), settings)
        return
    from p2pchat.client import forge

    shown = forge(words)
    if settings.json:
        record(shown)
    else:
        _print(shown)
    if [transcript.accepted for transcript in shown.transcripts] != [True, True, True, False]:
        raise P2PChatError("the judge could tell them apart: this build is not deniable; please report it")


async def _forge_room(settings: CommonOptions, room: str, words: str | None) -> None:
    async with open_node(settings) as node:
        shown = await node.forge_room(room, words)
    if settings.json:
        record(shown)
    else:
        _print_room(shown)
    if [transcript.accepted for transcript in shown.transcripts] != [True, False]:
        raise P2PChatError("the judge could tell them apart: this build is not deniable; please report it")


def _print_verdict(transcript: TranscriptInfo | RoomTranscriptInfo, what: str, who: str) -> None:
    print_line("")
    print_line(f"{bold(transcript.name)}: {what} ({transcript.cells} cells)")
    print_line(f"  the judge: {f'accepted; {who} shown to have said:' if transcript.accepted else 'refused'}")


def _print_room(shown: RoomForgeryInfo) -> None:
    print_line(harmless_name(shown.room))
    for transcript in shown.transcripts:
        _print_verdict(transcript, _WHAT_ROOM[transcript.name], "the members are")
        for saying in transcript.sayings:
            print_line(f"    {harmless_name(saying.sender)}: {one_line(saying.text)}")
    say(_MEANS_ROOM)


def _print(shown: ForgeryInfo) -> None:
    print_line(f"guest's public key  {shown.guest}")
    print_line(f"host's public key   {shown.host}")
    for transcript in shown.transcripts:
        _print_verdict(transcript, _WHAT[transcript.name], "the guest is")
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
