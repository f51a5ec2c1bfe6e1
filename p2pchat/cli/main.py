"""The root command: the table of all others, each imported when it is used.

Knows: the names of the commands and one line about each. Does not know: what they do.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

import click

from p2pchat import __version__
from p2pchat.cli.settings import common_options

_COMMANDS: Final = {
    "demo": "see a whole mesh at work on this machine",
    "init": "make an identity: the first thing to do",
    "invite": "make a code with which a friend can reach you",
    "join": "answer a friend's code",
    "chat": "chat with a contact",
    "send": "send a message or a file; then 'react', 'correct', 'withdraw'",
    "react": "react to a message with one sign",
    "correct": "correct a message of yours",
    "withdraw": "withdraw a message of yours",
    "files": "files: list, accept, decline, cancel, save, open",
    "listen": "print messages as they arrive; 'files': what is offered you",
    "history": "read, search, export or delete messages",
    "contacts": "your contacts: list, show, verify, mute, block …",
    "room": "small groups: create, invite, accept, members …",
    "mesh": "the meshes you belong to; 'rendezvous': servers",
    "rendezvous": "servers where nodes meet: list, add, remove",
    "config": "the settings: list, get, set, unset",
    "whoami": "your nickname, fingerprint and safety words",
    "node": "stay in the mesh and relay: run, status, stop",
    "doctor": "what works from here, and what others learn",
    "forge": "see that a transcript proves nothing",
    "passphrase": "change the lock of this home, or use a keyring",
    "backup": "write an encrypted copy of this home, for 'restore'",
    "restore": "make a home from a backup",
    "wipe": "destroy this identity with all its keys and messages",
    "completion": "let your shell complete commands and names",
}

_NAMED_ABOVE: Final = frozenset({"restore", "files", "react", "correct", "withdraw", "rendezvous"})
"""Commands that the overview leaves out, because another line names them."""

_OPTIONS: Final = "--home DIR, --passphrase-file FILE (identity), --json, -v, -h, --version"


class Interrupted(Exception):
    """Ctrl-C, SIGTERM or SIGHUP ended the command."""


class _Root(click.Group):
    """Loads ``p2pchat.cli.<name>`` and takes its ``command``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in _COMMANDS if find_spec(f"p2pchat.cli.{name}")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command = import_module(f"p2pchat.cli.{cmd_name}").command
        assert isinstance(command, click.Command), cmd_name
        command.short_help = _COMMANDS[cmd_name]
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """``help COMMAND`` is ``COMMAND --help``, as with most programs of this kind."""
        return super().parse_args(ctx, [*args[1:], "--help"] if args[:1] == ["help"] else args)

    def invoke(self, ctx: click.Context) -> Any:
        """Raises Interrupted where Click would first print an empty line."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise Interrupted(*error.args) from error

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One screen of 24 lines by 80, and no command imported to fill it."""
        self.format_usage(ctx, formatter)
        formatter.write("  Private messages from terminal to terminal, through friends and no server.\n")
        for name in self.list_commands(ctx):
            if name not in _NAMED_ABOVE:
                formatter.write(f"  {name:<11} {_COMMANDS[name]}\n")
        formatter.write(f"  {_OPTIONS}\n")


def _version(context: click.Context, _parameter: click.Parameter, shown: bool) -> None:
    if shown and not context.resilient_parsing:
        click.echo(f"p2pchat {__version__}")
        context.exit()


def root() -> click.Group:
    """Return the whole command line."""
    version = click.Option(
        ["-V", "--version"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        allow_from_autoenv=False,
        callback=_version,
        help="Print the version.",
    )
    settings: dict[str, Any] = {
        "auto_envvar_prefix": "P2PCHAT",
        "help_option_names": ["-h", "--help"],
        "show_default": True,
        "max_content_width": 100,
    }
    return _Root(
        "p2pchat",
        params=[*common_options(root=True), version],
        callback=lambda: None,
        context_settings=settings,
    )
