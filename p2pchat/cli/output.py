"""The output streams: results go to stdout, each line at once; messages go to stderr.

Knows: streams, terminals, NO_COLOR. Does not know: what is said.
"""

from __future__ import annotations

import json
import os
import select
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol

import click

from p2pchat.errors import P2PChatError


class StdoutClosed(Exception):
    """The reader of our output has closed it."""


def print_line(line: str) -> None:
    """Write one whole line to stdout; when this returns, no part of it is buffered here.

    Raises StdoutClosed, P2PChatError.
    """
    try:
        _write(sys.stdout, line)
    except BrokenPipeError as error:
        raise StdoutClosed from error
    except OSError as error:
        raise P2PChatError(f"nothing can be written to stdout: {error.strerror}") from error


class Recorded(Protocol):
    """An answer or event of a node."""

    def as_record(self) -> Mapping[str, object]:
        """Its JSON object."""


def record(value: Recorded | Mapping[str, object]) -> None:
    """Print one JSON object on one line. Pure ASCII, so that it is as harmless on a terminal as it is
    exact."""
    shown = value if isinstance(value, Mapping) else value.as_record()
    print_line(json.dumps(shown, separators=(",", ":")))


def say(text: str) -> None:
    """Print prose for the person at the terminal."""
    with suppress(OSError):  # a closed stderr is no reason to fail
        _write(sys.stderr, text)


def _write(stream: Any, line: str) -> None:
    """Write to the descriptor itself: Python's layers lose what does not fit into a non-blocking one (another
    program may have made a shared pipe or terminal so)."""
    text = (line if colour(stream) else click.unstyle(line)) + "\n"
    try:
        descriptor = stream.fileno()
    except (AttributeError, OSError, ValueError):
        click.echo(text, file=stream, nl=False, color=True)
        return
    stream.flush()
    left = memoryview(text.encode(stream.encoding, stream.errors))
    while left:
        try:
            left = left[os.write(descriptor, left) :]
        except BlockingIOError:
            select.select((), (descriptor,), ())


def colour(stream: Any) -> bool:
    """Whether to use colour on ``stream`` (https://no-color.org)."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and bool(stream.isatty())


def bold(text: str) -> str:
    """Text in bold."""
    return click.style(text, bold=True)


def dim(text: str) -> str:
    """Text in a faint colour."""
    return click.style(text, dim=True)
