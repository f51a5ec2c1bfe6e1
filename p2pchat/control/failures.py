"""Errors and their codes on the control socket: the exit codes, negated, and what JSON-RPC itself names.

Knows: which error has which code. Does not know: what failed.
"""

from __future__ import annotations

from typing import Final

from p2pchat.errors import (
    ControlError,
    Ended,
    LimitError,
    NetworkError,
    NotInTime,
    P2PChatError,
    TrustError,
    UsageError,
)

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602

UNEXPECTED: Final = -1

_BY_CODE: Final[dict[int, type[P2PChatError]]] = {
    -kind.exit_code: kind for kind in (UsageError, NetworkError, TrustError, LimitError, NotInTime, Ended)
}


class MethodError(ControlError):
    """A request that JSON-RPC itself has a code for: no such method (-32601), bad parameters (-32602)."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def code_of(error: P2PChatError) -> int:
    """By what an asker tells an error from others."""
    return error.code if isinstance(error, MethodError) else -error.exit_code


def as_exception(code: int, line: str) -> P2PChatError:
    """What an asker raises for an error that it was told."""
    return _BY_CODE.get(code, ControlError)(line)
