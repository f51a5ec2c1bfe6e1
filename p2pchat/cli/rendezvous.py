"""``p2pchat rendezvous``: the servers at which this home meets others.

Knows: how servers are listed, and the questions. Does not know: what is sent there.
"""

from __future__ import annotations

import click

from p2pchat.cli.ask import confirmed
from p2pchat.cli.connection import open_node
from p2pchat.cli.listing import Listing, listed
from p2pchat.cli.output import record, say
from p2pchat.cli.parameters import MESH, MESH_SHOWN, RENDEZVOUS
from p2pchat.cli.run import wait_for
from p2pchat.cli.settings import CommonOptions, pass_settings
from p2pchat.control.answers import RendezvousInfo
from p2pchat.errors import Ended
from p2pchat.text import one_line


@click.group("rendezvous", cls=Listing)
def command() -> None:
    """The servers at which nodes meet; without a subcommand, lists them.

    Each mesh has its own servers. Your own servers are used to answer a code, and for the next mesh that you
    start.

    \b
    Example:
      p2pchat rendezvous
      p2pchat rendezvous add wss://meet.example.org
    """


@command.command("list")
@pass_settings
def list_(settings: CommonOptions) -> None:
    """List every rendezvous: whether your node is connected with it, who named it, and what it is for.

    A node connects where it needs a server: to find the others of a mesh, or to answer a code. The list says
    nothing of your contacts; 'p2pchat contacts' shows who is here.

    \b
    Example:
      p2pchat rendezvous list --json
    """
    none = "None yet. Add one:  p2pchat rendezvous add wss://meet.example.org"
    lacking = "whether they can be reached"
    wait_for(listed(settings, lambda node: node.rendezvous(), _row, none, _is_unknown, lacking), settings)


def _row(place: RendezvousInfo) -> str:
    """The address comes first: it is what a person looks for."""
    named = "named by you" if place.typed else "named by a contact"
    what = f"for {', '.join(_mesh(mesh) for mesh in place.meshes)}" if place.meshes else "for answering codes"
    return f"{one_line(place.url)}  {_state(place)}; {named}, {what}"


def _mesh(mesh: str) -> str:
    return f"mesh {mesh[:MESH_SHOWN]}"


def _state(place: RendezvousInfo) -> str:
    if not place.used:
        return "not connected, as it is not needed now"
    if _is_unknown(place):
        return "not reached yet"
    if not place.up:
        return f"not reached ({one_line(place.reason)})" if place.reason else "not reached"
    return f"connected, but {one_line(place.reason)}" if place.reason else "connected"


def _is_unknown(place: RendezvousInfo) -> bool:
    return place.used and place.up is None


@command.command("add")
@click.argument("url", type=RENDEZVOUS, metavar="URL")
@click.option("--mesh", type=MESH, metavar="MESH", help="Only for this mesh.")
@pass_settings
def add(settings: CommonOptions, url: str, mesh: str | None) -> None:
    """Use another rendezvous.

    Without --mesh it becomes one of your own, and one of your mesh if you are in only one. Friends that you
    invite learn the servers of the mesh.

    \b
    Example:
      p2pchat rendezvous add wss://meet.example.org
      p2pchat rendezvous add ws://192.168.1.5:8765 --mesh 3f2a91c0
    """
    wait_for(_add(settings, url, mesh), settings)


async def _add(settings: CommonOptions, url: str, mesh: str | None) -> None:
    async with open_node(settings) as node:
        places = await node.add_rendezvous(url, mesh=mesh)
        meshes = await node.meshes()
    if settings.json:
        for place in places:
            record(place)
    say(f"You now also meet others at {one_line(url)}.")
    if mesh is None and len(meshes) > 1:
        say("You are in several meshes, and none of them uses it; add --mesh for that.")


@command.command("remove")
@click.argument("url", metavar="URL")
@click.option("--mesh", type=MESH, metavar="MESH", help="Only for this mesh.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_settings
def remove(settings: CommonOptions, url: str, mesh: str | None, yes: bool) -> None:
    """Stop using a rendezvous. The command asks first if a mesh has no other.

    \b
    Example:
      p2pchat rendezvous remove wss://meet.example.org
    """
    wait_for(_remove(settings, url, mesh, yes), settings)


async def _remove(settings: CommonOptions, url: str, mesh: str | None, yes: bool) -> None:
    async with open_node(settings) as node:
        chosen = [candidate for candidate in await node.meshes() if candidate.mesh.startswith(mesh or "")]
        bare = [candidate.mesh[:MESH_SHOWN] for candidate in chosen if candidate.rendezvous == [url]]
        what = f"The mesh {', '.join(bare)} has no other rendezvous; without links, no node will find you."
        if bare and not await confirmed(f"{what} Remove it?", yes):
            raise Ended(f"{one_line(url)} stays")
        places = await node.remove_rendezvous(url, mesh=mesh)
    if settings.json:
        for place in places:
            record(place)
    say(f"p2pchat no longer uses {one_line(url)}.")
