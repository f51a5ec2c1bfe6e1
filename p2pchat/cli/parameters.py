"""Parameters that several commands share.

Knows: names of contacts, rooms and members and their completion, lengths of time. Does not know: the use of a
parameter.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import click
from click.shell_completion import CompletionItem

from p2pchat.cli.settings import CommonOptions
from p2pchat.errors import Malformed

if TYPE_CHECKING:
    from p2pchat.client import Node

COMPLETION_PATIENCE: Final = 0.5
"""Seconds a shell waits for a node to name its contacts; beyond that, completion without names is better."""

_SHELL_SAFE: Final = frozenset("._-+@~")

_DECADE_S: Final = 10 * 365 * 86400.0


class Seconds(click.ParamType[float]):
    """A length of time in seconds, at most ten years."""

    name = "seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Raises BadParameter."""
        try:
            seconds = float(value)
        except ValueError:
            seconds = -1.0
        if not 0 <= seconds <= _DECADE_S:
            self.fail(f"{value} is not a number of seconds, from 0 to ten years", param, ctx)
        return seconds


SECONDS: Final = Seconds()


class RendezvousAddress(click.ParamType[str]):
    """The address of a rendezvous: what is wrong with it is said before anything is asked or done."""

    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Raises BadParameter."""
        from p2pchat.wire.places import check_rendezvous

        url = str(value).strip()
        try:
            check_rendezvous((url,))
        except Malformed as error:
            self.fail(str(error), param, ctx)
        return url


RENDEZVOUS: Final = RendezvousAddress()


class Count(click.IntRange):
    """A whole number, at least 1."""

    def __init__(self) -> None:
        super().__init__(min=1)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Raises BadParameter."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is not a whole number from 1 on", param, ctx)


COUNT: Final = Count()


class _Named(click.ParamType[str]):
    """A name that others chose; completed from the running node, if there is one."""

    name = "name"

    async def list_names(self, node: Node, ctx: click.Context) -> Iterable[str]:
        """The names that a person may type here."""
        raise NotImplementedError

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[Any]]:
        """Offer only names without special characters of the shell except blanks, and a room's sign: others
        chose the names, and bash inserts them unquoted."""
        try:
            names = asyncio.run(self._names(ctx))
        except Exception:  # noqa: BLE001 (no error may disturb the shell)
            return []
        begun = incomplete.removeprefix("\\")
        fitting = [name for name in names if name.startswith(begun) and _is_harmless(name)]
        return [CompletionItem(typed) for typed in map(_as_typed, fitting) if typed is not None]

    async def _names(self, ctx: click.Context) -> list[str]:
        from p2pchat.cli.connection import attached_node

        async with asyncio.timeout(COMPLETION_PATIENCE):
            async with attached_node(ctx.ensure_object(CommonOptions)) as node:
                return list(await self.list_names(node, ctx))


class ContactName(_Named):
    """A contact's name."""

    async def list_names(self, node: Node, ctx: click.Context) -> Iterable[str]:
        """All contacts."""
        return [contact.name for contact in await node.contacts()]


class RoomName(_Named):
    """A room's name, with or without its sign."""

    def __init__(self, *states: str) -> None:
        self._states = states

    async def list_names(self, node: Node, ctx: click.Context) -> Iterable[str]:
        """The rooms in one of the states."""
        return [room.name for room in await node.list_rooms() if room.state in self._states]


class PartnerName(_Named):
    """A contact's name, or a room's with its sign."""

    async def list_names(self, node: Node, ctx: click.Context) -> Iterable[str]:
        """All contacts, and the rooms in which something was or may be said."""
        rooms = [room.name for room in await node.list_rooms() if room.state in ("in", "out")]
        return [*(contact.name for contact in await node.contacts()), *rooms]


class MemberName(_Named):
    """The name of a member of the room that is named before."""

    async def list_names(self, node: Node, ctx: click.Context) -> Iterable[str]:
        """All other members."""
        members = await node.list_members(ctx.params["room"])
        return [member.name for member in members if not member.own]


class RequestName(_Named):
    """Who asks to become a contact, or is introduced."""

    async def list_names(self, node: Node, ctx: click.Context) -> Iterable[str]:
        """Those who wait for an answer."""
        return [one.name for one in await node.list_introductions() if one.state == "requested"]


class FileId(_Named):
    """The beginning of a file's id."""

    name = "id"

    async def list_names(self, node: Node, ctx: click.Context) -> Iterable[str]:
        """All files that are not over."""
        over = ("saved", "declined", "cancelled", "wrong", "lost", "full", "expired")
        return [file.id for file in await node.list_files() if file.state not in over]


CONTACT: Final = ContactName()
REQUEST: Final = RequestName()
FILE: Final = FileId()
ROOM: Final = RoomName("in")
KNOWN_ROOM: Final = RoomName("in", "out")
LEFT_ROOM: Final = RoomName("out")
OFFERED_ROOM: Final = RoomName("offered")
PARTNER: Final = PartnerName()
MEMBER: Final = MemberName()

MESH_SHOWN: Final = 8
"""Hexadecimal digits of a mesh's id that are shown: enough to tell some hundred apart."""


class MeshName(click.ParamType[str]):
    """The first digits of a mesh's id; completed from the running node, if there is one."""

    name = "mesh"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[Any]]:
        """Offer the ids of the meshes."""
        try:
            ids = asyncio.run(_meshes(ctx.ensure_object(CommonOptions)))
        except Exception:  # noqa: BLE001 (no error may disturb the shell)
            return []
        return [CompletionItem(id) for id in ids if id.startswith(incomplete)]


MESH: Final = MeshName()


class SettingName(click.ParamType[str]):
    """The name of a setting."""

    name = "key"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[Any]]:
        """Offer the settings that begin so, with their descriptions."""
        from p2pchat.config.table import SETTINGS

        fitting = (setting for setting in SETTINGS.values() if setting.name.startswith(incomplete))
        return [CompletionItem(setting.name, help=setting.about) for setting in fitting]


class SettingValue(click.ParamType[str]):
    """A value, or a part of one; completed where a setting has a list of values."""

    name = "value"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[Any]]:
        """Offer the values of the setting that is named before."""
        from p2pchat.config.table import SETTINGS

        setting = SETTINGS.get(ctx.params.get("key") or "")
        words = setting.kind.words if setting is not None else ()
        return [CompletionItem(word) for word in words if word.startswith(incomplete)]


SETTING: Final = SettingName()
SETTING_VALUE: Final = SettingValue()


async def _meshes(settings: CommonOptions) -> list[str]:
    from p2pchat.cli.connection import attached_node

    async with asyncio.timeout(COMPLETION_PATIENCE):
        async with attached_node(settings) as node:
            return [mesh.mesh[:MESH_SHOWN] for mesh in await node.meshes()]


def _is_harmless(name: str) -> bool:
    plain = name.removeprefix("#")
    return all(sign.isalnum() or sign == " " or sign in _SHELL_SAFE for sign in plain) and name[0] not in "-~"


def _as_typed(name: str) -> str | None:
    """The name quoted for the asking shell; None if it cannot be typed. zsh and fish add quotes themselves.
    Bash does not, and its script removes one of two backslashes."""
    if not os.environ.get("_P2PCHAT_COMPLETE", "").startswith("bash"):
        return name
    if any(quote in os.environ.get("COMP_WORDS", "") for quote in "'\""):
        return None if " " in name else name
    return name.replace(" ", "\\\\ ").replace("#", "\\\\#")
