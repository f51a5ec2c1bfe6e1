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
        around = IntroductionSurroundings(
            self,
            {FRIEND.id: FRIEND}.get,
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
