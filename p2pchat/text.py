"""Received text made harmless, so that printing it moves no cursor, hides nothing and forges no line.

Knows: which characters a terminal obeys instead of showing. Does not know: where the text came from, or
layout beyond line breaks.

What is replaced is replaced visibly. Right-to-left letters, emoji and combining marks stay as they are; only
the controls that could turn foreign text on its neighbours go (Unicode TR 36, section 2.7; TR 9, section 2).
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from typing import Final

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"

LINE_BREAK: Final = "\N{RETURN SYMBOL}"
"""Shown for a line break where the layout has only one line."""

INVISIBLE_RUN: Final = 8
"""Zero-width characters left in a row. Flag emoji need 7, Vietnamese 2, Biblical Hebrew about 5; hundreds are
an attack on the lines above and below."""

_BREAKS: Final = re.compile("\r\n|[\n\x0b\x0c\x85\u2028\u2029]")

_BIDI: Final = "\u202a-\u202e\u2066-\u2069"
"""Embeddings, overrides and isolates. The marks U+200E, U+200F and U+061C reorder nothing beyond
themselves."""

_HARMFUL: Final = re.compile(f"[\x00-\x09\x0b-\x1f\x7f-\x9f{_BIDI}\ufff9-\ufffb\ud800-\udfff]")

_NAME_HARMFUL: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028\u2029\u2800"
    f"{_BIDI}\u2060-\u206f\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""In a name, whatever looks like nothing could make one contact look like another: all that Unicode lets be
ignored (``Default_Ignorable_Code_Point``) but for joiners and the choice of an emoji's look, which follow."""

_LONE_JOINER: Final = re.compile("(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])")
"""Joiners belong between letters of scripts that join, and between emoji; never beside ASCII."""

_ROOM_SIGNS: Final = ("#", "\N{MUSIC SHARP SIGN}")
_NAMELESS: Final = "someone"

_LOOK: Final = re.compile("[\ufe0e\ufe0f]")
"""They choose whether the sign before is drawn as text or in colours."""


def harmless(text: str) -> str:
    """Return ``text`` fit for a terminal. Line breaks of every kind become ``\\n``; nothing else of layout
    stays."""
    broken = _BREAKS.sub("\n", text)
    return _thin(_HARMFUL.sub(_visible, broken))


def one_line(text: str) -> str:
    """Return ``text`` fit for one line of a terminal; its line breaks are shown as ``LINE_BREAK``."""
    return harmless(text).replace("\n", LINE_BREAK)


def indented(text: str, margin: int) -> str:
    """Return ``text`` with its later lines moved right by ``margin``, so that none can pose as a new
    message."""
    return harmless(text).replace("\n", "\n" + " " * margin)


def harmless_name(name: str) -> str:
    """Return a nickname fit for a terminal, with everything visible that could be used to pose as another."""
    shown = _LONE_JOINER.sub(REPLACEMENT, _NAME_HARMFUL.sub(_visible, name))
    return _thin(_LOOK.sub(lambda look: _at_a_sign(look, shown), shown))


def seen(name: str) -> str:
    """Return of a nickname what leaves a trace on the screen."""
    return _LONE_JOINER.sub("", _LOOK.sub("", _NAME_HARMFUL.sub("", name))).strip()


def person_name(name: str) -> str:
    """Return a person's name, as others say it, without signs before it that would make it look like the name
    of a room."""
    rest = name
    while unicodedata.normalize("NFKC", seen(rest))[:1] in _ROOM_SIGNS:
        first = next(at for at, character in enumerate(rest) if seen(character))
        rest = rest[first + 1 :].lstrip(" -")
    return rest if seen(rest) else _NAMELESS if rest != name else name


def typed(name: str) -> str:
    """Return a nickname, or whatever else others chose, as it is typed after a command: shells and option
    parsers take it for one plain word."""
    word = shlex.quote(harmless_name(name))
    return f"-- {word}" if name.startswith("-") else word


def shortened(text: str, width: int) -> str:
    """Return the beginning of ``text`` in one line of at most ``width`` characters."""
    line = one_line(text[: width * 4])
    return line if len(line) <= width else line[: width - 1] + "…"


def _at_a_sign(look: re.Match[str], name: str) -> str:
    before = name[look.start() - 1 : look.start()]
    return look.group() if before and unicodedata.category(before) in ("So", "Sm", "Po") else REPLACEMENT


def _visible(match: re.Match[str]) -> str:
    character = match.group()
    code = ord(character)
    if character == "\t":
        return " "
    if code < 0x20:
        return chr(0x2400 + code)
    return "\N{SYMBOL FOR DELETE}" if code == 0x7F else REPLACEMENT


def _thin(text: str) -> str:
    """Cut runs of zero-width characters down to ``INVISIBLE_RUN``."""
    if text.isascii():
        return text
    parts: list[str] = []
    run = 0
    for character in text:
        run = run + 1 if unicodedata.category(character) in ("Mn", "Me", "Cf") else 0
        if run <= INVISIBLE_RUN:
            parts.append(character)
        elif run == INVISIBLE_RUN + 1:
            parts.append(REPLACEMENT)
    return "".join(parts)
