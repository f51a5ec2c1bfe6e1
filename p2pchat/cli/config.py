"""``p2pchat config``: the settings of this home.

Knows: how settings are listed and changes are reported. Does not know: any setting, or its effect.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Final

import click

from p2pchat.cli.connection import open_settings
from p2pchat.cli.listing import Listing
from p2pchat.cli.output import colour, print_line, record, say
from p2pchat.cli.parameters import SETTING, SETTING_VALUE
from p2pchat.cli.run import wait_for
from p2pchat.cli.settings import CommonOptions, pass_settings
from p2pchat.control.answers import ChangeSettingResult, SettingInfo
from p2pchat.errors import UsageError
from p2pchat.text import one_line

_VALUE_MAX: Final = 4096
"""Bytes read from stdin; a longer text is no value."""


@click.group("config", cls=Listing)
def command() -> None:
    """The settings, kept encrypted in the home; without a subcommand, lists them.

    Every program of the home uses them: the chat, and 'node run' under systemd, cron or ssh. A flag takes
    precedence over an environment variable, that over the home, and the home over the default.

    \b
    Example:
      p2pchat config
      p2pchat config set profile strong
    """


@command.command("list")
@pass_settings
def list_(settings: CommonOptions) -> None:
    """List every setting, its value, and the source of the value; passwords are not shown.

    \b
    Example:
      p2pchat config list
      p2pchat config list --json
    """
    wait_for(_list(settings), settings)


async def _list(settings: CommonOptions) -> None:
    async with open_settings(settings) as node:
        found = [_of_this_chat(setting) for setting in await node.settings()]
        ours = node.embedded
    if settings.json:
        for setting in found:
            record(setting)
        return
    from p2pchat.pictures.drawing import drawn_text, terminal_width
    from p2pchat.pictures.settings import settings_picture
    from p2pchat.wording.settings import origin

    rows = [(setting.key, one_line(setting.value), origin(setting)) for setting in found]
    print_line(drawn_text(settings_picture(rows), terminal_width(), coloured=colour(sys.stdout)))
    for setting in found:
        if setting.problem:
            say(f"{one_line(setting.problem)}; to remove it: p2pchat config unset {setting.key}")
    if not ours:
        _tell_what_the_node_lacks(found)


def _of_this_chat(setting: SettingInfo) -> SettingInfo:
    """Settings of chats alone come from the chat's own environment, not the node's."""
    from p2pchat.wording.settings import of_this_chat

    return of_this_chat(setting, os.environ)


def _tell_what_the_node_lacks(found: Sequence[SettingInfo]) -> None:
    """Notes on variables that are set here and not where the node was started."""
    for setting in found:
        if os.environ.get(setting.variable) and setting.source in ("home", "default"):
            say(f"{setting.variable} is set here, but not for the running node.")


@command.command("get")
@click.argument("key", type=SETTING)
@pass_settings
def get(settings: CommonOptions, key: str) -> None:
    """Print one value, passwords included; prints nothing where no value is set.

    \b
    Example:
      p2pchat config get profile
    """
    wait_for(_get(settings, key), settings)


async def _get(settings: CommonOptions, key: str) -> None:
    async with open_settings(settings) as node:
        found = _of_this_chat(await node.setting(key))
    record(found) if settings.json else print_line(one_line(found.value))


@command.command("set")
@click.argument("key", type=SETTING)
@click.argument("value", nargs=-1, required=True, type=SETTING_VALUE)
@pass_settings
def set_(settings: CommonOptions, key: str, value: tuple[str, ...]) -> None:
    """Save a value in the home; '-' reads it from stdin, which keeps a password out of the shell's history.

    A running node uses it at once, or restarts with it; the command says which.

    \b
    Example:
      p2pchat config set profile strong
      p2pchat config set ice stun:stun.example.org turn:me:secret@turn.example.org
      p2pchat config set ice - < my-servers
    """
    text = _from_stdin() if value == ("-",) else " ".join(value)
    wait_for(_set(settings, key, text), settings)


def _from_stdin() -> str:
    data = sys.stdin.buffer.read(_VALUE_MAX + 1)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise UsageError("stdin is not UTF-8 text") from None
    if len(data) > _VALUE_MAX:
        raise UsageError(f"a value has at most {_VALUE_MAX} bytes")
    return " ".join(text.split())


async def _set(settings: CommonOptions, key: str, text: str) -> None:
    from p2pchat.config.choices import from_here
    from p2pchat.config.table import named

    text = from_here(named(key), text)
    async with open_settings(settings) as node:
        _tell(settings, await node.change_setting(key, text), runs=not node.embedded)


@command.command("unset")
@click.argument("key", type=SETTING)
@pass_settings
def unset(settings: CommonOptions, key: str) -> None:
    """Remove a value: the default counts again, unless the environment has another.

    \b
    Example:
      p2pchat config unset proxy
    """
    wait_for(_unset(settings, key), settings)


async def _unset(settings: CommonOptions, key: str) -> None:
    async with open_settings(settings) as node:
        _tell(settings, await node.forget_setting(key), runs=not node.embedded)


def _tell(settings: CommonOptions, changed: ChangeSettingResult, runs: bool) -> None:
    from p2pchat.wording.settings import effect_line

    if settings.json:
        record(changed)
    say(one_line(effect_line(changed, runs=runs)))
