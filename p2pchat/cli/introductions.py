"""Commands of ``p2pchat contacts`` by which contacts come without a code: through a room, or by a friend.

Knows: the commands, and what is told afterwards. Does not know: what the nodes say to each other. Beside
``contacts``.
"""

from __future__ import annotations

from typing import Final

import click

from p2pchat.cli.connection import open_node
from p2pchat.cli.listing import listed, told
from p2pchat.cli.output import print_line, record, say
from p2pchat.cli.parameters import CONTACT, MEMBER, REQUEST, ROOM, SECONDS
from p2pchat.cli.run import wait_for
from p2pchat.cli.settings import Command, CommonOptions, pass_settings
from p2pchat.control.introductions import IntroductionInfo
from p2pchat.text import harmless_name, typed
from p2pchat.wording.introductions import introduction_row, meeting


@click.command("add", cls=Command)
@click.argument("room", type=ROOM)
@click.argument("member", type=MEMBER)
@click.option("--undo", is_flag=True, help="Take the request back.")
@pass_settings
def add(settings: CommonOptions, room: str, member: str, undo: bool) -> None:
    """Ask a member of a room to become a contact of yours, without a code.

    The member is asked, and answers with 'contacts accept' or 'contacts decline'. Until it accepts, it learns
    nothing that the room does not show. If the member has asked you already, this accepts. The other members
    of the room cannot read or see the request.

    A contact that you met in this way is not verified: the member who brought one of you into the room could
    stand between you. Compare safety numbers.

    \b
    Example:
      p2pchat contacts add '#friends' carol
      p2pchat contacts add '#friends' carol --undo
    """
    tell = _tell_undone if undo else _tell_request
    wait_for(told(settings, lambda node: node.add_contact(room, member, undo=undo), tell), settings)


def _tell_request(info: IntroductionInfo) -> None:
    name = harmless_name(info.name)
    say(f"{name} is asked. You are contacts as soon as {name} accepts.")


def _tell_undone(info: IntroductionInfo) -> None:
    say(f"{harmless_name(info.name)} is no longer asked.")


@click.command("introduce", cls=Command)
@click.argument("one", metavar="NAME", type=CONTACT)
@click.argument("other", metavar="NAME", type=CONTACT)
@click.option("--undo", is_flag=True, help="Take the introduction back.")
@pass_settings
def introduce(settings: CommonOptions, one: str, other: str, undo: bool) -> None:
    """Introduce two of your contacts to each other.

    Both are asked, and see that you introduce them, and your name for the other. When both have accepted,
    your node passes their keys on, and they become contacts. Neither gets the other's keys before. All three
    are told if one declines.

    You know then that they are contacts, and your node could stand between them: they should compare safety
    numbers.

    \b
    Example:
      p2pchat contacts introduce bob carol
    """
    tell = _tell_withdrawn if undo else _tell_introduced
    wait_for(told(settings, lambda node: node.introduce_contacts(one, other, undo=undo), tell), settings)


def _tell_introduced(info: IntroductionInfo) -> None:
    say(f"{_two(info)} are asked. They are contacts as soon as both accept.")


def _tell_withdrawn(info: IntroductionInfo) -> None:
    say(f"{_two(info)} are no longer introduced.")


def _two(info: IntroductionInfo) -> str:
    return f"{harmless_name(info.name)} and {harmless_name(info.other or '')}"


@click.command("requests", cls=Command)
@pass_settings
def requests(settings: CommonOptions) -> None:
    """List who asks to become a contact of yours, whom you have asked, and whom you introduce.

    \b
    Example:
      p2pchat contacts requests --json
    """
    none = "No requests are open. Ask a member of a room:  p2pchat contacts add ROOM MEMBER"
    wait_for(listed(settings, lambda node: node.list_introductions(), introduction_row, none), settings)


@click.command("accept", cls=Command)
@click.argument("name", type=REQUEST)
@click.option("--timeout", type=SECONDS, default=30.0, help="Seconds to wait until you are contacts.")
@pass_settings
def accept(settings: CommonOptions, name: str, timeout: float) -> None:
    """Accept a request, and wait until you are contacts.

    Both nodes have to run for that; if a friend introduces you, the other and the friend's node, too. If that
    takes longer, the exit code is 6; it follows by itself while a node runs here.

    \b
    Example:
      p2pchat contacts accept carol
    """
    wait_for(_accept(settings, name, timeout), settings)


async def _accept(settings: CommonOptions, name: str, timeout: float) -> None:
    async with open_node(settings, timeout) as node:
        contact = await node.accept_contact(name, timeout=timeout)
    if settings.json:
        record(contact)
    else:
        print_line(harmless_name(contact.name))
        say(f"You are contacts, {meeting(contact)}. Compare:  p2pchat contacts verify {typed(contact.name)}")


@click.command("decline", cls=Command)
@click.argument("name", type=REQUEST)
@pass_settings
def decline(settings: CommonOptions, name: str) -> None:
    """Decline a request; who asked, or introduced you, is told.

    A member of a room who was declined cannot ask you again for two weeks.

    \b
    Example:
      p2pchat contacts decline carol
    """
    wait_for(told(settings, lambda node: node.decline_contact(name), _tell_declined), settings)


def _tell_declined(info: IntroductionInfo) -> None:
    say(f"{harmless_name(info.name)}: declined.")


COMMANDS: Final = (add, introduce, requests, accept, decline)
