"""Lines of the control socket: JSON-RPC 2.0, an object each.

Knows: how messages are written and what of a line is read. Does not know: sockets, or any method.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Final, TypeGuard

from p2pchat.control.failures import INVALID_PARAMS, INVALID_REQUEST, PARSE_ERROR, MethodError
from p2pchat.control.values import plain
from p2pchat.data import dataclass
from p2pchat.errors import UsageError

REQUEST_MAX: Final = 1 << 20
"""Bytes of one request: a text of 64 KiB may take six times that in JSON."""

ANSWER_MAX: Final = 64 << 20
"""Bytes of one answer, which its asker waits to read: a hundred thousand lines have about 30 MB."""

CANCEL: Final = "cancel"
"""The notification by which a client withdraws its own ``request``, which then gets no answer."""

EVENT: Final = "event"
"""The notification by which a node tells an event to the client that made the ``request``."""

RequestId = str | int | float


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, or notified when ``id`` is None."""

    id: RequestId | None
    method: str
    params: dict[str, object]


@dataclass(frozen=True, slots=True)
class ResultReply:
    """How a request ended well."""

    id: int
    result: object


@dataclass(frozen=True, slots=True)
class Failure:
    """How a request failed."""

    id: int
    code: int
    line: str


@dataclass(frozen=True, slots=True)
class Notification:
    """An event that belongs to a request under way."""

    id: int
    event: dict[str, object]


# --- written


def request_line(id: int, method: str, params: Mapping[str, object]) -> bytes:
    """A request. Raises UsageError on half of a surrogate pair: it stands for a byte that is no UTF-8."""
    if not _is_unicode(params):
        raise UsageError("the text is not valid UTF-8; p2pchat takes text only")
    return json.dumps({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).encode() + b"\n"


def cancel_line(request: int) -> bytes:
    """The withdrawal of a request."""
    return _line({"jsonrpc": "2.0", "method": CANCEL, "params": {"request": request}})


def event_line(request: RequestId | None, event: object) -> bytes:
    """An event for the client that made a request."""
    return _line({"jsonrpc": "2.0", "method": EVENT, "params": {"request": request, "event": event}})


def answer_line(request: RequestId, result: object) -> bytes:
    """The end of a request."""
    return _line({"jsonrpc": "2.0", "id": request, "result": result})


def failure_line(request: RequestId | None, code: int, line: str) -> bytes:
    """The end of a request that failed; without an id, of something that was none."""
    return _line({"jsonrpc": "2.0", "id": request, "error": {"code": code, "message": line}})


def _line(value: object) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=plain)
    return text.encode(errors="replace") + b"\n"


# --- read by a node


class Unfit(MethodError):
    """A line that is no request; ``request`` is its id where it can be given back."""

    def __init__(self, code: int, message: str, request: RequestId | None = None) -> None:
        super().__init__(code, message)
        self.request = request


def read_request(line: bytes) -> Request | None:
    """None for a malformed notification, which has no answer. Raises Unfit."""
    try:
        value = _parsed(line)
    except (ValueError, RecursionError):
        raise Unfit(PARSE_ERROR, "not JSON in UTF-8 with finite numbers") from None
    match value:
        case {"jsonrpc": "2.0", "method": str(method), **rest}:
            id, params = rest.get("id"), rest.get("params", {})
            if _is_id(id) and isinstance(params, dict):
                if _is_unicode(params):
                    return Request(id, method, params)
                if id is None:
                    return None
                raise Unfit(INVALID_PARAMS, "half of a surrogate pair is no text", id)
    raise Unfit(INVALID_REQUEST, "not one JSON-RPC 2.0 request with named parameters")


def _parsed(line: bytes) -> object:
    """Raises ValueError or RecursionError on what is not JSON as its standard (RFC 8259) has it."""
    value: object = json.loads(line.decode("utf-8-sig"), parse_float=_finite, parse_constant=_finite)
    return value


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("neither infinite numbers nor those that are none")
    return value


def _is_id(value: object) -> TypeGuard[RequestId | None]:
    """Whether it can be given back."""
    known = value is None or (isinstance(value, (str, int, float)) and not isinstance(value, bool))
    return known and _is_unicode(value)


def _is_unicode(value: object) -> bool:
    """Whether all texts in ``value`` can be written down: JSON can name half of a surrogate pair."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


# --- read by a client


def read_reply(line: bytes) -> ResultReply | Failure | Notification | None:
    """None for what belongs to no request of ours. Raises ValueError on what is not JSON."""
    match json.loads(line):
        case {"method": "event", "params": {"request": int(id), "event": dict(event)}}:
            return Notification(id, event)
        case {"id": int(id), "error": {"code": int(code), "message": str(said)}}:
            return Failure(id, code, said)
        case {"id": int(id), "error": error}:
            return Failure(id, 0, str(error))
        case {"id": int(id), "result": result}:
            return ResultReply(id, result)
        case _:
            return None
