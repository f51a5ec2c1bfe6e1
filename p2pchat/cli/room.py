"""``p2pchat room``: small groups.

Knows: how rooms and members are listed, how one comes in and goes. Does not know: who may do what in a room.
Changes of who is in are in ``roster``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from p2pchat.cli import roster
from p2pchat.cli.ask import confirmed
from p2pchat.cli.connection import open_node
from p2pchat.cli.listing import Listing, listed, told
from p2pchat.cli.output import print_line, record, say
from p2pchat.cli.parameters import KNOWN_ROOM, LEFT_ROOM, MESH, OFFERED_ROOM, ROOM, SECONDS
from p2pchat.cli.roster import shown_room
from p2pchat.cli.run import wait_for
from p2pchat.cli.settings import CommonOptions, pass_settings
from p2pchat.control.rooms import Notify, RoomInfo, RoomWordsInfo
from p2pchat.errors import Ended
from p2pchat.text import harmless_name, typed
from p2pchat.wording.lines import lifetime, local_time, span, span_words
from p2pchat.wording.rooms import member_row, room_members

if TYPE_CHECKING:
    pass


@click.group("room", cls=Listing)
def command() -> None:
    """Your rooms, which are groups of up to 50; without a subcommand, lists them.

    A room is written #name. Quote it, because shells take # for the start of a comment; after 'room' you may
    leave the # out.

    \b
    Example:
      p2pchat room create friends
      p2pchat room invite friends bob carol
      p2pchat send '#friends' hello, all
    """


for change in roster.COMMANDS:
    command.add_command(change)


@command.command("list")
@pass_settings
def list_(settings: CommonOptions) -> None:
    """List all rooms, and the rooms that contacts invite you to.

    \b
    Example:
      p2pchat room list --json
    """
    none = "No rooms yet. Make one:  p2pchat room create NAME"
    wait_for(listed(settings, lambda node: node.list_rooms(), _row, none), settings)


def _row(room: RoomInfo) -> str:
    """The name comes after what it could pretend."""
    loud = {"all": "", "mentions": "mentions", "none": "muted"}[room.notify]
    return f"{room.state:<8} {room.role or '':<6} {loud:<8}  {harmless_name(room.name)}, {room_members(room)}"


@command.command("create")
@click.argument("name")
@click.option("--mesh", type=MESH, metavar="ID", help="The mesh in which the room is; see 'p2pchat mesh'.")
@pass_settings
def create(settings: CommonOptions, name: str, mesh: str | None) -> None:
    """Make a room, in which you are alone, and which you own.

    All members are in one mesh: without --mesh it is the mesh of your first contact.

    \b
    Example:
      p2pchat room create friends
    """

    wait_for(told(settings, lambda node: node.create_room(name, mesh=mesh), _tell_created), settings)


def _tell_created(room: RoomInfo) -> None:
    print_line(harmless_name(room.name))
    say(f"Let contacts in:  p2pchat room invite {typed(room.name)} CONTACT…")


@command.command("show")
@click.argument("room", type=KNOWN_ROOM)
@pass_settings
def show(settings: CommonOptions, room: str) -> None:
    """Show all that is known of one room.

    \b
    Example:
      p2pchat room show '#friends'
    """
    wait_for(told(settings, lambda node: node.find_room(room), _tell), settings)


def _tell(room: RoomInfo) -> None:
    rows = {
        "name": harmless_name(room.name),
        "state": room.state,
        "your office": room.role or "none",
        "members": room_members(room),
        "brought by": harmless_name(room.invited_by) if room.invited_by is not None else "you founded it",
        "invited": ", ".join(map(harmless_name, room.invited)) or "none",
        "notifies of": room.notify,
        "disappears": span_words(room.disappear) if room.disappear else "never",
        "since": local_time(room.since).strftime("%Y-%m-%d %H:%M"),
        "id": room.id,
    }
    for label, value in rows.items():
        print_line(f"{label:<12} {value}")
    if room.put_back:
        say("This home was put back to a copy: the room waits until its other members were heard.")


@command.command("members")
@click.argument("room", type=KNOWN_ROOM)
@pass_settings
def members(settings: CommonOptions, room: str) -> None:
    """List the members of a room: owner, admins, then all others.

    Each line has the office, what you know of the member (you, verified, contact, unknown), and its name.
    'not heard yet': no message has come that only this member could write; until then you have only the word
    of the member that brought it.

    \b
    Example:
      p2pchat room members '#friends'
    """
    wait_for(_members(settings, room), settings)


async def _members(settings: CommonOptions, room: str) -> None:
    async with open_node(settings) as node:
        found = await node.list_members(room)
    for member in found:
        record(member) if settings.json else print_line(member_row(member))


@command.command("verify")
@click.argument("room", type=ROOM)
@pass_settings
def verify(settings: CommonOptions, room: str) -> None:
    """Print twelve words that you compare with other members of a room.

    A member that sees the same words knows the same members with the same keys. The words change when
    somebody comes or goes: compare them while nothing changes, in person or on a call. If they differ for
    longer than some minutes while you are both online, somebody was told something else.

    \b
    Example:
      p2pchat room verify '#friends'
    """
    wait_for(told(settings, lambda node: node.room_words(room), _tell_words), settings)


def _tell_words(shown: RoomWordsInfo) -> None:
    print_line(shown.words)
    say(f"A member that sees the same words knows the same {shown.members} members as you.")


@command.command("accept")
@click.argument("name", type=OFFERED_ROOM)
@click.option("--timeout", type=SECONDS, default=30.0, help="Seconds to wait until you are in.")
@pass_settings
def accept(settings: CommonOptions, name: str, timeout: float) -> None:
    """Accept the invitation to a room, and wait until you are in.

    The member who invited you lets you in, so its node has to run. If it does not, the exit code is 6; you
    come in later, while a node runs here.

    \b
    Example:
      p2pchat room accept friends
    """
    wait_for(_accept(settings, name, timeout), settings)


async def _accept(settings: CommonOptions, name: str, timeout: float) -> None:
    async with open_node(settings, timeout) as node:
        room = await node.accept_room(name, timeout=timeout)
    if settings.json:
        record(room)
    else:
        print_line(harmless_name(room.name))
        if room.already:
            say("You are in already, as far as is known here, and no invitation is open.")
            say("If you were removed and invited again, that has not come yet; see:  p2pchat room")
            return
        say(f"You are in; the members:  p2pchat room members {typed(room.name)}")


@command.command("decline")
@click.argument("name", type=OFFERED_ROOM)
@pass_settings
def decline(settings: CommonOptions, name: str) -> None:
    """Decline the invitation to a room; the contact is told.

    \b
    Example:
      p2pchat room decline friends
    """

    wait_for(told(settings, lambda node: node.decline_room(name), _tell_declined), settings)


def _tell_declined(room: RoomInfo) -> None:
    say(f"{shown_room(room)}: declined.")


@command.command("forget")
@click.argument("room", type=LEFT_ROOM)
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_settings
def forget(settings: CommonOptions, room: str, yes: bool) -> None:
    """Forget a room that you have left, with all that was said in it.

    \b
    Example:
      p2pchat room forget '#friends'
    """
    wait_for(_forget(settings, room, yes), settings)


async def _forget(settings: CommonOptions, room: str, yes: bool) -> None:
    async with open_node(settings) as node:
        name = harmless_name((await node.find_room(room)).name)
        if not await confirmed(f"Forget {name} and all that was said in it?", yes):
            raise Ended(f"{name} stays")
        gone = await node.forget_room(room)
    record(gone) if settings.json else say(f"{name} is forgotten.")


@command.command("mute")
@click.argument("room", type=ROOM)
@click.option("--except-mentions", "mentions", is_flag=True, help="Notify of messages that mention you.")
@click.option("--undo", "--unmute", "undo", is_flag=True, help="Notify of all messages again.")
@pass_settings
def mute(settings: CommonOptions, room: str, mentions: bool, undo: bool) -> None:
    """Mute a room: its messages arrive without a notification.

    \b
    Example:
      p2pchat room mute '#friends'
      p2pchat room mute '#friends' --except-mentions
      p2pchat room mute '#friends' --undo
    """
    notify: Notify = "all" if undo else "mentions" if mentions else "none"
    wait_for(told(settings, lambda node: node.mute_room(room, notify), _tell_mute), settings)


def _tell_mute(room: RoomInfo) -> None:
    end = {"all": "no longer muted", "mentions": "muted, except for mentions of you", "none": "muted"}
    say(f"{shown_room(room)} is {end[room.notify]}.")


@command.command("disappear")
@click.argument("room", type=ROOM)
@click.argument("after", metavar="[SPAN|off]", required=False)
@pass_settings
def disappear(settings: CommonOptions, room: str, after: str | None) -> None:
    """Let new messages in a room disappear for all members, some time after they were written.

    Only the owner sets the time: 30m, 8h, 1d, 4w, or off. Without a time, shows the setting. Older messages
    stay. A member can always keep a copy by other means.

    \b
    Example:
      p2pchat room disappear '#friends'
      p2pchat room disappear '#friends' 1d
    """
    wait_for(_disappear(settings, room, after), settings)


async def _disappear(settings: CommonOptions, room: str, after: str | None) -> None:
    seconds = span(after) if after is not None else None
    async with open_node(settings) as node:
        if after is not None:
            shown = await node.disappear_in_room(room, seconds)
        else:
            shown = await node.find_room(room)
    if settings.json:
        record(shown)
    elif after is None:
        print_line(f"What is said in {shown_room(shown)} {lifetime(shown.disappear)}.")
    else:
        say(f"What is said in {shown_room(shown)} from now on {lifetime(shown.disappear)}.")
