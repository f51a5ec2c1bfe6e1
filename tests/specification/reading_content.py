"""What two people say, read by section 8.2 of the protocol and by "Payloads" of its encodings alone.

As ``reading``, with no line of p2pchat.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.specification.reading import Map, derive, hashed, read_map, require

TEXT, REACTION, CORRECTION, WITHDRAWAL = 1, 32, 33, 34
REFERENCES = REACTION, CORRECTION, WITHDRAWAL
_LABEL = b"p2pchat identity"

Said = tuple[str, bytes]
"""The fingerprint of the author, and the payload."""


def fingerprint(identity: bytes) -> str:
    return hashed(_LABEL + identity).hex()


def name(author: str, id: bytes) -> str:
    return derive(_LABEL, "received", author.encode(), id.hex().encode(), size=16).hex()


def shown(said: Sequence[Said]) -> dict[str, Map]:
    """Each line by its name, as it is after all that was said, in whatever order."""
    read = [(author, _checked(read_map(payload))) for author, payload in said]
    lines = {name(who, it["id"]): _line(who, it) for who, it in read if it["t"] not in REFERENCES}
    for author, it in sorted(read, key=_order):
        target = it["re"].hex() if it["t"] == REACTION else name(author, it.get("of", b""))
        if it["t"] in REFERENCES and target in lines:
            _refer(lines[target], author, it)
    return lines


def _checked(it: Map) -> Map:
    require(len(it["id"]) == 16 and 0 <= it["at"] <= 253402300799)
    require(it["t"] == TEXT or it["t"] in range(32, 64))
    if it["t"] in (REACTION, CORRECTION):
        require(1 <= it["turn"] < 2**32 and len(it.get("sign", "").encode()) <= 64)
    require(len(it.get("who", b"")) in range(0, 51 * 32, 32))
    return it


def _order(said: tuple[str, Map]) -> tuple[Any, ...]:
    author, it = said
    return it["t"], it.get("turn", 0), name(author, it["id"])


def _line(author: str, it: Map) -> Map:
    return {
        "author": author,
        "text": it.get("text", ""),
        "answers": it["re"].hex() if "re" in it else None,
        "unknown": 0 if it["t"] == TEXT else it["t"],
        "corrected": False,
        "withdrawn": False,
        "reactions": {},
    }


def _refer(line: Map, author: str, it: Map) -> None:
    """Called in ascending order, so the last one counts."""
    if it["t"] == REACTION:
        line["reactions"][author] = it["sign"]
    elif it["t"] == CORRECTION:
        line.update(text=it["text"], corrected=True)
    else:
        line.update(text="", corrected=False, withdrawn=True, reactions={})
