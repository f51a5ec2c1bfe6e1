"""What others may say to a home that is asked, whatever it is: little is kept, and nothing raises."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from p2pchat.core.introductions.bounds import (
    LIVES_S,
    OPEN_OF_FRIEND,
    OPEN_OF_ROOM,
    QUIET_S,
    REPEAT_S,
    REPLACE_S,
)
from p2pchat.core.introductions.ledger import IntroductionLedger
from p2pchat.core.introductions.outputs import IntroductionOutput, IntroductionSurroundings, NewContact
from p2pchat.core.introductions.parties import Parties
from p2pchat.core.messaging.outputs import Routed
from p2pchat.core.values.effects import Notify, Persist
from p2pchat.core.values.introductions import (
    IntroductionTurn,
    IntroductionTurned,
    MemberOf,
    MemberPerson,
    Source,
    Stage,
)
from p2pchat.core.values.records import Contact
from p2pchat.crypto.identity import fingerprint
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import ContactId, ConversationId, Epoch, IntroductionId, MemberId, MeshId
from p2pchat.wire.introductions import (
    IntroductionAgreed,
    IntroductionAnswer,
    IntroductionAsk,
    IntroductionEnd,
    IntroductionEnded,
    IntroductionKeys,
    IntroductionWelcome,
    IntroductionWord,
)
from tests.support.homes import identity

ROOM, MESH, NOW = ConversationId("#" + "0" * 64), MeshId(b"m" * 16), 1.9e9
ME = identity()
FRIEND = Contact(ContactId("f" * 64), "ivo", b"f" * 32, MESH, "words", 1.0)
BLOCKED = Contact(fingerprint(b"b" * 32), "bea", b"b" * 32, MESH, "words", 1.0, blocked=True)


def member(number: int) -> MemberOf:
    return MemberOf(ROOM, MemberId(bytes([number]) * 32))


def ask(number: int, host: bool = True, name: str = "") -> IntroductionAsk:
    return IntroductionAsk(IntroductionId(number.to_bytes(16, "big")), NOW, host, b"s" * 32, name)


class Home:
    """A home with one friend, one blocked contact, and a room in which everybody is below number 200."""

    def __init__(self) -> None:
        self.said: list[tuple[Source, IntroductionWord]] = []
        self.known: dict[MemberId, ContactId] = {}
        contacts = {one.id: one for one in (FRIEND, BLOCKED)}
        around = IntroductionSurroundings(
            self, contacts.get, self.tell_contact, lambda mesh: mesh, lambda: ME, SeededEntropy(1)
        )
        self.ledger = IntroductionLedger([], around)
        self.parties = Parties(self.ledger)
        self.ledger.repeats.note_links(True, NOW)
        self.kept = 0
        self.told: list[IntroductionTurn] = []

    def describe_member(self, source: MemberOf) -> MemberPerson | None:
        number = source.member[0]
        own = MemberId(b"\x64" * 32)
        known = self.known.get(source.member)
        return MemberPerson(f"member {number}", own, "walkers", "ana", MESH, known) if number < 200 else None

    def tell_member(self, source: MemberOf, word: IntroductionWord, now: float) -> list[Routed]:
        self.said.append((source, word))
        return []

    def tell_contact(self, contact: ContactId, word: IntroductionWord, now: float) -> list[Routed]:
        self.said.append((contact, word))
        return []

    def hear(self, source: Source, word: IntroductionWord, now: float = NOW) -> list[IntroductionOutput]:
        return self.note(self.parties.take_word(source, word, now))

    def note(self, outputs: Iterable[IntroductionOutput]) -> list[IntroductionOutput]:
        listed = list(outputs)
        self.kept += sum(isinstance(one, Persist) for one in listed)
        events = [one.event for one in listed if isinstance(one, Notify)]
        self.told += [event.turn for event in events if isinstance(event, IntroductionTurned)]
        return listed


def test_a_member_who_asks_thousands_of_times_is_one_question_and_few_writes() -> None:
    home = Home()
    for number in range(5000):
        home.hear(member(1), ask(number), NOW + number * 0.1)
    assert home.told == [IntroductionTurn.REQUESTED] and len(home.ledger.list_open()) == 1
    assert home.kept <= 1 + 2 * (500 // REPLACE_S + 1) and not home.said


def ask_and_withdraw(home: Home, source: Source, number: int, now: float, name: str = "") -> None:
    home.hear(source, ask(number, name=name), now)
    home.hear(source, IntroductionEnded(ask(number).id, IntroductionEnd.WITHDRAWN), now + 0.05)


def test_who_asks_and_takes_back_thousands_of_times_is_one_question_and_few_writes() -> None:
    for source, name in ((member(1), ""), (FRIEND.id, "cleo")):
        home = Home()
        for number in range(5000):
            ask_and_withdraw(home, source, number, NOW + number * 0.1, name)
        assert home.told == [IntroductionTurn.REQUESTED, IntroductionTurn.WITHDRAWN]
        assert home.kept <= 2 + 3 * (500 // REPLACE_S + 1) and len(home.ledger.list_records()) == 1


def test_a_question_asked_again_is_listed_and_after_a_day_it_is_shown_again() -> None:
    home = Home()
    ask_and_withdraw(home, member(1), 1, NOW)
    home.hear(member(1), ask(2), NOW + REPLACE_S + 1)
    assert [record.id for record in home.ledger.list_open()] == [ask(2).id]
    home.hear(member(1), IntroductionEnded(ask(2).id, IntroductionEnd.WITHDRAWN), NOW + 100)
    home.note(home.parties.tick(NOW + 100 + QUIET_S))
    assert home.ledger.list_records() == []
    home.hear(member(1), ask(3), NOW + 101 + QUIET_S)
    assert home.told.count(IntroductionTurn.REQUESTED) == 2


def test_a_friend_who_takes_back_one_name_after_another_is_soon_full() -> None:
    home = Home()
    for number in range(1000):
        ask_and_withdraw(home, FRIEND.id, number, NOW + number, f"cleo {number}")
    assert home.told.count(IntroductionTurn.REQUESTED) == OPEN_OF_FRIEND
    assert home.kept == 2 * OPEN_OF_FRIEND
    assert home.said[0] == (FRIEND.id, IntroductionEnded(ask(OPEN_OF_FRIEND).id, IntroductionEnd.FULL))


def test_who_is_declined_after_it_took_its_question_back_is_not_heard_for_two_weeks() -> None:
    home = Home()
    ask_and_withdraw(home, member(1), 1, NOW)
    home.note(home.parties.answer_request(ask(1).id, accept=False, now=NOW + 1))
    assert home.told[-1] is IntroductionTurn.DECLINED
    home.hear(member(1), ask(2), NOW + LIVES_S - 1)
    assert home.said == [(member(1), IntroductionEnded(ask(2).id, IntroductionEnd.DECLINED))]
    assert home.told.count(IntroductionTurn.REQUESTED) == 1 and home.ledger.list_open() == []


def test_an_introduced_person_has_no_room_s_name() -> None:
    home = Home()
    home.hear(FRIEND.id, ask(1, name="#friends"))
    assert [record.name for record in home.ledger.list_open()] == ["friends"]


def test_a_room_full_of_askers_fills_no_home() -> None:
    home = Home()
    for number in range(199):
        home.hear(member(number), ask(number))
    assert len(home.ledger.list_open()) == OPEN_OF_ROOM
    home.hear(FRIEND.id, ask(1000, name="cleo"))
    assert len(home.ledger.list_open()) == OPEN_OF_ROOM + 1


def test_a_friend_has_few_questions_open_and_is_told() -> None:
    home = Home()
    for number in range(OPEN_OF_FRIEND + 2):
        home.hear(FRIEND.id, ask(number, name="cleo"))
    assert len(home.ledger.list_open()) == OPEN_OF_FRIEND
    full = [word for way, word in home.said if way == FRIEND.id]
    assert full == [IntroductionEnded(ask(OPEN_OF_FRIEND + at).id, IntroductionEnd.FULL) for at in range(2)]


def test_a_declined_member_costs_one_answer_now_and_then() -> None:
    home = Home()
    home.hear(member(1), ask(1))
    home.note(home.parties.answer_request(ask(1).id, accept=False, now=NOW))
    kept = home.kept
    for number in range(1000):
        home.hear(member(1), ask(2 + number), NOW + 1 + number * 0.1)
    assert home.kept == kept and home.told.count(IntroductionTurn.REQUESTED) == 1
    assert 2 <= len(home.said) <= 3 + 100 // REPEAT_S
    assert all(word.end is IntroductionEnd.DECLINED for _, word in home.said)  # type: ignore[union-attr]
    home.note(home.parties.tick(NOW + LIVES_S + 1))
    home.hear(member(1), ask(5000), NOW + LIVES_S + 2)
    assert home.told.count(IntroductionTurn.REQUESTED) == 2


def test_no_member_speaks_for_another_or_for_a_friend() -> None:
    home = Home()
    home.hear(member(1), ask(1))
    home.note(home.parties.answer_request(ask(1).id, accept=True, now=NOW))
    for source in (member(2), FRIEND.id):
        home.hear(source, IntroductionEnded(ask(1).id, IntroductionEnd.WITHDRAWN))
        home.hear(source, ask(1, name="" if source != FRIEND.id else "cleo"))
        home.hear(source, IntroductionAnswer(ask(1).id, b"k" * 32, bytes(1088), b"\0hello"))
    (record,) = home.ledger.list_open()
    assert record.source == member(1) and record.stage is Stage.KEYS_SENT


def test_who_is_out_of_the_room_or_blocked_or_claims_an_office_is_not_heard() -> None:
    home = Home()
    home.hear(member(201), ask(1))
    home.hear(member(1), ask(2, host=False))
    home.known[member(3).member] = BLOCKED.id
    home.hear(member(3), ask(3))
    home.hear(FRIEND.id, ask(4))
    assert home.ledger.list_open() == [] and not home.said and not home.kept


def test_a_blocked_contact_s_keys_end_it() -> None:
    home = Home()
    home.note(home.parties.request_contact(member(1), NOW))
    asked = home.said[0][1]
    keys = IntroductionKeys(asked.id, b"b" * 32, b"o" * 32, bytes(1184), Epoch(87_962))
    home.hear(member(1), keys)
    assert home.ledger.list_open() == [] and home.told[-1] is IntroductionTurn.VOID
    home.hear(member(2), ask(9))
    home.note(home.parties.answer_request(ask(9).id, accept=True, now=NOW))
    home.hear(member(2), IntroductionAnswer(ask(9).id, b"b" * 32, bytes(1088), b"\0hello"))
    assert home.ledger.list_open() == []


def test_what_does_not_fit_ends_it_and_makes_no_contact() -> None:
    home = Home()
    home.hear(member(2), ask(9))
    home.note(home.parties.answer_request(ask(9).id, accept=True, now=NOW))
    out = home.hear(member(2), IntroductionAnswer(ask(9).id, b"k" * 32, bytes(1088), b"\0hello"))
    assert home.told[-1] is IntroductionTurn.FAILED and not any(isinstance(one, NewContact) for one in out)


def test_who_waits_for_what_is_not_here_is_told_now_and_then() -> None:
    home = Home()
    for _ in range(100):
        home.hear(member(1), IntroductionAnswer(ask(1).id, b"k" * 32, bytes(1088), b"\0hello"))
    assert home.said == [(member(1), IntroductionEnded(ask(1).id, IntroductionEnd.VOID))]


IDS = st.sampled_from([ask(number).id for number in range(4)])
KEY = st.sampled_from([b"k" * 32, b"b" * 32, ME.identity_key])
WORDS: st.SearchStrategy[IntroductionWord] = st.one_of(
    st.builds(
        IntroductionAsk, IDS, st.just(NOW), st.booleans(), st.just(b"s" * 32), st.sampled_from(["", "eve"])
    ),
    st.builds(IntroductionAgreed, IDS),
    st.builds(IntroductionKeys, IDS, KEY, KEY, st.just(bytes(1184)), st.just(Epoch(87_962))),
    st.builds(IntroductionAnswer, IDS, KEY, st.just(bytes(1088)), st.binary(max_size=40)),
    st.builds(IntroductionWelcome, IDS, st.binary(max_size=40)),
    st.builds(IntroductionEnded, IDS, st.sampled_from(IntroductionEnd)),
)
WAYS: st.SearchStrategy[Source] = st.sampled_from([member(1), member(2), member(150), member(201), FRIEND.id])


@given(st.lists(st.tuples(WAYS, WORDS) | st.tuples(IDS, st.booleans()) | st.just(member(150)), max_size=25))
def test_whatever_is_said_in_whatever_order_nothing_raises(said: list[object]) -> None:
    home, now = Home(), NOW
    for one in said:
        now += 100.0
        match one:
            case MemberOf():
                home.note(home.parties.request_contact(one, now))
            case (bytes() as id, bool() as accept):
                home.note(home.parties.answer_request(IntroductionId(id), accept, now))
            case (str() | MemberOf() as source, word):
                out = home.hear(source, word, now)  # type: ignore[arg-type]
                assert not any(isinstance(each, NewContact) for each in out)
        home.note(home.parties.tick(now))
    assert len(home.ledger.list_open()) <= 8
