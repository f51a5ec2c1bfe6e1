"""What each method of the control socket may be told, as declared values.

Knows: names, types, defaults and bounds, and the words for what does not fit them. Does not know: any method.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import NoneType
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeVar, get_args

import msgspec
from msgspec import Meta

from p2pchat.control.failures import INVALID_PARAMS, MethodError

SECONDS_MAX: Final = 1e12

COUNT_MAX: Final = 2**53
"""Beyond it, readers of JSON differ about what a number is."""

Seconds = Annotated[float, Meta(ge=0, lt=SECONDS_MAX)]
Count = Annotated[int, Meta(ge=1, le=COUNT_MAX)]
Wait = Literal["queued", "relayed", "delivered"]
"""How far a message must have come for somebody who waits for it."""


class Parameters(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Named parameters. Those that a method does not know are ignored."""


class Nothing(Parameters, frozen=True):
    """No parameters."""


class NewName(Parameters, frozen=True):
    name: str


class Invite(Parameters, frozen=True):
    link: bool = False
    name: str | None = None
    timeout: Seconds | None = None
    rendezvous: tuple[str, ...] = ()
    mesh: str | None = None
    """The beginning of its id."""
    code: str | None = None
    """To wait at one that was given away before."""


class Join(Parameters, frozen=True):
    code: str
    name: str | None = None
    timeout: Seconds | None = None
    rendezvous: tuple[str, ...] = ()
    accept_new: bool = False


class Named(Parameters, frozen=True):
    """One contact."""

    name: str


class Verify(Named, frozen=True):
    verified: bool = True


class Rename(Named, frozen=True):
    new: str


class Block(Named, frozen=True):
    blocked: bool = True


class Mute(Named, frozen=True):
    muted: bool = True


class Disappear(Named, frozen=True):
    seconds: Seconds | None = None
    """None: what is said stays."""


class Remove(Named, frozen=True):
    keep_mesh: bool = False
    renew_mesh: bool = False


class LeaveMesh(Parameters, frozen=True):
    mesh: str
    """The beginning of its id."""
    forget: bool = False


class AddRendezvous(Parameters, frozen=True):
    url: str
    mesh: str | None = None
    typed: bool = True


class RemoveRendezvous(Parameters, frozen=True):
    url: str
    mesh: str | None = None


class Key(Parameters, frozen=True):
    """One setting."""

    key: str


class SetKey(Key, frozen=True):
    value: str


class Send(Parameters, frozen=True):
    to: str
    text: str
    id: str | None = None
    """32 hexadecimal digits."""
    key: str | None = None
    """A name of the asker's own for the message: bytes, in hexadecimal digits."""


class Await(Parameters, frozen=True):
    id: str
    state: Wait
    timeout: Seconds | None = None


class Listen(Parameters, frozen=True):
    sender: str | None = msgspec.field(default=None, name="from")
    own: bool = False


class Heard(Parameters, frozen=True):
    ids: tuple[str, ...] = ()


class History(Named, frozen=True):
    search: str | None = None
    since: Seconds | None = None
    """Unix time."""
    limit: Count | None = None
    before: str | None = None
    after: str | None = None


class Search(Parameters, frozen=True):
    search: str
    since: Seconds | None = None
    limit: Count | None = None
    before: str | None = None
    after: str | None = None


class NewDraft(Parameters, frozen=True):
    """With both, the text is kept for the contact; an empty one is none."""

    name: str | None = None
    text: str | None = None


class Edit(Parameters, frozen=True):
    id: str
    text: str


class Forget(Parameters, frozen=True):
    """One message by its id, or all that was said with a contact."""

    name: str | None = None
    id: str | None = None


class MakeBackup(Parameters, frozen=True):
    path: str
    """From the root on."""
    phrase: str


P = TypeVar("P", bound=Parameters)


def read(kind: type[P], params: Mapping[str, object]) -> P:
    """Raises MethodError with a line that names the parameter that does not fit."""
    try:
        return msgspec.convert(params, kind)
    except msgspec.ValidationError as error:
        raise MethodError(INVALID_PARAMS, _fault(kind, str(error))) from None


def write(params: Parameters) -> dict[str, object]:
    """By name, without what is as it would be anyhow."""
    values: dict[str, object] = msgspec.to_builtins(params)
    return values


_WHERE: Final = re.compile(r"`\$\.(\w+)|field `(\w+)`")

_WORDS: Final[dict[object, str]] = {
    str: "a text",
    bool: "true or false",
    Seconds: "a number of seconds",
    Count: "a positive integer",
    tuple[str, ...]: "a list of texts",
    Wait: "queued, relayed or delivered",
}


def _fault(kind: type[Parameters], error: str) -> str:
    found = _WHERE.search(error)
    name = (found[1] or found[2]) if found is not None else ""
    for field in msgspec.structs.fields(kind):
        if field.encode_name == name:
            return f"{name} must be {words(field.type)}"
    return error


def words(declared: Any) -> str:
    """What a parameter of a type must be."""
    if declared in _WORDS:
        return _WORDS[declared]
    (given,) = (each for each in get_args(declared) if each is not NoneType)
    return _WORDS[given]


class Field(NamedTuple):
    """One parameter of a method."""

    name: str
    words: str
    required: bool


def fields(kind: type[Parameters]) -> list[Field]:
    """What a method may be told, in the declared order."""
    return [Field(each.encode_name, words(each.type), each.required) for each in msgspec.structs.fields(kind)]
