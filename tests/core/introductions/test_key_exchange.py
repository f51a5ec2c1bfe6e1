"""From agreement to a contact, at both ends, word by word."""

from __future__ import annotations

from dataclasses import replace

from p2pchat.core.introductions.key_exchange import KeyExchange
from p2pchat.core.introductions.ledger import IntroductionLedger
from p2pchat.core.introductions.outputs import IntroductionOutput, IntroductionSurroundings, NewContact
from p2pchat.core.messaging.outputs import Routed
from p2pchat.core.values.effects import Notify
from p2pchat.core.values.introductions import (
    IntroductionRecord,
    IntroductionTurn,
    IntroductionTurned,
    MemberOf,
    MemberPerson,
    Stage,
)
from p2pchat.core.values.records import Contact, Identity
from p2pchat.crypto.identity import fingerprint
from p2pchat.crypto.olm import create_account
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import ContactId, ConversationId, IntroductionId, MemberId, MeshId
from p2pchat.wire.introductions import (
    IntroductionAnswer,
    IntroductionKeys,
    IntroductionWelcome,
    IntroductionWord,
)

ID, ROOM, MESH, NOW = IntroductionId(b"i" * 16), ConversationId("#" + "0" * 64), MeshId(b"m" * 16), 1.9e9
MEMBERS = {"ann": MemberId(b"a" * 32), "ben": MemberId(b"b" * 32)}
FRIEND = Contact(ContactId("f" * 64), "ivo", b"f" * 32, MESH, "words", 1.0)


class End:
    """One of two who have agreed; ``said`` is its last word."""

    def __init__(self, name: str, other: str, by_friend: bool = False) -> None:
        key = SeededEntropy(name).draw_bytes(32)
        account = create_account(key)
        self.identity = Identity(name, account.pickle(), key, account.identity_key, (), NOW)
        self.name, self.is_in, self.said = name, True, list[IntroductionWord]()
        self.known = {FRIEND.id: FRIEND}
        around = IntroductionSurroundings(
            self,
            self.known.get,
            self.tell_contact,
            lambda mesh: mesh,
            lambda: self.identity,
            SeededEntropy(name),
        )
        self.ledger = IntroductionLedger([], around)
        self.exchange = KeyExchange(self.ledger)
        source = FRIEND.id if by_friend else MemberOf(ROOM, MEMBERS[other])
        host = name == "ann"
        self.record = IntroductionRecord(ID, source, other, NOW, Stage.OPEN, host, b"s" * 32)
        self.results: list[IntroductionOutput] = self.exchange.agree_to(self.record, NOW)

    def describe_member(self, source: MemberOf) -> MemberPerson | None:
        own = MEMBERS[self.name]
        return MemberPerson("x", own, "walkers", "ana", MESH, None) if self.is_in else None

    def tell_member(self, source: MemberOf, word: IntroductionWord, now: float) -> list[Routed]:
        self.said.append(word)
        return []

    def tell_contact(self, contact: ContactId, word: IntroductionWord, now: float) -> list[Routed]:
        self.said.append(word)
        return []

    @property
    def kept(self) -> IntroductionRecord:
        found = self.ledger.find_record(ID)
        assert found is not None
        return found

    def hear(self, word: IntroductionWord) -> None:
        match word:
            case IntroductionKeys():
                self.results = self.exchange.take_keys(self.kept, word, NOW)
            case IntroductionAnswer():
                self.results = self.exchange.take_answer(self.kept, word, NOW)
            case IntroductionWelcome():
                self.results = self.exchange.take_welcome(self.kept, word, NOW)

    @property
    def contacts(self) -> list[NewContact]:
        return [one for one in self.results if isinstance(one, NewContact)]

    @property
    def turns(self) -> list[IntroductionTurn]:
        events = [one.event for one in self.results if isinstance(one, Notify)]
        return [event.turn for event in events if isinstance(event, IntroductionTurned)]


def test_two_members_end_with_one_contact_each() -> None:
    host, guest = End("ann", "ben"), End("ben", "ann")
    guest.hear(host.said[-1])
    host.hear(guest.said[-1])
    guest.hear(host.said[-1])
    (at_host,), (at_guest,) = host.contacts, guest.contacts
    assert at_host.paired.identity_key == guest.identity.identity_key
    assert at_guest.paired.identity_key == host.identity.identity_key
    paired = at_host.paired
    assert (paired.how, paired.through_room, paired.introduced_by) == ("room", "walkers", "ana")
    assert host.kept.stage is Stage.COMPLETE and not host.kept.secrets and not host.kept.keys
    assert guest.ledger.list_records() == []


def test_by_a_friend_nothing_is_remembered() -> None:
    host, guest = End("ann", "ben", by_friend=True), End("ben", "ann", by_friend=True)
    guest.hear(host.said[-1])
    host.hear(guest.said[-1])
    guest.hear(host.said[-1])
    assert host.ledger.list_records() == guest.ledger.list_records() == []
    paired = guest.contacts[0].paired
    assert (paired.how, paired.through_room, paired.introduced_by) == ("friend", "", "ivo")


def test_nothing_comes_of_it_where_one_is_out_meanwhile() -> None:
    for steps in range(3):
        host, guest = End("ann", "ben"), End("ben", "ann")
        for one, other in ((guest, host), (host, guest), (guest, host))[:steps]:
            one.hear(other.said[-1])
        one, other = (guest, host) if steps != 1 else (host, guest)
        one.is_in = False
        one.hear(other.said[-1])
        assert not one.contacts and one.turns == [IntroductionTurn.VOID]


def test_a_record_that_was_damaged_ends_it() -> None:
    host, guest = End("ann", "ben"), End("ben", "ann")
    guest.hear(host.said[-1])
    damaged = replace(host.kept, keys=b"", secrets=b"ruined")
    results = host.exchange.take_answer(damaged, guest.said[-1], NOW)  # type: ignore[arg-type]
    assert not any(isinstance(one, NewContact) for one in results) and host.ledger.list_records() == []


def crossing(first: bytes, second: bytes) -> tuple[End, End]:
    """Two introductions of the same two: in the first ann is the host, by a friend; in the second ben is."""
    ann, ben = End("ann", "ben", by_friend=True), End("ben", "ann", by_friend=True)
    for end, host in ((ann, False), (ben, True)):
        for record in end.ledger.list_records():
            end.ledger.forget_record(record)
        for id, is_host in ((first, not host), (second, host)):
            other = IntroductionRecord(
                IntroductionId(id),
                MemberOf(ROOM, MEMBERS["ann" if end is ben else "ben"]),
                "x",
                NOW,
                Stage.OPEN,
                is_host,
                b"s" * 32,
            )
            end.exchange.agree_to(other, NOW)
    return ann, ben


def test_of_two_that_cross_the_lower_id_counts_at_both_ends() -> None:
    for ids in ((b"1" * 16, b"2" * 16), (b"2" * 16, b"1" * 16)):
        ann, ben = crossing(*ids)
        kept = {end: {r.id: r for r in end.ledger.list_records()} for end in (ann, ben)}
        keys = {
            end: next(word for word in end.said if isinstance(word, IntroductionKeys) and word.id in ids)
            for end in (ann, ben)
        }
        for end, other in ((ann, ben), (ben, ann)):
            end.exchange.take_keys(kept[end][keys[other].id], keys[other], NOW)
        answers = {end: end.said[-1] for end in (ann, ben)}
        met = []
        for end, other in ((ann, ben), (ben, ann)):
            word = answers[other]
            assert isinstance(word, IntroductionAnswer)
            record = end.ledger.find_record(word.id)
            assert record is not None
            results = end.exchange.take_answer(record, word, NOW)
            met += [word.id for one in results if isinstance(one, NewContact)]
        assert met == [min(ids)]
        for end in (ann, ben):
            assert max(ids) not in {record.id for record in end.ledger.list_records()}


def test_a_guest_that_awaits_a_welcome_answers_no_other_keys_of_the_same_person() -> None:
    host, guest = End("ann", "ben", by_friend=True), End("ben", "ann", by_friend=True)
    guest.hear(host.said[-1])
    other = replace(host.record, id=IntroductionId(b"j" * 16))
    host.exchange.agree_to(other, NOW)
    keys = host.said[-1]
    assert isinstance(keys, IntroductionKeys)
    guest.exchange.agree_to(replace(guest.record, id=other.id), NOW)
    waiting = guest.ledger.find_record(other.id)
    assert waiting is not None
    guest.exchange.take_keys(waiting, keys, NOW)
    assert guest.ledger.find_record(other.id) is None and guest.kept.stage is Stage.ANSWERED


def test_who_was_blocked_before_its_welcome_came_is_no_contact() -> None:
    for by_friend in (False, True):
        host, guest = End("ann", "ben", by_friend), End("ben", "ann", by_friend)
        guest.hear(host.said[-1])
        host.hear(guest.said[-1])
        key = host.identity.identity_key
        blocked = Contact(fingerprint(key), "ann", key, MESH, "words", 1.0, blocked=True)
        guest.known[blocked.id] = blocked
        guest.hear(host.said[-1])
        assert guest.contacts == [] and guest.ledger.find_record(ID) is None
        assert guest.turns == [IntroductionTurn.VOID]
