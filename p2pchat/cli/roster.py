"""Commands of ``p2pchat room`` that change who is in, or how the room is for all.

Knows: the questions, and what is told afterwards. Does not know: who may do what in a room. Beside ``room``.
"""

from __future__ import annotations

from typing import Final

import click

from p2pchat.cli.ask import confirmed
from p2pchat.cli.connection import open_node
from p2pchat.cli.listing import told
from p2pchat.cli.output import bold, print_line, record, say
from p2pchat.cli.parameters import CONTACT, KNOWN_ROOM, MEMBER, ROOM
from p2pchat.cli.run import wait_for
from p2pchat.cli.settings import Command, CommonOptions, pass_settings
from p2pchat.control.rooms import RenewRoomResult, Role, RoomInfo
from p2pchat.errors import Ended
from p2pchat.text import harmless_name
from p2pchat.wording.rooms import member_role


def shown_room(room: RoomInfo) -> str:
    """The name of a room in a sentence."""
    return bold(harmless_name(room.name))


@click.command("invite", cls=Command)
@click.argument("room", type=ROOM)
@click.argument("contacts", metavar="CONTACT…", type=CONTACT, nargs=-1, required=True)
@click.option("--undo", is_flag=True, help="Take the invitations back.")
@pass_settings
def invite(settings: CommonOptions, room: str, contacts: tuple[str, ...], undo: bool) -> None:
    """Invite contacts to a room; only its owner and admins may.

    Until they accept, they know the room's name and size, and the other members do not know of them. They
    read what is written after they came in, and nothing earlier.

    \b
    Example:
      p2pchat room invite '#friends' bob carol
      p2pchat room invite '#friends' carol --undo
    """
    wait_for(_invite(settings, room, contacts, undo), settings)


async def _invite(settings: CommonOptions, room: str, contacts: tuple[str, ...], undo: bool) -> None:
    async with open_node(settings) as node:
        offers = await node.invite_to_room(room, contacts, undo=undo)
    if settings.json:
        record(offers)
    else:
        names = ", ".join(map(harmless_name, offers.invited))
        say(f"{'No longer invited' if undo else 'Invited'} to {harmless_name(offers.name)}: {names}.")


@click.command("role", cls=Command)
@click.argument("room", type=ROOM)
@click.argument("member", type=MEMBER)
@click.argument("role", type=click.Choice(["owner", "admin", "member"]))
@click.option("--yes", is_flag=True, help="Do not ask before the room is handed over.")
@pass_settings
def role(settings: CommonOptions, room: str, member: str, role: Role, yes: bool) -> None:
    """Make a member an admin, or an ordinary member again, or hand the room over; only the owner may.

    Admins invite, and remove members and admins that were made later than they. There is one owner: with
    'owner' you become an ordinary member.

    \b
    Example:
      p2pchat room role '#friends' bob admin
      p2pchat room role '#friends' carol owner
    """
    wait_for(_set_role(settings, room, member, role, yes), settings)


async def _set_role(settings: CommonOptions, room: str, member: str, role: Role, yes: bool) -> None:
    question = f"Make {harmless_name(member)} the owner? You become an ordinary member, and cannot undo this."
    if role == "owner" and not await confirmed(question, yes):
        raise Ended("you stay the owner")
    async with open_node(settings) as node:
        member_now = await node.set_role(room, member, role)
    if settings.json:
        record(member_now)
    else:
        say(f"{harmless_name(member_now.name)} is {member_role(member_now.role)} now.")


@click.command("remove", cls=Command)
@click.argument("room", type=ROOM)
@click.argument("member", type=MEMBER)
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_settings
def remove(settings: CommonOptions, room: str, member: str, yes: bool) -> None:
    """Remove a member from a room; only its owner and admins may.

    What the member wrote up to now stays. It reads nothing that is written by somebody who knows of the
    removal; a message of somebody who does not know yet is marked with who could read it.

    \b
    Example:
      p2pchat room remove '#friends' carol
    """
    wait_for(_remove(settings, room, member, yes), settings)


async def _remove(settings: CommonOptions, room: str, member: str, yes: bool) -> None:
    name = harmless_name(member)
    if not await confirmed(f"Remove {name}? They can come back only by a new invitation.", yes):
        raise Ended(f"{name} stays")
    async with open_node(settings) as node:
        left = await node.remove_member(room, member)
    record(left) if settings.json else say(f"{name} is removed from {shown_room(left)}.")


@click.command("rename", cls=Command)
@click.argument("room", type=ROOM)
@click.argument("name")
@pass_settings
def rename(settings: CommonOptions, room: str, name: str) -> None:
    """Give a room another name, for all members; only the owner may.

    \b
    Example:
      p2pchat room rename '#friends' 'old friends'
    """

    wait_for(told(settings, lambda node: node.rename_room(room, name), _tell_renamed), settings)


def _tell_renamed(room: RoomInfo) -> None:
    say(f"The room is now called {shown_room(room)}.")


@click.command("leave", cls=Command)
@click.argument("room", type=ROOM)
@click.option("--heir", "heirs", type=MEMBER, metavar="MEMBER", multiple=True, help="The next owner.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_settings
def leave(settings: CommonOptions, room: str, heirs: tuple[str, ...], yes: bool) -> None:
    """Leave a room. What was said stays in your history.

    An owner who leaves names heirs with --heir, in order, up to eight: the first that is still in becomes
    owner. Without one it is the first of 'room members'.

    \b
    Example:
      p2pchat room leave '#friends'
      p2pchat room leave '#friends' --heir bob --heir carol
    """
    wait_for(_leave(settings, room, heirs, yes), settings)


async def _leave(settings: CommonOptions, room: str, heirs: tuple[str, ...], yes: bool) -> None:
    if not await confirmed(f"Leave {harmless_name(room)}? You come back only by a new invitation.", yes):
        raise Ended("you stay")
    async with open_node(settings) as node:
        left = await node.leave_room(room, heirs)
    record(left) if settings.json else say(f"You have left {shown_room(left)}.")


@click.command("renew", cls=Command)
@click.argument("room", type=KNOWN_ROOM)
@pass_settings
def renew(settings: CommonOptions, room: str) -> None:
    """Make another room, NAME-2, and invite the members who are your contacts.

    This is for a room whose owner is lost, or in which somebody told members different things. You own the
    new room. Other members' contacts have to be invited by admins that you make there. The old room stays
    until you leave it.

    \b
    Example:
      p2pchat room renew '#friends'
    """
    wait_for(told(settings, lambda node: node.renew_room(room), _tell_renewed), settings)


def _tell_renewed(new: RenewRoomResult) -> None:
    print_line(harmless_name(new.name))
    if new.invited:
        say(f"Invited: {', '.join(map(harmless_name, new.invited))}.")
    if new.not_invited:
        say(
            f"No contacts of yours, so others have to invite them: "
            f"{', '.join(map(harmless_name, new.not_invited))}."
        )


COMMANDS: Final = (invite, role, remove, rename, leave, renew)
