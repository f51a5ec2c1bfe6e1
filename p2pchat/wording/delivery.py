"""How far a message to a room has come: a mark, and a sentence with the names of who waits for it.

Knows: the words. Does not know: where they are shown, or how wide they may be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from p2pchat.text import harmless_name
from p2pchat.wording.references import reached_words


def reached_mark(marks: Mapping[str, str], state: str, reached: int, of: int) -> str | None:
    """``✓ 7 of 9``, at last ``✓✓``; None where the state says all. ``marks``: by state."""
    if not of or state in ("expired", "cancelled"):
        return None
    if reached >= of:
        return marks["delivered"]
    return f"{marks['relayed']} {reached} of {of}" if reached else None


def reached_sentences(
    reached: int, of: int, lacking: Sequence[str], fits: Callable[[str], bool]
) -> tuple[str, ...]:
    """``delivered to 7 of 9 · not yet to lea and iva``, in two lines where one is too long, with as many
    names as fit, each of them whole. ``lacking``: who has not told to have it; none are named where their
    number is another."""
    begin = reached_words(reached, of)
    names = [harmless_name(name) for name in lacking] if len(lacking) == of - reached else []
    for lead in (f"{begin} · ", ""):
        for count in range(len(names), 0, -1):
            rest = f"not yet to {_listed(names, count)}"
            if fits(lead + rest) and (not lead or count == len(names)):
                return (lead + rest,) if lead else (begin, rest)
    return (begin,)


def _listed(names: Sequence[str], count: int) -> str:
    """The first names, and how many are left."""
    rest = len(names) - count
    told = [*names[:count], *([f"{rest} other{'s' * (rest != 1)}"] if rest else [])]
    return f"{', '.join(told[:-1])} and {told[-1]}" if len(told) > 1 else told[0]
