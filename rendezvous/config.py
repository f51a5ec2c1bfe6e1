"""The configuration file: TOML, with a key for each option of the command.

Knows: how a value is told to be wrong, and in which line it stands. Does not know: what an option means.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

FILE_MAX: Final = 64 * 1024
"""Bytes. Every option with a comment of a page would fill half of it."""

NOT_IN_FILES: Final = frozenset(("config", "check", "version", "help"))


@dataclass(frozen=True, slots=True)
class Fault:
    """Something is wrong with a file."""

    file: Path
    line: int | None
    what: str

    def __str__(self) -> str:
        where = f" line {self.line}" if self.line is not None else ""
        return f"{self.file}{where}: {self.what}"


class BadConfig(Exception):
    """A configuration file has at least one fault."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(*map(str, faults))
        self.faults = faults


def read(file: Path, options: Sequence[click.Parameter]) -> dict[str, Any]:
    """Return what a file says, by the parameters' names, as click takes its defaults. Raises BadConfig with
    everything that is wrong in it."""
    text = _text(file)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what, _, where = str(error).partition(" (at ")
        line = where.partition("line ")[2].partition(",")[0]
        raise BadConfig(
            Fault(file, int(line) if line else None, f"not TOML: {what[:1].lower()}{what[1:]}")
        ) from None
    known = {key(option): option for option in options if option.name not in NOT_IN_FILES}
    values: dict[str, Any] = {}
    faults = []
    for name, value in table.items():
        try:
            option = _option(name, known)
            values[option.name or ""] = _value(option, value, file.parent)
        except click.UsageError as error:
            faults.append(Fault(file, line_of(name, text), f"{name}: {error.message.rstrip('.')}"))
    if faults:
        raise BadConfig(*faults)
    return values


def key(option: click.Parameter) -> str:
    """The key of an option: its flag without the dashes in front."""
    return max(option.opts, key=len).lstrip("-")


def line_of(name: str, text: str) -> int | None:
    """Return the line in which a key of the file stands, from 1: the one after the longest beginning of the
    text that is TOML without it."""
    lines = text.splitlines()
    found = None
    for count in range(len(lines)):
        try:
            if name in tomllib.loads("\n".join(lines[:count])):
                break
        except tomllib.TOMLDecodeError:
            continue
        found = count + 1
    return found


def _text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            data = stream.read(FILE_MAX + 1)
        if len(data) > FILE_MAX:
            raise BadConfig(Fault(file, None, f"more than {FILE_MAX // 1024} kB"))
        return data.decode("utf-8-sig")
    except OSError as error:
        raise BadConfig(Fault(file, None, f"cannot be read: {error.strerror or error}")) from None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BadConfig(Fault(file, line, "not UTF-8")) from None


def _option(name: str, known: dict[str, click.Parameter]) -> click.Parameter:
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name.replace("_", "-"), known, 1)
    raise click.UsageError(f"there is no such key{f'; did you mean {near[0]}?' if near else ''}")


def _value(option: click.Parameter, value: Any, folder: Path) -> Any:
    """Check a value, and return it as click takes it. Raises UsageError."""
    if isinstance(option, click.Option) and option.multiple:
        if not isinstance(value, list):
            raise click.UsageError('takes a list, as in ["192.0.2.1"]')
        return [_single(option, item, folder) for item in value]
    return _single(option, value, folder)


def _single(option: click.Parameter, value: Any, folder: Path) -> Any:
    classes: tuple[type, ...]
    if isinstance(option, click.Option) and option.is_flag:
        classes, what = (bool,), "true or false"
    elif isinstance(option.type, click.FloatRange):
        classes, what = (int, float), "a number"
    elif isinstance(option.type, click.IntRange):
        classes, what = (int,), "a whole number"
    else:
        classes, what = (str,), "a text in quotes"
    if not isinstance(value, classes) or (isinstance(value, bool) and bool not in classes):
        raise click.UsageError(f"takes {what}")
    if isinstance(option.type, click.Path):
        value = str(folder / str(value))  # a relative one is meant from where the file is
    option.type.convert(value, option, None)
    return value
