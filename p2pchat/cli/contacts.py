"""``p2pchat contacts``: the contacts of this home.

Knows: how contacts are listed and shown, and the questions. Does not know: what makes a key the right one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from p2pchat.cli import introductions
from p2pchat.cli.ask import confirmed
from p2pchat.cli.connection import open_node
from p2pchat.cli.listing import Listing, listed
from p2pchat.cli.output import bold, print_line, record, say
from p2pchat.cli.parameters import CONTACT
from p2pchat.cli.run import wait_for
from p2pchat.cli.settings import CommonOptions, pass_settings
from p2pchat.control.answers import ContactDetailInfo, ContactInfo
from p2pchat.errors import Ended
from p2pchat.text import harmless_name
from p2pchat.wording.introductions import meeting
from p2pchat.wording.lines import lifetime, local_time, span, span_words
from p2pchat.wording.presence import presence, whereabouts
from p2pchat.wording.removing import RENEW, leaves_others, outcome, question
from p2pchat.wording.sessions import standing, trust

if TYPE_CHECKING:
    from p2pchat.client import Node


@click.group("contacts", cls=Listing)
def command() -> None:
    """Your contacts; without a subcommand, lists them.

    \b
    Example:
      p2pchat contacts
      p2pchat contacts verify bob
    """


for change in introductions.COMMANDS:
    command.add_command(change)


@command.command("list")
@pass_settings
def list_(settings: CommonOptions) -> None:
    """List all contacts, one line each.

    \b
    Example:
      p2pchat contacts list --json
    """
    nobody = "No contacts yet. Make a code for a friend:  p2pchat invite"
    wait_for(
        listed(
            settings,
            lambda node: node.contacts(),
            _row,
            nobody,
            lambda contact: contact.here is None,
            "who is here",
        ),
        settings,
    )


def _row(contact: ContactInfo) -> str:
    """The name comes last: its width varies, also between terminals."""
    here = whereabouts(contact, contact.here is not None, datetime.now(UTC))
    known = "blocked" if contact.blocked else "verified" if contact.verified else "unverified"
    mute = "muted" if contact.muted else ""
    told = "" if standing(contact) is None else "  (see 'contacts show')"
    name = harmless_name(contact.name)
    return f"{here:<10} {known:<11} {mute:<6} {contact.fingerprint[:16]}  {name}{told}"


@command.command("show")
@click.argument("name", type=CONTACT)
@pass_settings
def show(settings: CommonOptions, name: str) -> None:
    """Show all that is known of one contact.

    \b
    Example:
      p2pchat contacts show bob
    """
    wait_for(_show(settings, name), settings)


async def _show(settings: CommonOptions, name: str) -> None:
    async with open_node(settings) as node:
        contact = await node.contact(name)
    if settings.json:
        record(contact)
        return
    for label, value in _detail_rows(contact):
        print_line(f"{label:<14} {value}")


def _detail_rows(contact: ContactDetailInfo) -> Iterable[tuple[str, str]]:
    yield "name", harmless_name(contact.name)
    yield "fingerprint", contact.fingerprint
    yield "safety number", contact.safety_number
    yield "verified", "yes" if contact.verified else trust(contact).replace("unverified", "no")
    if (wrong := standing(contact)) is not None:
        yield "session", wrong
    if contact.renewed_at:
        yield "begun anew", local_time(contact.renewed_at).strftime("%Y-%m-%d %H:%M")
    yield "blocked", "yes" if contact.blocked else "no"
    yield "muted", "yes" if contact.muted else "no"
    yield "disappears", span_words(contact.disappear) if contact.disappear else "never"
    if contact.over_quota:
        yield "disk", "has filled its disk space for today; further messages wait at their node"
    yield "here", presence(contact, contact.here is not None, datetime.now(UTC))
    yield "how you met", meeting(contact)
    yield "since", local_time(contact.added_at).strftime("%Y-%m-%d %H:%M")


@command.command("verify")
@click.argument("name", type=CONTACT)
@click.option("--yes", is_flag=True, help="Do not ask: the numbers were compared.")
@click.option("--undo", is_flag=True, help="Undo the verification.")
@pass_settings
def verify(settings: CommonOptions, name: str, yes: bool, undo: bool) -> None:
    """Compare safety numbers with a contact, and save that they match.

    Both of you run this command and compare all sixty digits, in person or on a call. If the numbers differ,
    an attacker reads your messages.

    If your node has a direct link to a verified contact's node, that contact can learn that the link leads to
    you. If the contact has verified you, too, each of you relays the other's messages first: that hides the
    writer better from strangers.

    \b
    Example:
      p2pchat contacts verify bob
    """
    wait_for(_verify(settings, name, yes, undo), settings)


async def _verify(settings: CommonOptions, name: str, yes: bool, undo: bool) -> None:
    async with open_node(settings) as node:
        contact = await node.contact(name)
        shown = harmless_name(name)
        if not undo:
            if not settings.json:
                print_line(contact.safety_number)
            if not await confirmed(f"Does {shown} see exactly the same?", yes):
                raise Ended(f"{shown} stays unverified; if the numbers differ, remove them and pair again")
        await node.verify(name, not undo)
        if settings.json:
            record(await node.contact(name))
        else:
            say(f"{shown} is {'no longer ' if undo else ''}{bold('verified')}.")


@command.command("rename")
@click.argument("name", type=CONTACT)
@click.argument("new")
@pass_settings
def rename(settings: CommonOptions, name: str, new: str) -> None:
    """Give a contact another name, in this home only.

    \b
    Example:
      p2pchat contacts rename bob-2 bobby
    """
    wait_for(_rename(settings, name, new), settings)


async def _rename(settings: CommonOptions, name: str, new: str) -> None:
    async with open_node(settings) as node:
        await node.rename(name, new)
        if settings.json:
            record(await node.contact(new))
    say(f"{harmless_name(name)} is now called {bold(harmless_name(new))}.")


@command.command("block")
@click.argument("name", type=CONTACT)
@click.option("--undo", "--unblock", "undo", is_flag=True, help="Unblock the contact.")
@pass_settings
def block(settings: CommonOptions, name: str, undo: bool) -> None:
    """Block a contact: receive nothing from them and send nothing to them. They are not told.

    What they write meanwhile waits at their node for two weeks: it arrives if you unblock them before that.

    \b
    Example:
      p2pchat contacts block bob
      p2pchat contacts block bob --undo
    """
    wait_for(_block(settings, name, undo), settings)


async def _block(settings: CommonOptions, name: str, undo: bool) -> None:
    async with open_node(settings) as node:
        await node.block(name, not undo)
        if settings.json:
            record(await node.contact(name))
    say(f"{harmless_name(name)} is {'no longer blocked' if undo else 'blocked'}.")


@command.command("mute")
@click.argument("name", type=CONTACT)
@click.option("--undo", "--unmute", "undo", is_flag=True, help="Notify again.")
@pass_settings
def mute(settings: CommonOptions, name: str, undo: bool) -> None:
    """Mute a contact: its messages arrive without a notification.

    \b
    Example:
      p2pchat contacts mute bob
      p2pchat contacts mute bob --undo
    """
    wait_for(_mute(settings, name, undo), settings)


async def _mute(settings: CommonOptions, name: str, undo: bool) -> None:
    async with open_node(settings) as node:
        await node.mute(name, not undo)
        if settings.json:
            record(await node.contact(name))
    say(f"{harmless_name(name)} is {'no longer muted' if undo else 'muted'}.")


@command.command("disappear")
@click.argument("name", type=CONTACT)
@click.argument("after", metavar="[SPAN|off]", required=False)
@pass_settings
def disappear(settings: CommonOptions, name: str, after: str | None) -> None:
    """Let new messages with a contact disappear on both sides, some time after they were written.

    Either of you sets the time for both, and both are told: 30m, 8h, 1d, 4w, or off. Without a time, shows
    the setting. Older messages stay. A message that is not read or not delivered yet stays until it is. A
    contact can always keep a copy by other means.

    \b
    Example:
      p2pchat contacts disappear bob
      p2pchat contacts disappear bob 1d
      p2pchat contacts disappear bob off
    """
    if after is None:
        wait_for(_show_disappear(settings, name), settings)
    else:
        wait_for(_disappear(settings, name, span(after)), settings)


async def _show_disappear(settings: CommonOptions, name: str) -> None:
    async with open_node(settings) as node:
        contact = await node.contact(name)
    if settings.json:
        record(contact)
    else:
        print_line(f"What you and {harmless_name(name)} say {lifetime(contact.disappear)}.")


async def _disappear(settings: CommonOptions, name: str, seconds: float | None) -> None:
    async with open_node(settings) as node:
        await node.disappear(name, seconds)
        if settings.json:
            record(await node.contact(name))
    say(f"What you and {harmless_name(name)} say from now on {lifetime(seconds)}.")


@command.command("renew")
@click.argument("name", type=CONTACT)
@pass_settings
def renew(settings: CommonOptions, name: str) -> None:
    """Get new keys with a contact after a copy of your home or theirs was restored, or ran twice.

    This happens by itself within two minutes when both nodes run; the command asks at once. It also sends the
    messages that wait because the contact's home was restored: first make sure that it is really your
    contact. No message is lost. If nothing is wrong, the command changes nothing.

    \b
    Example:
      p2pchat contacts renew bob
    """
    wait_for(_renew(settings, name), settings)


async def _renew(settings: CommonOptions, name: str) -> None:
    async with open_node(settings) as node:
        contact = await node.renew(name)
    if settings.json:
        record(contact)
    else:
        say(standing(contact) or f"This node knows of no problem between you and {harmless_name(name)}.")


@command.command("remove")
@click.argument("name", type=CONTACT)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--keep-mesh", is_flag=True, help="Stay in the mesh even without another contact in it.")
@click.option(
    "--renew-mesh/--no-renew-mesh", default=None, help="Also exclude them from the mesh, with a new secret."
)
@pass_settings
def remove(settings: CommonOptions, name: str, yes: bool, keep_mesh: bool, renew_mesh: bool | None) -> None:
    """Delete a contact, and all messages with them.

    If this was your last contact in a mesh, you leave the mesh, unless --keep-mesh.

    The removed contact still knows the mesh's secret: it can link there, and see when members are online.
    With --renew-mesh your node makes a new secret and tells it to your other contacts in that mesh, and they
    pass it to theirs. A member that still has the removed person as a contact tells it to them, too.

    \b
    Example:
      p2pchat contacts remove bob
      p2pchat contacts remove bob --renew-mesh
    """
    wait_for(_remove(settings, name, yes, keep_mesh, renew_mesh), settings)


async def _remove(
    settings: CommonOptions, name: str, yes: bool, keep_mesh: bool, renew_mesh: bool | None
) -> None:
    async with open_node(settings) as node:
        contact = await node.contact(name)
        if not await confirmed(question(name), yes):
            raise Ended(f"{harmless_name(name)} stays")
        if renew_mesh is None:
            renew_mesh = not yes and await _to_be_renewed(node, contact)
        gone = await node.remove(name, keep_mesh=keep_mesh, renew_mesh=renew_mesh)
    if settings.json:
        record({"type": "contact", "change": "removed", **gone.as_record(), "name": contact.name})
    for line in outcome(gone):
        say(line)


async def _to_be_renewed(node: Node, contact: ContactDetailInfo) -> bool:
    """Whether other contacts share the mesh, and the person wants to exclude the removed one."""
    others = leaves_others(contact, await node.contacts())
    return others and sys.stdin.isatty() and await confirmed(RENEW, yes=False)
