"""The kinds of values that a setting may have: how one is read, what is allowed, what of it may be shown.

Knows: texts and what they mean. Does not know: any setting.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from p2pchat.config.paths import ICE_LIKE, PROXY_LIKE, masked, read_proxy, read_servers
from p2pchat.data import dataclass
from p2pchat.wire.control import PORT_MAX, PORT_MIN

AUTO: Final = "auto"


class Kind(Protocol):
    """One kind of value. A value is kept as the text that a person wrote."""

    @property
    def allowed(self) -> str:
        """What may be written, in words that follow "must be"."""

    @property
    def words(self) -> Sequence[str]:
        """What may be written, where that is a list: for completion, and for a menu."""

    def read(self, text: str) -> Any:
        """What the text means. Raises ValueError, with a reason or with none beyond ``allowed``."""

    def mask_secrets(self, text: str) -> str:
        """Return the text without passwords."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of some words."""

    words: tuple[str, ...]

    @property
    def allowed(self) -> str:
        """Name the first few of many words."""
        if len(self.words) > 8:
            return f"one of {', '.join(self.words[:8])} … (Tab lists them)"
        *others, last = self.words
        return f"{', '.join(others)} or {last}" if others else last

    def read(self, text: str) -> str:
        """The word. Raises ValueError."""
        if text not in self.words:
            raise ValueError
        return text

    def mask_secrets(self, text: str) -> str:
        """All of it."""
        return text


@dataclass(frozen=True, slots=True)
class YesNo:
    """Yes or no; with ``auto``, also what follows from other settings, which is None."""

    auto: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """What may be written."""
        return (AUTO, "yes", "no") if self.auto else ("yes", "no")

    @property
    def allowed(self) -> str:
        """Name the allowed values in words."""
        return "auto, yes or no" if self.auto else "yes or no"

    def read(self, text: str) -> bool | None:
        """Whether it is yes. Raises ValueError."""
        if text not in self.words:
            raise ValueError
        return None if text == AUTO else text == "yes"

    def mask_secrets(self, text: str) -> str:
        """All of it."""
        return text


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number between two, both included; with ``auto``, also what follows from other settings, which
    is None."""

    least: int
    most: int
    unit: str = ""
    auto: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """A number is no list."""
        return (AUTO,) if self.auto else ()

    @property
    def allowed(self) -> str:
        """Name the allowed values in words."""
        number = f"a number from {self.least} to {self.most}{f' ({self.unit})' if self.unit else ''}"
        return f"auto or {number}" if self.auto else number

    def read(self, text: str) -> int | None:
        """The number. Raises ValueError."""
        if self.auto and text == AUTO:
            return None
        if not (text.isascii() and text.isdecimal()) or not self.least <= int(text[:20]) <= self.most:
            raise ValueError
        return int(text)

    def mask_secrets(self, text: str) -> str:
        """All of it."""
        return text


@dataclass(frozen=True, slots=True)
class _Written:
    """A text of a form of its own, or nothing."""

    allowed: str
    reading: Callable[[str], Any]
    nothing: Any = None
    showing: Callable[[str], str] = str
    words: tuple[str, ...] = ()

    def read(self, text: str) -> Any:
        """What it means. Raises ValueError."""
        return self.reading(text) if text else self.nothing

    def mask_secrets(self, text: str) -> str:
        """All that is no secret."""
        return self.showing(text)


SERVERS: Final[Kind] = _Written(ICE_LIKE, read_servers, nothing=(), showing=masked)
"""STUN and TURN servers; their passwords are not shown."""

PROXY: Final[Kind] = _Written(PROXY_LIKE, read_proxy, showing=masked)


def _file(text: str) -> str:
    if not Path(text).is_absolute() or "\0" in text:
        raise ValueError
    return text


def _port(text: str) -> int | None:
    return None if text == "no" else Number(PORT_MIN, PORT_MAX).read(text)


PORT: Final[Kind] = _Written(f"no or a number from {PORT_MIN} to {PORT_MAX}", _port)
"""A port that needs no privilege, or none."""

FILE: Final[Kind] = _Written("the path of a file, from the root on", _file)
"""A file: every program of the home must find it, wherever it was started."""


@dataclass(frozen=True, slots=True)
class Bindings:
    """Keys of the chat, as ``ACTION=KEY``; several with blanks between, several keys of one with commas."""

    actions: tuple[str, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """How each may begin."""
        return tuple(f"{action}=" for action in self.actions)

    @property
    def allowed(self) -> str:
        """Name the allowed values in words."""
        return f"like search=ctrl+k help=f1,alt+h; there are {', '.join(self.actions)}"

    def read(self, text: str) -> dict[str, str]:
        """Keys by action. Raises ValueError."""
        found: dict[str, str] = {}
        taken: dict[str, str] = {}
        for pair in text.split():
            action, equals, keys = pair.partition("=")
            if action not in self.actions or not equals or action in found:
                raise ValueError(f"{pair!r} is not ACTION=KEY, of {', '.join(self.actions)}, each once")
            for key in keys.split(","):
                if not _is_key(key):
                    raise ValueError(f"{key!r} is no key that can be bound: write f1 to f24, ctrl+k, alt+x")
                if key in taken:
                    raise ValueError(f"{key} cannot be both {taken[key]} and {action}")
                taken[key] = action
            found[action] = keys
        return found

    def mask_secrets(self, text: str) -> str:
        """All of it."""
        return text


_NAMED_KEYS: Final = frozenset(f"f{number}" for number in range(1, 25))
_MODIFIERS: Final = ("ctrl", "alt")
_NEEDED_KEYS: Final = frozenset({"ctrl+c", "ctrl+j", "ctrl+m", "ctrl+i", "ctrl+h", "ctrl+q", "ctrl+d"})
"""What the terminal sends for Enter, Tab and Backspace, and what must always lead out."""


def _is_key(key: str) -> bool:
    """A letter alone is none: it is for writing."""
    if key in _NAMED_KEYS:
        return True
    modifier, plus, rest = key.partition("+")
    return (
        bool(plus)
        and modifier in _MODIFIERS
        and len(rest) == 1
        and rest.isascii()
        and rest.isalnum()
        and rest == rest.lower()
        and key not in _NEEDED_KEYS
    )
