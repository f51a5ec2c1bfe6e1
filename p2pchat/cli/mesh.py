"""``p2pchat mesh``: the meshes that this home belongs to.

Knows: how meshes are listed, and the questions. Does not know: what happens in a mesh.
"""

from __future__ import annotations

import click

from p2pchat.cli.ask import confirmed
from p2pchat.cli.connection import open_node
from p2pchat.cli.listing import Listing, listed
from p2pchat.cli.output import record, say
from p2pchat.cli.parameters import MESH, MESH_SHOWN
from p2pchat.cli.run import wait_for
from p2pchat.cli.settings import CommonOptions, pass_settings
from p2pchat.control.answers import MeshInfo
from p2pchat.errors import Ended, UsageError
from p2pchat.text import harmless_name, one_line


@click.group("mesh", cls=Listing)
def command() -> None:
    """The meshes you belong to; without a subcommand, lists them.

    A mesh is a group of computers that pass messages on for each other. Your first invite starts one; by
    answering an invite you join another.

    \b
    Example:
      p2pchat mesh
      p2pchat mesh leave 3f2a91c0
    """


@command.command("list")
@pass_settings
def list_(settings: CommonOptions) -> None:
    """List the meshes, and the contacts in each; your invites lead into the first.

    \b
    Example:
      p2pchat mesh list --json
    """
    none = "None yet. Make a code for a friend:  p2pchat invite"
    wait_for(
        listed(
            settings,
            lambda node: node.meshes(),
            _row,
            none,
            lambda mesh: mesh.links is None,
            "how many links you have",
        ),
        settings,
    )


def _row(mesh: MeshInfo) -> str:
    people = ", ".join(map(harmless_name, mesh.contacts)) or "no contact of yours"
    meeting = " ".join(map(one_line, mesh.rendezvous)) or "nowhere"
    links = {None: "unknown", 1: "1 link"}.get(mesh.links, f"{mesh.links} links")
    left = f"  (left soon, for {mesh.followed_by[:MESH_SHOWN]})" if mesh.followed_by else ""
    return f"{mesh.mesh[:MESH_SHOWN]}  {links:<8}  {people}  (met at {meeting}){left}"


@command.command("leave")
@click.argument("mesh", type=MESH)
@click.option("--yes", is_flag=True, help="Do not ask: delete the contacts that are reached through it.")
@pass_settings
def leave(settings: CommonOptions, mesh: str, yes: bool) -> None:
    """Leave a mesh: stop relaying for it, and stop using its rendezvous.

    Contacts that are reached only through it are deleted, with all their messages; the command asks first.

    \b
    Example:
      p2pchat mesh leave 3f2a91c0
    """
    wait_for(_leave(settings, mesh, yes), settings)


async def _leave(settings: CommonOptions, name: str, yes: bool) -> None:
    async with open_node(settings) as node:
        fitting = [mesh for mesh in await node.meshes() if mesh.mesh.startswith(name.lower())]
        if len(fitting) != 1:
            what = "several meshes' ids begin" if fitting else "no mesh's id begins"
            raise UsageError(f"{what} with {name!r}; see 'p2pchat mesh list'")
        (mesh,) = fitting
        people = ", ".join(map(harmless_name, mesh.contacts))
        if people and not await confirmed(f"Forget {people}, and all that was said with them?", yes):
            raise Ended("you stay in that mesh")
        left = await node.leave_mesh(mesh.mesh, forget=True)
    if settings.json:
        record({"type": "mesh", "change": "left", **left.as_record()})
    say("You have left that mesh." + (f" Deleted: {people}." if people else ""))
