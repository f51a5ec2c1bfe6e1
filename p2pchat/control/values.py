"""What all declared values have in common, and how one is read.

Knows: how a value becomes JSON and back. Does not know: any method or event.

A value keeps what it was read from, so that a script of an older program still sees what a newer node says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Self, TypeVar

import msgspec

T = TypeVar("T")
V = TypeVar("V")

_READ_FROM: Final = "read_from"


class Value(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One answer or event, or a part of one."""

    def as_record(self) -> Mapping[str, object]:
        """As it is on the socket, with all that was said besides."""
        kept: Mapping[str, object] | None = self.__dict__.get(_READ_FROM)
        return kept if kept is not None else plain(self)

    def with_changes(self, **changes: object) -> Self:
        """The same with other fields."""
        changed = msgspec.structs.replace(self, **changes)
        kept: Mapping[str, object] | None = self.__dict__.get(_READ_FROM)
        if kept is not None:
            names = {field.name: field.encode_name for field in msgspec.structs.fields(self)}
            record = plain(changed)
            anew = {names[name]: record[names[name]] for name in changes}
            changed.__dict__[_READ_FROM] = {**kept, **anew}
        return changed


def given(value: T | msgspec.UnsetType) -> T | None:
    """What was said, or None for what was not."""
    return None if isinstance(value, msgspec.UnsetType) else value


class Misfit(ValueError):
    """What was said is not what was declared."""


def extended(value: Value, kind: type[V], **more: object) -> V:
    """A value with the fields that a larger kind has besides."""
    return kind(**msgspec.structs.asdict(value), **more)


def plain(value: object) -> dict[str, object]:
    """A declared value as JSON has it."""
    record: dict[str, object] = msgspec.to_builtins(value)
    return record


def read_value(kind: type[V], record: object) -> V:
    """What was said on the socket, as it was declared. Fields that were not declared are kept for
    ``as_record``. Raises Misfit."""
    try:
        value = msgspec.convert(record, kind)
    except msgspec.ValidationError as error:
        raise Misfit(str(error)) from None
    _keep(value, record)
    return value


def _keep(value: object, record: object) -> None:
    """Let a value, or each of a list, know what it was read from."""
    if isinstance(value, list) and isinstance(record, list):
        for part, of_part in zip(value, record, strict=True):
            _keep(part, of_part)
    elif isinstance(value, Value):
        value.__dict__[_READ_FROM] = record
