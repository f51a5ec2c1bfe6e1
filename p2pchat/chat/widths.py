"""The number of columns that a text takes on different terminals.

Knows: where terminals differ. Does not know: which of them this is.

Terminals agree on letters, ideographs and single emoji. An emoji of several parts, or with a skin tone, takes
two columns on some terminals and the sum of its parts on others. Letters with a separate vowel, as in Hindi,
Tamil or Burmese, differ as well. A program cannot ask the terminal. So the layout leaves room for the widest,
and ``drawing`` makes each part end in its column on all terminals.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from rich.cells import cell_len, get_character_cell_size, split_graphemes

_SKINS: Final = frozenset(map(chr, range(0x1F3FB, 0x1F400)))
_FILLERS: Final = {"\u3164": 2, "\uffa0": 1}
"""Invisible letters of Hangul: some terminals give them no width, others that of a letter."""

_LOOK: Final = "\ufe0f"
"""Makes a sign an emoji, which widens it from one column to two on some terminals."""

_CLOSING: Final = frozenset(("Pe", "Pf", "Po", "Lm"))
_OPENING: Final = frozenset(("Ps", "Pi"))
"""Categories of punctuation: no row of ideographs begins with a closing mark, or ends with an opening one."""

Cluster = tuple[int, int, int]
"""The begin, end and columns of each group of characters that belong together."""


def drawable(text: str) -> str:
    """The text without the characters that make narrow signs wide on some terminals."""
    return text.replace(_LOOK, "")


def count_columns(text: str) -> int:
    """The columns of the text on the terminal that draws it widest."""
    return len(text) if text.isascii() else _columns(text)


def certain(text: str) -> bool:
    """Whether all terminals draw it in as many columns as Textual assumes."""
    return text.isascii() or _columns(text) == cell_len(text)


def cut(text: str, width: int) -> str:
    """The text cut to ``width`` columns, with ``…`` where characters are missing."""
    if count_columns(text) <= width:
        return text
    taken, end = 1, 0
    for _, after, columns in _clusters(text, width):
        if taken + columns > width:
            break
        taken, end = taken + columns, after
    return text[:end] + "…"


def rows(line: str, width: int) -> list[tuple[int, int]]:
    """The begin and end of each row of ``width`` columns: a line breaks after blanks, between ideographs, and
    elsewhere only if necessary."""
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
    """The parts of a line that must not be broken; a part wider than a row is broken between characters."""
    for begins, ends, _ in split_graphemes(text)[0]:
        columns = count_columns(text[begins:ends])
        if columns <= width:
            yield begins, ends, columns
        else:
            yield from ((place, place + 1, count_columns(text[place])) for place in range(begins, ends))


@lru_cache(4096)
def _columns(text: str) -> int:
    return sum(map(_most, text))


@lru_cache(4096)
def _most(character: str) -> int:
    if character in _SKINS:
        return 2
    if character in _FILLERS:
        return _FILLERS[character]
    columns = get_character_cell_size(character)
    return 1 if not columns and unicodedata.category(character) == "Mc" else columns
