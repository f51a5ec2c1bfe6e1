"""The parameters of a request, checked.

Knows: types and the words for what is wrong. Does not know: any method.
"""

from __future__ import annotations

from typing import Any, TypeVar

from p2pchat.control.failures import INVALID_PARAMS, MethodError

COUNT_MAX = 2**53
"""Beyond it, readers of JSON differ about what a number is."""

T = TypeVar("T")


class Arguments:
    """Named parameters. Every method raises MethodError on one that is missing or of another type."""

    def __init__(self, params: dict[str, Any]) -> None:
        self._params = params

    def text(self, name: str) -> str:
        """A text that must be there."""
        return self._checked(name, self._params.get(name), str, "a text")

    def optional_text(self, name: str) -> str | None:
        """A text or null."""
        value = self._params.get(name)
        return None if value is None else self._checked(name, value, str, "a text")

    def flag(self, name: str, default: bool) -> bool:
        """True or false."""
        return self._checked(name, self._params.get(name, default), bool, "true or false")

    def seconds(self, name: str) -> float | None:
        """A number of seconds that is not negative, or null."""
        value = self._params.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e12:
            raise MethodError(INVALID_PARAMS, f"{name} must be a number of seconds")
        return float(value)

    def count(self, name: str) -> int | None:
        """A positive integer, or null."""
        value = self._params.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= COUNT_MAX:
            raise MethodError(INVALID_PARAMS, f"{name} must be a positive integer")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; empty when it is not there."""
        value = self._params.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise MethodError(INVALID_PARAMS, f"{name} must be a list of texts")
        return tuple(value)

    def _checked(self, name: str, value: Any, kind: type[T], called: str) -> T:
        if not isinstance(value, kind):
            raise MethodError(INVALID_PARAMS, f"{name} must be {called}")
        return value
