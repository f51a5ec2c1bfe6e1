"""How many columns a text takes, on whichever terminal.

Knows: where terminals differ. Does not know: which of them this is.

They agree on letters, ideographs and single emoji. An emoji made of several, or of another skin, is two
columns on some and as many as its parts have on others; so are letters with a vowel beside them, as in Hindi,
Tamil or Burmese. Nobody can ask. So what is laid out has room for the widest, and what is drawn
(``drawing``) ends in its column on all of them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from rich.cells import cell_len, get_character_cell_size, split_graphemes

_SKINS: Final = frozenset(map(chr, range(0x1F3FB, 0x1F400)))
_FILLERS: Final = {"\u3164": 2, "\uffa0": 1}
"""Invisible letters of Hangul: nothing, or as wide as a letter."""

_LOOK: Final = "\ufe0f"
"""Asks for a sign to be drawn as an emoji: one column becomes two, on some terminals."""

_CLOSING: Final = frozenset(("Pe", "Pf", "Po", "Lm"))
_OPENING: Final = frozenset(("Ps", "Pi"))
"""Categories of marks: no row of ideographs begins with one that closes, or ends with one that opens."""

Cluster = tuple[int, int, int]
"""Where characters that belong together begin and end, and their columns."""


def drawable(text: str) -> str:
    """The text without what makes narrow signs wide on some terminals."""
    return text.replace(_LOOK, "")


def room(text: str) -> int:
    """The most columns that a terminal draws it in."""
    return len(text) if text.isascii() else _room(text)


def certain(text: str) -> bool:
    """Whether all terminals draw it in as many columns as Textual reckons with."""
    return text.isascii() or _room(text) == cell_len(text)


def cut(text: str, width: int) -> str:
    """As much of it as fits into ``width`` columns, with ``…`` where something is missing."""
    if room(text) <= width:
        return text
    taken, end = 1, 0
    for _, after, columns in _clusters(text, width):
        if taken + columns > width:
            break
        taken, end = taken + columns, after
    return text[:end] + "…"


def rows(line: str, width: int) -> list[tuple[int, int]]:
    """Where the rows of a line begin and end that are ``width`` columns wide: broken after blanks, between
    ideographs, and where nothing else is left."""
    found: list[tuple[int, int]] = []
    start, taken, may = 0, 0, 0
    widths: list[Cluster] = []
    for begins, ends, columns in _clusters(line, width):
        blank = line[begins:ends].isspace()
        if taken + columns > width and not blank and begins > start:
            at = may if may > start else begins
            found.append((start, at))
            widths = [cluster for cluster in widths if cluster[0] >= at]
            start, taken = at, sum(cluster[2] for cluster in widths)
        widths.append((begins, ends, columns))
        taken += columns
        if blank or (columns == 2 and _parts(line[begins], line[ends : ends + 1])):
            may = ends
    return [*found, (start, len(line))]


def _parts(before: str, after: str) -> bool:
    """Whether a row may end between an ideograph and what follows."""
    closes = bool(after) and unicodedata.category(after) in _CLOSING
    return not closes and unicodedata.category(before) not in _OPENING


def _clusters(text: str, width: int) -> Iterator[Cluster]:
    """What must not be torn apart; by characters where it would fill more than a row."""
    for begins, ends, _ in split_graphemes(text)[0]:
        columns = room(text[begins:ends])
        if columns <= width:
            yield begins, ends, columns
        else:
            yield from ((place, place + 1, room(text[place])) for place in range(begins, ends))


@lru_cache(4096)
def _room(text: str) -> int:
    return sum(map(_most, text))


@lru_cache(4096)
def _most(character: str) -> int:
    if character in _SKINS:
        return 2
    if character in _FILLERS:
        return _FILLERS[character]
    columns = get_character_cell_size(character)
    return 1 if not columns and unicodedata.category(character) == "Mc" else columns
