"""``p2pchat files``, and the files of ``p2pchat send``.

Knows: how files are listed and their progress is shown, and what is asked. Does not know: how a file travels.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from p2pchat.cli.ask import confirmed
from p2pchat.cli.connection import open_node
from p2pchat.cli.listing import Listing, listed, told
from p2pchat.cli.output import print_line, record, say
from p2pchat.cli.parameters import FILE, SECONDS
from p2pchat.cli.run import wait_for
from p2pchat.cli.settings import CommonOptions, pass_settings
from p2pchat.control.files import FileEvent, FileInfo
from p2pchat.errors import UsageError
from p2pchat.text import harmless_name, one_line
from p2pchat.wording.files import FILE_SHOWN, file_line, file_words, mesh_question

if TYPE_CHECKING:
    from p2pchat.client import Node


@click.group("files", cls=Listing)
def command() -> None:
    """Files that contacts offer you, and yours; without a subcommand, lists them.

    A file comes when you accept it, while a node runs here: p2pchat node run. It stays encrypted in your home
    until you save it. To send one: p2pchat send bob --file report.pdf.

    \b
    Example:
      p2pchat files accept 9f86d081
      p2pchat files save 9f86d081 ~/Downloads
    """


_ID = click.argument("id", type=FILE)


@command.command("list")
@pass_settings
def list_(settings: CommonOptions) -> None:
    """List all files with their ids.

    \b
    Example:
      p2pchat files list --json
    """
    none = "No files. Send one:  p2pchat send NAME --file PATH"
    wait_for(listed(settings, lambda node: node.list_files(), _row, none), settings)


def _row(file: FileInfo) -> str:
    """The name comes after what it could pretend."""
    share = f"{100 * file.bytes // max(1, file.size)} %" if file.state == "accepted" else ""
    whose = f"{'to' if file.outgoing else 'from'} {harmless_name(file.contact)}"
    return f"{file.id[:FILE_SHOWN]}  {file.state:<9} {share:>5}  {whose}, {file_words(file)}"


@command.command("accept")
@_ID
@click.option("--save", "folder", type=click.Path(path_type=Path), metavar="DIR", help="Wait, and save it.")
@click.option("--timeout", type=SECONDS, metavar="S", help="Wait at most S seconds for --save.")
@pass_settings
def accept(settings: CommonOptions, id: str, folder: Path | None, timeout: float | None) -> None:
    """Have a file sent to you. Nothing of it comes before that.

    The command ends at once, and the file comes while a node runs here. With --save it waits for the whole
    file and saves it.

    \b
    Example:
      p2pchat files accept 9f86d081 --save ~/Downloads
    """
    wait_for(_accept(settings, id, folder, timeout), settings)


async def _accept(settings: CommonOptions, id: str, folder: Path | None, timeout: float | None) -> None:
    async with open_node(settings, timeout) as node:
        accepted = await node.accept_file(id)
        if folder is None:
            _show(settings, accepted)
            say(f"{file_words(accepted)} comes while a node runs here")
            return
        await _follow(node, settings, accepted.id, timeout)
        await _save(node, settings, accepted.id, folder)


@command.command("decline")
@_ID
@pass_settings
def decline(settings: CommonOptions, id: str) -> None:
    """Decline a file that was offered to you. The contact is told.

    \b
    Example:
      p2pchat files decline 9f86d081
    """
    wait_for(told(settings, lambda node: node.decline_file(id), _print), settings)


@command.command("cancel")
@_ID
@pass_settings
def cancel(settings: CommonOptions, id: str) -> None:
    """End a transfer, yours or theirs; or drop a file that came and was not saved.

    \b
    Example:
      p2pchat files cancel 9f86d081
    """
    wait_for(told(settings, lambda node: node.cancel_file(id), _print), settings)


@command.command("save")
@_ID
@click.argument("folder", type=click.Path(path_type=Path))
@pass_settings
def save(settings: CommonOptions, id: str, folder: Path) -> None:
    """Save a file that came into a folder. After that your home does not keep it.

    Nothing is overwritten: where the name is taken, the file gets a number. The command prints its path.

    \b
    Example:
      p2pchat files save 9f86d081 ~/Downloads
    """
    wait_for(_save_alone(settings, id, folder), settings)


async def _save_alone(settings: CommonOptions, id: str, folder: Path) -> None:
    async with open_node(settings) as node:
        await _save(node, settings, id, folder)


async def _save(node: Node, settings: CommonOptions, id: str, folder: Path) -> Path:
    path = await node.save_file(id, folder)
    record({"id": id, "path": str(path)}) if settings.json else print_line(one_line(str(path)))
    return path


@command.command("open")
@_ID
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_settings
def open_(settings: CommonOptions, id: str, folder: Path, yes: bool) -> None:
    """Save a file that came into a folder, and open it with the program that your system has for it.

    \b
    Example:
      p2pchat files open 9f86d081 ~/Downloads
    """
    wait_for(_open(settings, id, folder, yes), settings)


async def _open(settings: CommonOptions, id: str, folder: Path, yes: bool) -> None:
    async with open_node(settings) as node:
        known = [file for file in await node.list_files() if file.id.startswith(id)]
        if known:
            who, what = harmless_name(known[0].contact), harmless_name(known[0].name)
            asks = f"{what} is from {who}. What opens it may run what is in it. Open it?"
            if not await confirmed(asks, yes):
                return
        path = await _save(node, settings, id, folder)
    if click.launch(str(path)):
        say(f"no program opened it; it is saved as {one_line(str(path))}")


# --- sending


async def send_files(
    settings: CommonOptions, to: str, paths: Sequence[Path], agreed: bool, waits: bool, timeout: float | None
) -> None:
    """Offer files to a contact, and wait until the contact has all of them. ``agreed``: the person knows that
    they go through the mesh."""
    for path in paths:
        await _ask_about(path, agreed)
    async with open_node(settings, timeout) as node:
        offered = [await node.offer_file(to, path) for path in paths]
        for file in offered:
            record(file) if settings.json else print_line(file.id)
        if not waits:
            return
        say(f"waiting until {harmless_name(to)} accepts and has it; Ctrl-C leaves it to the node")
        for file in offered:
            moved = await _follow(node, settings, file.id, timeout)
            if not settings.json and (line := file_line(moved)):
                say(line)


async def _ask_about(path: Path, agreed: bool) -> None:
    """Raises UsageError without a terminal, or where the person does not agree."""
    if agreed:
        return
    try:
        size = path.stat().st_size
    except OSError as error:
        raise UsageError(f"{one_line(str(path))} cannot be read: {error.strerror}") from error
    if not sys.stdin.isatty():
        raise UsageError("a file goes through the mesh, which all members see; agree by --through-mesh")
    say(mesh_question(path.name, size))
    if not await confirmed("Send it?", yes=False):
        raise UsageError("nothing was sent")


async def _follow(node: Node, settings: CommonOptions, id: str, timeout: float | None) -> FileInfo:
    if settings.json:
        return await node.wait_for_file(id, timeout=timeout, on_move=record)
    with _bar() as show:
        return await node.wait_for_file(id, timeout=timeout, on_move=show)


@contextmanager
def _bar() -> Iterator[Callable[[FileEvent], None]]:
    """A bar on the terminal's last line; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield lambda event: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn())
    console = Console(stderr=True)
    with Progress(*columns, TransferSpeedColumn(), console=console, transient=True) as progress:
        task = progress.add_task("waiting", total=None)

        def show(event: FileEvent) -> None:
            words = f"{harmless_name(event.name)} {event.state}"
            progress.update(task, description=words, total=event.size or 1, completed=event.bytes)

        yield show


def _show(settings: CommonOptions, file: FileInfo) -> None:
    record(file) if settings.json else _print(file)


def _print(file: FileInfo) -> None:
    print_line(_row(file))


# --- accepting by itself


async def accept_offered(node: Node, files: Iterable[FileInfo], sender: str | None, size: int) -> None:
    """Accept those that are offered, of one contact or of all, and no larger."""
    for file in files:
        theirs = not file.outgoing and sender in (None, file.contact)
        if theirs and file.state == "offered" and file.size <= size:
            await node.accept_file(file.id)
