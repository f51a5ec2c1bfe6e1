"""Homes that become contacts without a code, in the simulator's world.

Knows: what people do. Does not know: how a node does it.
"""

from __future__ import annotations

from p2pchat.core.values.introductions import (
    ContactRequested,
    ContactsIntroduced,
    IntroductionAnswered,
    IntroductionRecord,
    IntroductionTurn,
    IntroductionTurned,
    IntroductionWithdrawn,
    MediationRecord,
)
from p2pchat.core.values.records import Contact
from p2pchat.crypto.identity import safety_number
from p2pchat.types import IntroductionId, MemberId
from tests.support.homes_in_rooms import RoomsWorld


class IntroductionsWorld(RoomsWorld):
    """``ask`` a member, ``introduce`` two, ``reply``."""

    def with_room(self, *guests: str, host: str = "alice") -> None:
        """A room of a host and its guests, who all know each other's keys there."""
        self.found(host)
        for guest in guests:
            self.let_in(host, guest)
        self.run_until(lambda: all(len(self.room(name).members) == len(guests) + 1 for name in guests))

    def member(self, of: str, name: str) -> MemberId:
        return next(member.id for member in self.room(of).members if member.name == name)

    def ask(self, asker: str, asked: str) -> None:
        self.tell(asker, ContactRequested(self.id(asker), self.member(asker, asked)))

    def introduce(self, friend: str, one: str, other: str) -> None:
        self.tell(friend, ContactsIntroduced(self.contact(friend, one), self.contact(friend, other)))

    def introductions(self, name: str) -> tuple[IntroductionRecord | MediationRecord, ...]:
        return self.machines[name].running.introductions.list_introductions()

    def introduction(self, name: str) -> IntroductionId:
        (introduction,) = self.introductions(name)
        return introduction.id

    def is_asked(self, name: str) -> bool:
        return IntroductionTurn.REQUESTED in self.told(name)

    def reply(self, name: str, accept: bool = True) -> None:
        self.tell(name, IntroductionAnswered(self.introduction(name), accept))

    def withdraw(self, name: str) -> None:
        self.tell(name, IntroductionWithdrawn(self.introduction(name)))

    def told(self, name: str) -> list[IntroductionTurn]:
        """What a person was told of introductions."""
        return [event.turn for event in self.machines[name].events(IntroductionTurned)]

    def knows(self, name: str, other: str) -> bool:
        """Whether one has the other as a contact, by the other's real key."""
        key = self.machines[other].store.identity.identity_key
        return any(one.identity_key == key for one in self.machines[name].store.contacts.values())

    def know_each_other(self, one: str, other: str) -> bool:
        return self.knows(one, other) and self.knows(other, one)

    def as_known(self, of: str, name: str) -> Contact:
        return self.machines[of].store.contacts[self.contact(of, name)]

    def number(self, of: str, name: str) -> str:
        """The safety number that one sees."""
        own = self.machines[of].store.identity.identity_key
        return safety_number(own, self.as_known(of, name).identity_key)

    def texts(self, name: str) -> list[str]:
        return [line.text for line in self.machines[name].store.history if not line.outgoing]
