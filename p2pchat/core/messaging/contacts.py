"""The contacts of this home: their identities and our names for them.

Knows: records and unique names. Does not know: sessions or messages.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from p2pchat import looks
from p2pchat.core.values.changes import DropContact, PutContact
from p2pchat.core.values.effects import ContactChanged, Effect, Notify, Persist
from p2pchat.core.values.records import Contact, Trust
from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.errors import Malformed
from p2pchat.types import ContactId, MeshId
from p2pchat.wire.pairing import check_nick

US = "me"
"""The chat's name for its own user."""


class ContactTable:
    """An ordered table of contacts; every change is persisted and reported."""

    def __init__(self, contacts: Iterable[Contact], own: str = US) -> None:
        """``own``: the name of this home's person, under which their lines are shown."""
        self._contacts = {contact.id: contact for contact in contacts}
        self.be_called(own)

    def be_called(self, own: str) -> None:
        """The person here has another name from now on."""
        self._ours = {*looks.keys(own), *looks.keys(US)}

    def all(self) -> tuple[Contact, ...]:
        """In the order they were added."""
        return tuple(self._contacts.values())

    def get(self, contact: ContactId) -> Contact | None:
        """The record, or None for a stranger."""
        return self._contacts.get(contact)

    def add(self, contact: Contact) -> tuple[Contact, list[Effect]]:
        """Add a contact under a free name. One paired again has the same key, and keeps all that was decided
        about it: name, trust, mute, block, and how long what is said lasts; not what was wrong with the
        session. An introduction does not change how one met: it is the weaker way."""
        known = self._contacts.get(contact.id)
        if known is not None:
            anew = replace(known, mesh=contact.mesh, standing="")
            if not contact.introduced_by and not contact.through_room:
                anew = replace(anew, how=contact.how, through_room="", introduced_by="")
            return self._put(anew, "added")
        return self._put(replace(contact, name=self._free(contact.name)), "added")

    def rename(self, contact: Contact, name: str) -> list[Effect]:
        """Give them another name, if no other contact has it."""
        refused = self._refuse_name(contact.id, name)
        return [refused] if refused else self._put(replace(contact, name=name), "renamed")[1]

    def _refuse_name(self, contact: ContactId, name: str) -> Rejected | None:
        try:
            check_nick(name)
        except Malformed:
            return Rejected(Reason.NAME_MALFORMED)
        keys = looks.keys(name)
        for other in self._contacts.values():
            if other.id != contact and not keys.isdisjoint(looks.keys(other.name)):
                return Rejected(Reason.NAME_TAKEN, other.name)
        return None if self._ours.isdisjoint(keys) else Rejected(Reason.NAME_IS_OURS)

    def verify(self, contact: Contact, verified: bool) -> list[Effect]:
        """Note whether the safety number was compared."""
        trust = replace(contact.trust, verified=verified, was_verified=False)
        noted = replace(contact, trust=trust)
        return self._put(noted, "verified" if verified else "unverified")[1]

    def renew(self, contact: Contact, transcript: bytes, now: float) -> list[Effect]:
        """There is a new session with a home that may be another's: what was compared is to be compared
        again."""
        was = contact.trust.verified or contact.trust.was_verified
        anew = replace(contact, trust=Trust(False, was, now, transcript), standing="")
        return self._put(anew, "renewed")[1]

    def take_trust_back(self, contact: Contact) -> list[Effect]:
        """Another home has their keys: the earlier comparison no longer counts."""
        if not contact.trust.verified:
            return []
        trust = replace(contact.trust, verified=False, was_verified=True)
        return self._put(replace(contact, trust=trust), "unverified")[1]

    def stand(self, contact: Contact, standing: str) -> list[Effect]:
        """Note what is wrong with the session."""
        if contact.standing == standing:
            return []
        self._contacts[contact.id] = noted = replace(contact, standing=standing)
        return [Persist(PutContact(noted))]

    def block(self, contact: Contact, blocked: bool) -> list[Effect]:
        """Stop (or resume) hearing them."""
        return self._put(replace(contact, blocked=blocked), "blocked" if blocked else "unblocked")[1]

    def mute(self, contact: Contact, muted: bool) -> list[Effect]:
        """Make no noise about what they write (or make it again)."""
        preferences = replace(contact.preferences, muted=muted)
        return self._put(replace(contact, preferences=preferences), "muted" if muted else "unmuted")[1]

    def last(self, contact: Contact, seconds: float, turn: int, *, by_them: bool) -> list[Effect]:
        """Have what is said with them from now on last so long."""
        preferences = replace(contact.preferences, lasts_s=seconds, lasts_turn=turn)
        decided = replace(contact, preferences=preferences)
        return self._put(decided, "disappearing", by_them=by_them)[1]

    def move(self, contact: Contact, mesh: MeshId) -> list[Effect]:
        """They are in another mesh, which causes no event."""
        self._contacts[contact.id] = moved = replace(contact, mesh=mesh)
        return [Persist(PutContact(moved))]

    def remove(self, contact: Contact) -> list[Effect]:
        """Forget them and everything said."""
        del self._contacts[contact.id]
        return [Persist(DropContact(contact.id)), Notify(ContactChanged(contact, "removed"))]

    def _put(self, contact: Contact, change: str, *, by_them: bool = False) -> tuple[Contact, list[Effect]]:
        self._contacts[contact.id] = contact
        return contact, [Persist(PutContact(contact)), Notify(ContactChanged(contact, change, by_them))]

    def _free(self, name: str) -> str:
        """``name``, with a number if it is that of another contact, or ours, or cannot be told from it by
        looking."""
        others = (contact.name for contact in self._contacts.values())
        taken = {*self._ours, *(key for name in others for key in looks.keys(name))}
        free, number = name, 1
        while not taken.isdisjoint(looks.keys(free)):
            number += 1
            free = f"{name}-{number}"
        return free
