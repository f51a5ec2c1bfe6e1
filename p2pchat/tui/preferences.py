"""What concerns chats alone, as it is set: colours, noise, the clock, keys.

Knows: what each of them means on this terminal. Does not know: where it is kept, or how it is changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any, Final

from p2pchat.config.kinds import AUTO
from p2pchat.config.table import BOUND, SETTINGS
from p2pchat.control.answers import SettingInfo
from p2pchat.data import dataclass
from p2pchat.wording.settings import of_this_chat

DARK: Final = "textual-dark"
LIGHT: Final = "textual-light"
OWN: Final = "ansi-dark"
"""The theme of terminals with only their own sixteen colours."""

_LIGHT_GROUNDS: Final = frozenset({"7", "15"})
"""Light grey and white, of the sixteen colours."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """The settings that a chat uses."""

    theme: str = AUTO
    notifications: str = "all"
    clock: str = "24h"
    keys: Mapping[str, str] = field(default_factory=dict)
    """By what the chat does; what is not there has its usual keys."""
    problems: tuple[str, ...] = ()
    """What cannot be meant, and was left at its default."""


def preferences(settings: Iterable[SettingInfo], environment: Mapping[str, str]) -> Preferences:
    """Read the settings of a chat from those that the node tells and from this program's environment."""
    known = {setting.key: of_this_chat(setting, environment) for setting in settings}
    problems = tuple(setting.problem for setting in known.values() if setting.problem)

    def value(key: str) -> Any:
        setting, kind = known.get(key), SETTINGS[key].kind
        sound = setting is not None and not setting.problem
        return kind.read(setting.value if setting is not None and sound else SETTINGS[key].default)

    return Preferences(value("theme"), value("notifications"), value("time-format"), value("keys"), problems)


def theme_here(theme: str, colours: str | None, environment: Mapping[str, str]) -> str:
    """The theme to take: by itself what suits a terminal with such ``colours`` (as Rich calls them)."""
    if theme != AUTO:
        return theme
    if colours == "standard":
        return OWN
    ground = environment.get("COLORFGBG", "").rpartition(";")[2]
    return LIGHT if ground in _LIGHT_GROUNDS else DARK


def keymap(keys: Mapping[str, str]) -> dict[str, str]:
    """The keys of everything that may have others."""
    return {**BOUND, **keys}
