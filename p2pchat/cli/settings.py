"""The options of every command; they may stand anywhere on the line.

Knows: the global options. Does not know: how a command uses them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from p2pchat.data import dataclass


@dataclass(slots=True)
class CommonOptions:
    """Filled while the line is parsed; the same object from the root to the last subcommand."""

    home: Path | None = None
    """None: the platform's data directory."""
    passphrase_file: Path | None = None
    """None: ask at the terminal when the passphrase is needed."""
    json: bool = False
    verbose: int = 0
    """1: print more; 2: also tracebacks."""
    relay_only: bool = False
    """False: ``P2PCHAT_RELAY_ONLY`` decides."""
    lan: bool = False
    """False: ``P2PCHAT_LAN`` decides."""
    passphrase: str | None = None
    """A passphrase that was just chosen, and need not be asked for again."""
    prompted: bool = False
    """Whether the passphrase was asked for already."""
    may_ask: bool = True
    """False while a prompt uses the terminal."""


pass_settings = click.make_pass_decorator(CommonOptions)


def _put(field: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def put(context: click.Context, parameter: click.Parameter, value: Any) -> None:
        source = context.get_parameter_source(parameter.name or "")
        if source in (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT):
            setattr(context.ensure_object(CommonOptions), field, value)

    return put


def common_options(*, root: bool) -> list[click.Option]:
    """Return fresh options for one command; only the root reads their environment variables.

    Below the root all but ``--json`` are hidden: they work after a command's name too, but its help is about
    that command.
    """

    def option(*names: str, field: str, variable: str | None, **rest: Any) -> click.Option:
        rest.setdefault("hidden", not root)
        return click.Option(
            names,
            expose_value=False,
            envvar=variable if root else None,
            allow_from_autoenv=False,
            callback=_put(field),
            **rest,
        )

    path = click.Path(path_type=Path)
    return [
        option("--home", field="home", variable="P2PCHAT_HOME", type=path, metavar="DIR"),
        option(
            "--passphrase-file",
            field="passphrase_file",
            variable="P2PCHAT_PASSPHRASE_FILE",
            type=path,
            metavar="FILE",
        ),
        option(
            "--json",
            field="json",
            variable="P2PCHAT_JSON",
            is_flag=True,
            hidden=False,
            help="One JSON object per line.",
        ),
        option("--relay-only", field="relay_only", variable=None, is_flag=True),
        option("--lan", field="lan", variable=None, is_flag=True),
        option("-v", "--verbose", field="verbose", variable="P2PCHAT_VERBOSE", count=True),
    ]


class Command(click.Command):
    """A command that also takes the common options; each other option has an environment variable."""

    def __init__(self, *args: Any, **attributes: Any) -> None:
        attributes["params"] = [*attributes.get("params", ()), *common_options(root=False)]
        super().__init__(*args, **attributes)

    def make_parser(self, ctx: click.Context) -> Any:
        """Name each option's variable: Click would derive it from the parameter's name."""
        for option in self.params:
            if isinstance(option, click.Option) and option.allow_from_autoenv:
                option.envvar = variable(ctx, option)
                option.allow_from_autoenv = False
        return super().make_parser(ctx)


def variable(context: click.Context, option: click.Option) -> str:
    """``P2PCHAT_``, the command, and the option's name."""
    written = next(name for name in option.opts if name.startswith("--"))
    return f"{context.auto_envvar_prefix}_{written.removeprefix('--').replace('-', '_').upper()}"


class Group(click.Group):
    """A command with subcommands that takes the common options too."""

    command_class = Command

    def __init__(self, *args: Any, **attributes: Any) -> None:
        attributes["params"] = [*attributes.get("params", ()), *common_options(root=False)]
        super().__init__(*args, **attributes)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List each subcommand with its whole first sentence: Click would shorten it."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [
            (name, command.get_short_help_str(limit=1000)) for name, command in found if command is not None
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
