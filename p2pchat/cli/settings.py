"""The options every command has, wherever on the line they stand.

Knows: what was asked for globally. Does not know: how any command uses it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource


@dataclass(slots=True)
class CommonOptions:
    """Filled while the line is parsed; the same object from the root to the last subcommand."""

    home: Path | None = None
    """None: the platform's data directory."""
    passphrase_file: Path | None = None
    """None: ask on the terminal, when it has to be asked for."""
    json: bool = False
    verbose: int = 0
    """1: say more; 2: also tracebacks."""
    relay_only: bool = False
    """False: what ``P2PCHAT_RELAY_ONLY`` says."""
    lan: bool = False
    """False: what ``P2PCHAT_LAN`` says."""
    passphrase: str | None = None
    """What was chosen a moment ago, so that it need not be asked for."""
    asked: bool = False
    """Whether the passphrase was asked for already."""
    may_ask: bool = True
    """False while the terminal is taken by a prompt of its own."""


pass_settings = click.make_pass_decorator(CommonOptions)


def _put(field: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def put(context: click.Context, parameter: click.Parameter, value: Any) -> None:
        source = context.get_parameter_source(parameter.name or "")
        if source in (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT):
            setattr(context.ensure_object(CommonOptions), field, value)

    return put


def common_options(*, root: bool) -> list[click.Option]:
    """Return fresh options for one command; only the root reads their environment variables.

    Below the root all but ``--json`` are hidden: they work after the command's name too, but its help is
    about it.
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
    """A command that also takes the common options; all others have their variables."""

    def __init__(self, *args: Any, **attributes: Any) -> None:
        attributes["params"] = [*attributes.get("params", ()), *common_options(root=False)]
        super().__init__(*args, **attributes)

    def make_parser(self, ctx: click.Context) -> Any:
        """Name each option's variable first: Click would take the name that the option has in our code."""
        for each in self.params:
            if isinstance(each, click.Option) and each.allow_from_autoenv:
                each.envvar = variable(ctx, each)
                each.allow_from_autoenv = False
        return super().make_parser(ctx)


def variable(context: click.Context, option: click.Option) -> str:
    """``P2PCHAT_``, the command, the option as it is written."""
    written = next(name for name in option.opts if name.startswith("--"))
    return f"{context.auto_envvar_prefix}_{written.removeprefix('--').replace('-', '_').upper()}"


class Group(click.Group):
    """A noun with subcommands that takes the common options too."""

    command_class = Command

    def __init__(self, *args: Any, **attributes: Any) -> None:
        attributes["params"] = [*attributes.get("params", ()), *common_options(root=False)]
        super().__init__(*args, **attributes)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Each with its whole first sentence: Click would cut it short."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, each.get_short_help_str(limit=1000)) for name, each in found if each is not None]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
