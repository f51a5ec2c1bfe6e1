"""What a node answers and tells of introductions, as declared values.

Knows: every field that scripts rely on. Does not know: where the values come from.
"""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, UnsetType

from p2pchat.control.values import Value


class IntroductionInfo(Value, frozen=True, kw_only=True):
    """One introduction that is not over."""

    name: str
    """Whom we may get to know: as it is typed; of two contacts whom we introduce, the first."""
    id: str
    state: Literal["requested", "waiting", "introducing"]
    """``requested``: our answer is awaited; ``waiting``: we have asked, or agreed; ``introducing``: we have
    asked two contacts."""
    room: str | None
    """The ``#room`` in which we both are; None: a contact introduces us, or we two contacts."""
    by: str | None
    """Who has brought the other into the room, or the contact who introduces us; None: no other has."""
    other: str | None = None
    """The second of two contacts whom we introduce."""
    agreed: list[str]
    """Which of the two contacts has agreed."""
    since: str


class IntroductionEvent(Value, frozen=True, kw_only=True, tag="introduction", tag_field="type"):
    """Something became of an introduction."""

    name: str
    """As in the list."""
    change: str
    """docs/scripting.md explains each."""
    room: str | UnsetType = UNSET
    by: str | UnsetType = UNSET
    other: str | UnsetType = UNSET
    contact: str | UnsetType = UNSET
    """Who is a contact now; or which of two contacts has agreed, or declined."""
