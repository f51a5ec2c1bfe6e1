"""Runs and ends a command: one event loop, one line for every failure, one exit code for its kind.

Knows: signals, streams, the meaning of exit codes. Does not know: any command.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from p2pchat.cli.main import Interrupted, root
from p2pchat.cli.output import StdoutClosed, say
from p2pchat.cli.settings import CommonOptions
from p2pchat.errors import P2PChatError
from p2pchat.text import one_line

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

INTERRUPTED: Final = 130
STDOUT_CLOSED: Final = 141
"""The exit code of a program that SIGPIPE ended: the reader of our output has closed it."""
UNEXPECTED: Final = 1

T = TypeVar("T")


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code (the table is in docs/scripting.md)."""
    settings = CommonOptions()
    try:
        ended = root().main(list(arguments), prog_name="p2pchat", obj=settings, standalone_mode=False)
        return ended if isinstance(ended, int) else 0
    except (Interrupted, KeyboardInterrupt, click.Abort) as error:
        how = f"ended by {error}" if str(error) else "interrupted"
        say("\n" * sys.stderr.isatty() + f"p2pchat: {how}")  # below the ^C that a terminal shows
        return INTERRUPTED
    except StdoutClosed:
        _forget_stdout()
        return STDOUT_CLOSED
    except Exception as error:  # noqa: BLE001 (a traceback is shown on request only)
        return _complain(error, settings)


def wait_for(work: Coroutine[Any, Any, T], settings: CommonOptions, *, fast: bool = False) -> T:
    """Run ``work`` in a new event loop. SIGTERM and SIGHUP interrupt it cleanly, as Ctrl-C does, unless they
    were ignored at the start.

    ``fast`` takes the fastest loop; its import pays only where a node runs.
    """
    import asyncio  # an import above would take a third of the time of --help

    _set_up_logging(settings.verbose)
    with asyncio.Runner(loop_factory=_fast_loop() if fast else None) as runner:
        return runner.run(_interruptible(work))


def _fast_loop() -> Callable[[], AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _interruptible(work: Coroutine[Any, Any, T]) -> T:
    import asyncio

    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    ended_by: list[signal.Signals] = []

    def interrupt(number: signal.Signals) -> None:
        ended_by.append(number)
        task.cancel()

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            loop.add_signal_handler(number, interrupt, number)
    try:
        return await task
    except asyncio.CancelledError:
        if ended_by:
            raise KeyboardInterrupt(ended_by[0].name) from None
        raise


def _complain(error: Exception, settings: CommonOptions) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return error.exit_code
    if settings.verbose > 1:
        traceback.print_exception(error)
    line, code = _verdict(error)
    say(f"p2pchat: {one_line(line)}")
    return code


def _verdict(error: Exception) -> tuple[str, int]:
    match error:
        case P2PChatError():
            return str(error), error.exit_code
        case click.UsageError():
            where = error.ctx.command_path if error.ctx else "p2pchat"
            what = " ".join(_lower(error.format_message()).split()).rstrip(".")
            return f"{what}{' See' if what.endswith('?') else '; see'} '{where} --help'", error.exit_code
        case click.ClickException():
            return _lower(error.format_message()), error.exit_code
        case OSError() if error.strerror:
            at = f"{error.filename}: " if error.filename else ""
            return f"{at}{error.strerror}", UNEXPECTED
        case _:
            what = f"{type(error).__name__}: {error}".rstrip(": ")
            return f"unexpected failure, {what}; -vv shows where, please report it", UNEXPECTED


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _set_up_logging(verbose: int) -> None:
    """Without -v nothing is logged, not even by Python's handler of last resort."""
    if not verbose:
        logging.getLogger().addHandler(logging.NullHandler())
        return
    logging.basicConfig(
        stream=sys.stderr, format="%(asctime)s %(name)s: %(message)s", level=logging.INFO, force=True
    )
    logging.getLogger("p2pchat").setLevel(logging.DEBUG if verbose > 1 else logging.INFO)


def _forget_stdout() -> None:
    """The reader closed its end (``| head``): the interpreter's flush at exit must not complain."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
