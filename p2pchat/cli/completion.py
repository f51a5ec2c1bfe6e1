"""``p2pchat completion``: a completion script for a shell.

Knows: the names of the shells. Does not know: how a shell completes (Click does).
"""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from p2pchat.cli.output import print_line
from p2pchat.cli.settings import Command


@click.command("completion", cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]), metavar="bash|zsh|fish")
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print a script for your shell; it also completes contacts' names while a node runs.

    \b
    Example:
      p2pchat completion bash > ~/.local/share/bash-completion/completions/p2pchat
      p2pchat completion zsh > ~/.zfunc/_p2pchat
      p2pchat completion fish > ~/.config/fish/completions/p2pchat.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None, shell
    print_line(kind(context.find_root().command, {}, "p2pchat", "_P2PCHAT_COMPLETE").source())
