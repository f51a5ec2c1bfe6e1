"""What goes to which stream: payload to stdout, each line at once; prose to stderr.

Knows: streams, terminals, NO_COLOR. Does not know: what is said.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import click

from p2pchat.errors import P2PChatError


class StdoutClosed(Exception):
    """Whoever read our output has gone; there is nobody left to tell."""


def payload(line: str) -> None:
    """Print one line for the reader of stdout and flush it."""
    try:
        click.echo(line, color=colour(sys.stdout))
        sys.stdout.flush()
    except BrokenPipeError as error:
        raise StdoutClosed from error
    except OSError as error:
        raise P2PChatError(f"nothing can be written to stdout: {error.strerror}") from error


def record(value: Mapping[str, Any]) -> None:
    """Print one JSON object on one line. Pure ASCII, so that it is as harmless on a terminal as it is
    exact."""
    payload(json.dumps(value, separators=(",", ":")))


def say(text: str) -> None:
    """Print prose for the person at the terminal."""
    with suppress(OSError):  # a closed stderr is no reason to fail
        click.echo(text, err=True, color=colour(sys.stderr))


def colour(stream: Any) -> bool:
    """Whether colour is welcome on ``stream`` (https://no-color.org)."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and bool(stream.isatty())


def bold(text: str) -> str:
    """What the eye should find first."""
    return click.style(text, bold=True)


def dim(text: str) -> str:
    """What may be overlooked."""
    return click.style(text, dim=True)
