"""Notifications for a person who looks elsewhere.

Knows: what terminals and desktops understand. Does not know: the text of a message, which it never shows.
"""

from __future__ import annotations

import html
import os
import shutil
import subprocess
from collections.abc import Mapping
from typing import Final

from p2pchat.text import harmless_name, one_line

BELL: Final = "\a"
NAME_MAX: Final = 40


def sequences(name: str, notifications: str = "all") -> str:
    """What to write to the terminal, as far as ``notifications`` (the setting) wants it: a bell, and what
    terminals show as a notification (OSC 9: iTerm2, kitty, Windows Terminal; OSC 777: urxvt, foot, VTE)."""
    if notifications != "all":
        return BELL if notifications == "bell" else ""
    shown = one_line(harmless_name(name))[:NAME_MAX].replace(";", ",")
    return f"{BELL}\x1b]9;{shown} wrote\x1b\\\x1b]777;notify;p2pchat;{shown} wrote\x1b\\"


def on_desktop(name: str, environment: Mapping[str, str] = os.environ) -> list[str] | None:
    """The program that shows it on the desktop, and its arguments; None where there is no desktop."""
    if not (environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")):
        return None
    program = shutil.which("notify-send", path=environment.get("PATH"))
    shown = one_line(harmless_name(name))[:NAME_MAX]
    title = html.escape(f"{shown} wrote", quote=False)  # desktops read the second as markup
    return [program, "--app-name=p2pchat", "--", "p2pchat", title] if program else None


def notify_desktop(name: str) -> None:
    """Show it on the desktop, if there is one; whether that worked is not waited for."""
    command = on_desktop(name)
    if command is not None:
        quiet = subprocess.DEVNULL
        subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)
