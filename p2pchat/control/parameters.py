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
from p2pchat.control.rooms import Notify, Role

SECONDS_MAX: Final = 1e12

COUNT_MAX: Final = 2**53
"""Beyond it, readers of JSON differ about what a number is."""

Seconds = Annotated[float, Meta(ge=0, lt=SECONDS_MAX)]
Count = Annotated[int, Meta(ge=1, le=COUNT_MAX)]
Wait = Literal["queued", "relayed", "delivered"]
"""The state that a message must have reached for a waiting caller."""


class Params(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Named parameters. Those that a method does not know are ignored."""


class NoParams(Params, frozen=True):
    """No parameters."""


class RenameSelfParams(Params, frozen=True):
    name: str


class InviteParams(Params, frozen=True):
    link: bool = False
    name: str | None = None
    timeout: Seconds | None = None
    rendezvous: tuple[str, ...] = ()
    mesh: str | None = None
    """The beginning of its id."""
    code: str | None = None
    """To wait at one that was given away before."""


class JoinParams(Params, frozen=True):
    code: str
    name: str | None = None
    timeout: Seconds | None = None
    rendezvous: tuple[str, ...] = ()
    accept_new: bool = False


class ContactParams(Params, frozen=True):
    """One contact."""

    name: str


class VerifyParams(ContactParams, frozen=True):
    verified: bool = True


class RenameParams(ContactParams, frozen=True):
    new: str


class BlockParams(ContactParams, frozen=True):
    blocked: bool = True


class MuteParams(ContactParams, frozen=True):
    muted: bool = True


class DisappearParams(ContactParams, frozen=True):
    seconds: Seconds | None = None
    """None: what is said stays."""


class RemoveParams(ContactParams, frozen=True):
    keep_mesh: bool = False
    renew_mesh: bool = False


class LeaveMeshParams(Params, frozen=True):
    mesh: str
    """The beginning of its id."""
    forget: bool = False


class AddRendezvousParams(Params, frozen=True):
    url: str
    mesh: str | None = None
    typed: bool = True


class RemoveRendezvousParams(Params, frozen=True):
    url: str
    mesh: str | None = None


class SettingParams(Params, frozen=True):
    """One setting."""

    key: str


class ChangeSettingParams(SettingParams, frozen=True):
    value: str


class AddContactParams(Params, frozen=True):
    """A member of a room, as who may become a contact."""

    room: str
    member: str
    undo: bool = False
    """Take the request back."""


class IntroduceParams(Params, frozen=True):
    """Two contacts."""

    one: str
    other: str
    undo: bool = False
    """Take the introduction back."""


class IntroductionParams(Params, frozen=True):
    """Who may become a contact, as in the list of requests."""

    name: str


class AcceptContactParams(IntroductionParams, frozen=True):
    timeout: Seconds | None = None
    """How long to wait until we are contacts; None: as long as it takes."""


class CreateRoomParams(Params, frozen=True):
    name: str
    mesh: str | None = None
    """The beginning of its id; None: the one where the first contact is."""


class RoomParams(Params, frozen=True):
    """One room, or the offer of one."""

    room: str


class InviteToRoomParams(RoomParams, frozen=True):
    contacts: tuple[str, ...]
    undo: bool = False
    """Take the offers back."""


class AcceptRoomParams(RoomParams, frozen=True):
    timeout: Seconds | None = None
    """How long to wait until we are in; None: as long as it takes."""


class MemberParams(RoomParams, frozen=True):
    """One member of a room."""

    member: str


class RoleParams(MemberParams, frozen=True):
    role: Role


class RenameRoomParams(RoomParams, frozen=True):
    name: str


class LeaveRoomParams(RoomParams, frozen=True):
    heirs: tuple[str, ...] = ()
    """Who is to be owner after us, in order."""


class ForgeRoomParams(RoomParams, frozen=True):
    words: str | None = None
    """What another member is made to say."""


class MuteRoomParams(RoomParams, frozen=True):
    notify: Notify = "none"


class DisappearInRoomParams(RoomParams, frozen=True):
    seconds: Seconds | None = None
    """None: what is said stays."""


class SendParams(Params, frozen=True):
    to: str
    text: str
    id: str | None = None
    """32 hexadecimal digits."""
    key: str | None = None
    """A name of the asker's own for the message: bytes, in hexadecimal digits."""
    reply_to: str | None = None
    """The id of a message with the same contact, or in the same room."""
    wants: bool = False
    """The members of a room are to say soon that they have it."""


class ReactParams(Params, frozen=True):
    id: str
    sign: str
    """Empty: takes the one before back."""
    wants: bool = False


class CorrectParams(Params, frozen=True):
    id: str
    text: str
    wants: bool = False


class WithdrawParams(Params, frozen=True):
    id: str
    wants: bool = False


class WaitParams(Params, frozen=True):
    id: str
    state: Wait
    timeout: Seconds | None = None
    members: Count | None = None
    """So many members of a room; None: all who were heard within the last day."""


class ListenParams(Params, frozen=True):
    sender: str | None = msgspec.field(default=None, name="from")
    own: bool = False


class HeardParams(Params, frozen=True):
    ids: tuple[str, ...] = ()


class HistoryParams(ContactParams, frozen=True):
    search: str | None = None
    since: Seconds | None = None
    """Unix time."""
    limit: Count | None = None
    before: str | None = None
    after: str | None = None


class SearchParams(Params, frozen=True):
    search: str
    since: Seconds | None = None
    limit: Count | None = None
    before: str | None = None
    after: str | None = None


class DraftParams(Params, frozen=True):
    """With both, the text is kept for the contact; an empty one is none."""

    name: str | None = None
    text: str | None = None


class EditParams(Params, frozen=True):
    id: str
    text: str


class ForgetParams(Params, frozen=True):
    """One message by its id, or all that was said with a contact."""

    name: str | None = None
    id: str | None = None


class OfferFileParams(Params, frozen=True):
    to: str
    path: str
    """From the root on."""
    id: str | None = None
    """32 hexadecimal digits: the same again offers nothing twice."""


class FileParams(Params, frozen=True):
    """A file, by the beginning of its id."""

    id: str


class SaveFileParams(Params, frozen=True):
    id: str
    folder: str
    """From the root on."""


class WaitForFileParams(Params, frozen=True):
    id: str
    timeout: Seconds | None = None


class BackupParams(Params, frozen=True):
    path: str
    """From the root on."""
    phrase: str


P = TypeVar("P", bound=Params)


def read(kind: type[P], params: Mapping[str, object]) -> P:
    """Raises MethodError with a line that names the parameter that does not fit."""
    try:
        return msgspec.convert(params, kind)
    except msgspec.ValidationError as error:
        raise MethodError(INVALID_PARAMS, _fault(kind, str(error))) from None


def write(params: Params) -> dict[str, object]:
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
    Role: "owner, admin or member",
    Notify: "all, mentions or none",
}


def _fault(kind: type[Params], error: str) -> str:
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
    (given,) = (kind for kind in get_args(declared) if kind is not NoneType)
    return _WORDS[given]


class Field(NamedTuple):
    """One parameter of a method."""

    name: str
    words: str
    required: bool


def fields(kind: type[Params]) -> list[Field]:
    """What a method may be told, in the declared order."""
    return [
        Field(field.encode_name, words(field.type), field.required) for field in msgspec.structs.fields(kind)
    ]
