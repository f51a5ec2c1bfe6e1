"""The signs of a chat in lines, for terminals that show all of Unicode and for others.

Knows: the meaning of each sign, and what a locale tells of its terminal. Does not know: where signs are
shown.
"""

from __future__ import annotations

from collections.abc import Mapping

from p2pchat.data import dataclass
from p2pchat.wording.delivery import reached_mark
from p2pchat.wording.lines import MARKS


@dataclass(frozen=True, slots=True)
class Signs:
    """``marks`` by the state of a message; ``dots`` by the presence of a contact (None: not known)."""

    marks: Mapping[str, str]
    sending: str
    dots: Mapping[bool | None, str]
    rule: str
    own: str
    """Before a line of ours in a room."""
    mention: str
    """Before one that mentions us."""

    def mark_of(self, state: str, reached: int = 0, of: int = 0) -> str:
        """The sign for the state of a message; ``of`` so many members of a room, ``reached`` have it."""
        in_room = reached_mark(self.marks, state, reached, of)
        return in_room if in_room is not None else self.marks.get(state, self.sending)


UNICODE = Signs(MARKS, "…", {True: "●", False: "○", None: "?"}, "──", "▸", "▌")
ASCII = Signs(
    {"queued": ".", "relayed": "+", "delivered": "++", "expired": "x", "cancelled": "x"},
    "~",
    {True: "*", False: "-", None: "?"},
    "--",
    ">",
    "|",
)


def signs(environment: Mapping[str, str], encoding: str) -> Signs:
    """The signs that a terminal of this locale shows. ``encoding`` is that of the stream.

    Python writes UTF-8 under the locale C, too, and calls it C.UTF-8 then (PEP 538); the terminal does not.
    Without any locale, as in many containers, terminals speak UTF-8.
    """
    chosen = environment.get("LC_ALL") or environment.get("LC_CTYPE") or environment.get("LANG", "")
    if not environment.get("LC_ALL") and chosen == "C.UTF-8":
        chosen = environment.get("LANG") or chosen
    codeset = chosen.partition("@")[0].partition(".")[2].lower().replace("-", "")
    narrow = chosen in ("C", "POSIX") or (codeset not in ("", "utf8"))
    return ASCII if narrow or not encoding.lower().replace("-", "").startswith("utf") else UNICODE
