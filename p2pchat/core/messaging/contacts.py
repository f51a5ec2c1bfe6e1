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
from p2pchat.text import person_name
from p2pchat.types import ContactId, MeshId
from p2pchat.wire.pairing import check_nick

US = "me"
"""The chat's name for its own user."""


class ContactTable:
    """An ordered table of contacts; every change is persisted and reported."""

    def __init__(self, contacts: Iterable[Contact], own: str = US) -> None:
        """``own``: the name of this home's person, under which their lines are shown."""
        self._contacts = {contact.id: contact for contact in contacts}
        self.set_own_name(own)

    def set_own_name(self, own: str) -> None:
        """Reserve the name that the person here uses from now on."""
        self._own_keys = {*looks.keys(own), *looks.keys(US)}

    def list_contacts(self) -> tuple[Contact, ...]:
        """List all contacts in the order in which they were added."""
        return tuple(self._contacts.values())

    def get(self, contact: ContactId) -> Contact | None:
        """Return the contact's record, or None for a stranger."""
        return self._contacts.get(contact)

    def add(self, contact: Contact) -> tuple[Contact, list[Effect]]:
        """Add a contact under a free name. A contact that pairs again has the same key; it keeps its name,
        trust, mute, block and retention, but the fault of the old session is forgotten. An introduction is
        the weaker way to meet, so it does not change how the two met."""
        known = self._contacts.get(contact.id)
        if known is not None:
            anew = replace(known, mesh=contact.mesh, standing="")
            if not contact.introduced_by and not contact.through_room:
                anew = replace(anew, how=contact.how, through_room="", introduced_by="")
            return self._put(anew, "added")
        return self._put(replace(contact, name=self._find_free_name(contact.name)), "added")

    def set_name(self, contact: Contact, name: str) -> list[Effect]:
        """Give a contact another name, unless another contact has it."""
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
        return None if self._own_keys.isdisjoint(keys) else Rejected(Reason.NAME_IS_OURS)

    def set_verified(self, contact: Contact, verified: bool) -> list[Effect]:
        """Note whether the person compared the safety number."""
        trust = replace(contact.trust, verified=verified, verified_before=False)
        noted = replace(contact, trust=trust)
        return self._put(noted, "verified" if verified else "unverified")[1]

    def note_new_session(self, contact: Contact, transcript: bytes, now: float) -> list[Effect]:
        """Note a new session. Its other end may be another home, so the safety number must be compared
        again."""
        verified_before = contact.trust.verified or contact.trust.verified_before
        anew = replace(contact, trust=Trust(False, verified_before, now, transcript), standing="")
        return self._put(anew, "renewed")[1]

    def withdraw_trust(self, contact: Contact) -> list[Effect]:
        """Mark a contact as no longer verified, because another home has its keys."""
        if not contact.trust.verified:
            return []
        trust = replace(contact.trust, verified=False, verified_before=True)
        return self._put(replace(contact, trust=trust), "unverified")[1]

    def set_standing(self, contact: Contact, standing: str) -> list[Effect]:
        """Note what is wrong with the session; empty for nothing."""
        if contact.standing == standing:
            return []
        self._contacts[contact.id] = noted = replace(contact, standing=standing)
        return [Persist(PutContact(noted))]

    def set_blocked(self, contact: Contact, blocked: bool) -> list[Effect]:
        """Block a contact, so that it is no longer heard, or unblock it."""
        return self._put(replace(contact, blocked=blocked), "blocked" if blocked else "unblocked")[1]

    def set_muted(self, contact: Contact, muted: bool) -> list[Effect]:
        """Mute a contact, so that its messages make no noise, or unmute it."""
        preferences = replace(contact.preferences, muted=muted)
        return self._put(replace(contact, preferences=preferences), "muted" if muted else "unmuted")[1]

    def set_retention(self, contact: Contact, seconds: float, turn: int, *, by_them: bool) -> list[Effect]:
        """Set how long lines of the conversation last that are written from now on."""
        preferences = replace(contact.preferences, retention_s=seconds, retention_turn=turn)
        decided = replace(contact, preferences=preferences)
        return self._put(decided, "disappearing", by_them=by_them)[1]

    def set_mesh(self, contact: Contact, mesh: MeshId) -> list[Effect]:
        """Note that a contact has moved to another mesh; this causes no event."""
        self._contacts[contact.id] = moved = replace(contact, mesh=mesh)
        return [Persist(PutContact(moved))]

    def remove(self, contact: Contact) -> list[Effect]:
        """Forget a contact and all lines of the conversation."""
        del self._contacts[contact.id]
        return [Persist(DropContact(contact.id)), Notify(ContactChanged(contact, "removed"))]

    def _put(self, contact: Contact, change: str, *, by_them: bool = False) -> tuple[Contact, list[Effect]]:
        self._contacts[contact.id] = contact
        return contact, [Persist(PutContact(contact)), Notify(ContactChanged(contact, change, by_them))]

    def _find_free_name(self, name: str) -> str:
        """``name``, with a number if it is that of another contact, or ours, or cannot be told from it by
        looking, and without the sign of a room."""
        name = person_name(name)
        others = (contact.name for contact in self._contacts.values())
        taken = {*self._own_keys, *(key for name in others for key in looks.keys(name))}
        free, number = name, 1
        while not taken.isdisjoint(looks.keys(free)):
            number += 1
            free = f"{name}-{number}"
        return free
