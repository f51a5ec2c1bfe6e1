"""What an introduction wants done, and what it needs to know of the rest of the node.

Knows: the names. Does not know: how any of it is done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from p2pchat.core.introductions.kept import encode_record
from p2pchat.core.messaging.outputs import Routed
from p2pchat.core.values.effects import Notify, Persist
from p2pchat.core.values.introductions import (
    DropIntroduction,
    IntroductionRecord,
    IntroductionTurn,
    IntroductionTurned,
    MediationRecord,
    MemberOf,
    MemberPerson,
    PutIntroduction,
    Source,
)
from p2pchat.core.values.paired import Paired
from p2pchat.core.values.records import Contact, Identity
from p2pchat.data import dataclass
from p2pchat.ports import Entropy
from p2pchat.types import ContactId, IntroductionId, MeshId
from p2pchat.wire.introductions import IntroductionEnd, IntroductionWord

TURNS: Final = {
    IntroductionEnd.DECLINED: IntroductionTurn.DECLINED,
    IntroductionEnd.WITHDRAWN: IntroductionTurn.WITHDRAWN,
    IntroductionEnd.VOID: IntroductionTurn.VOID,
    IntroductionEnd.FULL: IntroductionTurn.FULL,
    IntroductionEnd.FAILED: IntroductionTurn.FAILED,
}
"""What people are told of an end that the other has said."""


@dataclass(frozen=True, slots=True)
class NewContact:
    """The two are contacts: keep the other, and then say so."""

    paired: Paired
    mesh: MeshId
    introduction: IntroductionRecord


IntroductionOutput = Routed | NewContact


class KnowsMembers(Protocol):
    """The rooms of a home, as far as introductions need them."""

    def describe_member(self, source: MemberOf) -> MemberPerson | None: ...

    def tell_member(self, source: MemberOf, word: IntroductionWord, now: float) -> list[Routed]: ...


@dataclass(frozen=True, slots=True)
class IntroductionSurroundings:
    """What introductions share with the rest of the node."""

    members: KnowsMembers
    find_contact: Callable[[ContactId], Contact | None]
    tell_contact: Callable[[ContactId, IntroductionWord, float], list[Routed]]
    find_mesh: Callable[[MeshId], MeshId | None]
    """The last of the meshes that have followed one another; None: we are in none of them."""
    identity: Callable[[], Identity]
    entropy: Entropy

    def tell_word(self, source: Source, word: IntroductionWord, now: float) -> list[Routed]:
        """Say a word. In a room it may be lost; a contact gets it for sure, unless it is blocked."""
        if isinstance(source, MemberOf):
            return self.members.tell_member(source, word, now)
        contact = self.find_contact(source)
        return [] if contact is None or contact.blocked else self.tell_contact(source, word, now)


def keep(record: IntroductionRecord | MediationRecord) -> Persist:
    """Keep it as it is now."""
    return Persist(PutIntroduction(record.id, encode_record(record)))


def drop(id: IntroductionId) -> Persist:
    """Forget it."""
    return Persist(DropIntroduction(id))


def notify(
    record: IntroductionRecord | MediationRecord, turn: IntroductionTurn, contact: ContactId | None = None
) -> Notify:
    """Tell people."""
    return Notify(IntroductionTurned(record, turn, contact))
