"""Messages about settings, in the shell and in the chat.

Knows: the shape of a setting as the node tells it. Does not know: any setting.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from p2pchat.config.choices import Source, read
from p2pchat.config.table import SETTINGS, Effect
from p2pchat.control.answers import ChangeSettingResult, SettingInfo


def origin(info: SettingInfo) -> str:
    """The source of a value in a word: an environment variable by its name."""
    return info.variable if info.source == "environment" else info.source


def effect_line(
    changed: ChangeSettingResult, *, runs: bool = True, environment: Mapping[str, str] = os.environ
) -> str:
    """The effect of a change, in a sentence or two. ``runs``: whether there is a node that it concerns;
    ``environment``: this program's, from which settings of chats alone come."""
    here = of_this_chat(changed, environment)
    key, value, where = here.key, here.value, here.source
    if here.source != changed.source or (changed.effect == "overruled" and not runs):
        what = here.variable if where == "environment" else f"--{key}"
        whom = "a node" if here.source == changed.source else "a chat"
        first = f"Saved, but {what} is set here, which takes precedence"
        return f"{first}: {key} is {value} in {whom} started from here."
    now = f"{key} is {value or 'not set'}" + (" (the default)." if where == "default" else ".")
    match changed.effect:
        case "anew":
            return f"{now} The node restarts with this value, and will be linked again in a moment."
        case "at start":
            return f"{now} It takes effect when the node starts the next time."
        case "overruled":
            what = changed.variable if where == "environment" else f"--{key}"
            return (
                f"Saved, but the node was started with {what}, which takes precedence: {now}"
                " It takes effect when the node is started without that."
            )
        case "unchanged":
            stored = ", and is stored in the home now" if where == "home" else ""
            return f"{now} It had that value already{stored}."
        case _:
            return f"{now} It takes effect at once."


def clock_of(settings: Sequence[SettingInfo], environment: Mapping[str, str] = os.environ) -> str:
    """How a chat writes the time."""
    found = (of_this_chat(info, environment) for info in settings if info.key == "time-format")
    return next((info.value for info in found if not info.problem), "24h")


def of_this_chat(info: SettingInfo, environment: Mapping[str, str]) -> SettingInfo:
    """A setting as this program has it: a setting of chats alone comes from this program's environment, not
    the node's."""
    setting = SETTINGS.get(info.key)
    if setting is None or setting.effect is not Effect.CHAT:
        return info
    if text := environment.get(setting.variable):
        chosen = read(setting, text, Source.ENVIRONMENT)
        return info.with_changes(
            value=chosen.shown, source=chosen.source.value, problem=chosen.problem or None
        )
    return info
