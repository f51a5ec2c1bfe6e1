"""What passes through the hands of who introduces two."""

from __future__ import annotations

import pytest

from p2pchat.core.introductions.mediations import LIVES_S, MEDIATIONS_MAX, Mediations, check_kept
from p2pchat.core.introductions.outputs import IntroductionSurroundings
from p2pchat.core.messaging.outputs import Routed
from p2pchat.core.values.effects import Notify
from p2pchat.core.values.introductions import IntroductionTurn, IntroductionTurned, MediationRecord
from p2pchat.core.values.records import Contact
from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.errors import Malformed
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import ContactId, Epoch, IntroductionId, MeshId
from p2pchat.wire.introductions import (
    IntroductionAgreed,
    IntroductionAnswer,
    IntroductionAsk,
    IntroductionEnd,
    IntroductionEnded,
    IntroductionKeys,
    IntroductionWelcome,
    IntroductionWord,
    encode_word,
)
from tests.support.homes import identity

MESH, NOW = MeshId(b"m" * 16), 1.9e9


def contact(name: str, mesh: MeshId = MESH, blocked: bool = False) -> Contact:
    return Contact(ContactId(name[0] * 64), name, name[0].encode() * 32, mesh, "words", 1.0, blocked=blocked)


BOB, CAROL, DAN, EVE, FAY = (
    contact("bob"),
    contact("carol"),
    contact("dan", MeshId(b"n" * 16)),
    contact("eve", blocked=True),
    contact("fay", MeshId(b"gone" * 4)),
)


class Friend:
    """Who introduces."""

    def __init__(self) -> None:
        self.said: list[tuple[ContactId, IntroductionWord]] = []
        contacts = {one.id: one for one in (BOB, CAROL, DAN, EVE, FAY)}
        around = IntroductionSurroundings(
            self,  # type: ignore[arg-type]
            contacts.get,
            self.tell,
            lambda mesh: mesh if mesh != FAY.mesh else None,
            identity,
            SeededEntropy(1),
        )
        self.mediations = Mediations([], around)
        self.told: list[IntroductionTurn] = []

    def tell(self, to: ContactId, word: IntroductionWord, now: float) -> list[Routed]:
        self.said.append((to, word))
        return []

    def note(self, out: list[Routed] | None) -> list[Routed]:
        for one in out or []:
            if isinstance(one, Notify) and isinstance(one.event, IntroductionTurned):
                self.told.append(one.event.turn)
        return out or []

    def introduce(self) -> IntroductionId:
        self.note(self.mediations.introduce_contacts(BOB.id, CAROL.id, NOW))
        return self.mediations.list_records()[-1].id

    def hear(self, who: Contact, word: IntroductionWord) -> list[tuple[ContactId, IntroductionWord]]:
        before = len(self.said)
        self.note(self.mediations.take_word(who.id, word, NOW))
        return self.said[before:]


def keys(id: IntroductionId, of: bytes = b"b") -> IntroductionKeys:
    return IntroductionKeys(id, of * 32, b"o" * 32, bytes(1184), Epoch(1))


def answer(id: IntroductionId) -> IntroductionAnswer:
    return IntroductionAnswer(id, b"c" * 32, bytes(1088), b"\0hello")


def test_both_are_asked_and_get_one_seed_and_the_other_s_name() -> None:
    friend = Friend()
    id = friend.introduce()
    (to_bob, first), (to_carol, second) = friend.said
    assert isinstance(first, IntroductionAsk) and isinstance(second, IntroductionAsk)
    assert (to_bob, first.host, first.name) == (BOB.id, True, "carol")
    assert (to_carol, second.host, second.name) == (CAROL.id, False, "bob")
    assert first.id == second.id == id and first.seed == second.seed


@pytest.mark.parametrize("first", ["host", "guest"])
def test_neither_gets_the_other_s_keys_before_both_have_agreed(first: str) -> None:
    friend = Friend()
    id = friend.introduce()
    words: list[tuple[Contact, IntroductionWord]] = [(BOB, keys(id)), (CAROL, IntroductionAgreed(id))]
    (early, one), (late, other) = words if first == "host" else words[::-1]
    assert friend.hear(early, one) == []
    assert friend.hear(late, other) == [(CAROL.id, keys(id))]
    assert friend.hear(CAROL, answer(id)) == [(BOB.id, answer(id))]
    welcome = IntroductionWelcome(id, b"\1welcome")
    assert friend.hear(BOB, welcome) == [(CAROL.id, welcome)]
    assert not friend.mediations.list_records() and not friend.mediations.has_party(BOB.id, id)
    assert friend.told == [IntroductionTurn.MADE, *2 * [IntroductionTurn.AGREED], IntroductionTurn.COMPLETED]


def test_a_word_passes_once_and_in_its_turn() -> None:
    friend = Friend()
    id = friend.introduce()
    for who, word in (
        (CAROL, answer(id)),
        (CAROL, keys(id, b"c")),
        (BOB, IntroductionWelcome(id, b"\1welcome")),
        (BOB, IntroductionAgreed(id)),
        (BOB, IntroductionAsk(id, NOW, True, bytes(32), "carol")),
    ):
        assert friend.hear(who, word) == []
    friend.hear(BOB, keys(id))
    friend.hear(CAROL, IntroductionAgreed(id))
    assert friend.hear(BOB, keys(id, b"x")) == friend.hear(CAROL, IntroductionAgreed(id)) == []
    assert friend.hear(CAROL, answer(id)) != []
    assert friend.hear(CAROL, answer(id)) == friend.hear(BOB, keys(id)) == []


@pytest.mark.parametrize(
    ("end", "turn"),
    [
        (IntroductionEnd.DECLINED, IntroductionTurn.DECLINED),
        (IntroductionEnd.WITHDRAWN, IntroductionTurn.DECLINED),
        (IntroductionEnd.FULL, IntroductionTurn.FULL),
        (IntroductionEnd.VOID, IntroductionTurn.VOID),
        (IntroductionEnd.FAILED, IntroductionTurn.FAILED),
    ],
)
def test_what_one_ends_is_over_for_both(end: IntroductionEnd, turn: IntroductionTurn) -> None:
    for who, other in ((BOB, CAROL), (CAROL, BOB)):
        friend = Friend()
        ended = IntroductionEnded(friend.introduce(), end)
        assert friend.hear(who, ended) == [(other.id, ended)]
        assert friend.told[-1] is turn and not friend.mediations.list_records()


def test_it_is_too_late_to_take_back_what_was_answered() -> None:
    friend = Friend()
    id = friend.introduce()
    for who, word in ((BOB, keys(id)), (CAROL, IntroductionAgreed(id)), (CAROL, answer(id))):
        friend.hear(who, word)
    assert friend.mediations.withdraw_mediation(id, NOW) == [Rejected(Reason.KEYS_EXCHANGED)]


def test_two_weeks_later_both_are_told_that_it_is_over() -> None:
    friend = Friend()
    id = friend.introduce()
    assert friend.mediations.next_wakeup() == NOW + LIVES_S
    friend.note(friend.mediations.tick(NOW + LIVES_S))
    over = IntroductionEnded(id, IntroductionEnd.WITHDRAWN)
    assert friend.said[2:] == [(BOB.id, over), (CAROL.id, over)]
    assert friend.told[-1] is IntroductionTurn.EXPIRED


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        (BOB, BOB, Reason.SAME_PERSON),
        (BOB, EVE, Reason.CONTACT_BLOCKED),
        (BOB, DAN, Reason.IN_TWO_MESHES),
        (FAY, FAY, Reason.SAME_PERSON),
        (BOB, FAY, Reason.IN_TWO_MESHES),
        (BOB, contact("zoe"), Reason.NO_SUCH_CONTACT),
    ],
)
def test_what_cannot_be_is_refused(one: Contact, other: Contact, reason: Reason) -> None:
    friend = Friend()
    assert (
        friend.mediations.introduce_contacts(one.id, other.id, NOW) == [Rejected(reason)] and not friend.said
    )


def test_a_home_introduces_so_many_at_once() -> None:
    friend = Friend()
    for number in range(MEDIATIONS_MAX):
        id = IntroductionId(number.to_bytes(16, "big"))
        friend.mediations._records[id] = MediationRecord(id, ContactId("x"), ContactId(str(number)), NOW)
    assert friend.mediations.introduce_contacts(BOB.id, CAROL.id, NOW) == [
        Rejected(Reason.INTRODUCTIONS_FULL)
    ]


def test_what_was_kept_and_is_damaged_is_not_gone_on_with() -> None:
    id = IntroductionId(bytes(16))
    check_kept(MediationRecord(id, BOB.id, CAROL.id, NOW, keys=encode_word(keys(id))))
    with pytest.raises(Malformed):
        check_kept(MediationRecord(id, BOB.id, CAROL.id, NOW, keys=encode_word(IntroductionAgreed(id))))
