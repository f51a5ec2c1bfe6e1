"""To which meshes we belong, through which contacts, and where each is met.

Knows: when a mesh is founded, joined and left, and that where it is met is the person's to say. Does not
know: what happens within a mesh, a conversation or a pairing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from p2pchat.core import pairing
from p2pchat.core.mesh.labelled import BelongingOutput, OfConversations, OfInvite, OfMesh
from p2pchat.core.mesh.mesh import Mesh
from p2pchat.core.mesh.meshes import Meshes
from p2pchat.core.mesh.succession import Succession
from p2pchat.core.messaging.conversations import Conversations
from p2pchat.core.pairing.invites import Invites
from p2pchat.core.values import user_inputs
from p2pchat.core.values.changes import PutIdentity, PutMesh
from p2pchat.core.values.effects import Effect, MeshChanged, Notify, Persist
from p2pchat.core.values.records import Contact, Identity, MeshRecord
from p2pchat.core.values.refusals import InviteFailure, NoContact, Reason, Rejected
from p2pchat.crypto.identity import fingerprint
from p2pchat.crypto.kdf import mesh_id
from p2pchat.errors import Malformed
from p2pchat.ports import Entropy
from p2pchat.types import ContactId, MeshId
from p2pchat.wire.pairing import check_nick
from p2pchat.wire.places import grown


class Belonging:
    """Each method returns what is to be done, in order."""

    def __init__(
        self,
        identity: Identity,
        meshes: Meshes,
        conversations: Conversations,
        invites: Invites,
        entropy: Entropy,
    ) -> None:
        self.identity = identity
        self._meshes = meshes
        self._conversations = conversations
        self._invites = invites
        self._entropy = entropy
        self.is_needed: Callable[[MeshId], bool] = lambda mesh: False
        """Whether a mesh is not to be left, though no contact is reached through it."""
        self.succession = Succession(meshes, conversations, invites, entropy.make_child("succession"))

    # --- our own name

    def rename_self(self, name: str) -> Effect:
        """Give this name to future contacts."""
        try:
            check_nick(name)
        except Malformed:
            return Rejected(Reason.NAME_MALFORMED)
        self.identity = self._invites.identity = replace(self.identity, name=name)
        self._conversations.set_own_name(name)
        return Persist(PutIdentity(self.identity))

    # --- where we meet others

    def known_urls(self) -> tuple[str, ...]:
        """Every rendezvous that is known, ours and our meshes'."""
        known = [self.identity.rendezvous, *(mesh.record.rendezvous for mesh in self._meshes)]
        return tuple(dict.fromkeys(url for urls in known for url in urls))

    def typed_urls(self) -> tuple[str, ...]:
        """Every rendezvous that the person has typed, for any mesh."""
        records = [mesh.record for mesh in self._meshes]
        typed = [url for record in records for url in record.rendezvous if url not in record.theirs]
        return tuple(dict.fromkeys((*self.identity.rendezvous, *typed)))

    def is_typed(self, url: str) -> bool:
        """Whether the person has typed it, be it for an open invite."""
        return url in self.typed_urls() or self._invites.is_typed(url)

    def change_rendezvous(
        self, input: user_inputs.RendezvousAdded | user_inputs.RendezvousRemoved, now: float
    ) -> list[BelongingOutput]:
        """The person adds or removes a rendezvous."""
        if input.mesh is None:
            return [self._own(input)]
        mesh = self._meshes.get(input.mesh)
        if mesh is None:
            return []
        if isinstance(input, user_inputs.RendezvousAdded):
            record = mesh.record.with_rendezvous((input.url,), theirs=not input.typed)
        else:
            record = mesh.record.without_rendezvous(input.url)
        return self._changed(mesh, record, now)

    def _own(self, input: user_inputs.RendezvousAdded | user_inputs.RendezvousRemoved) -> Effect:
        ours = tuple(url for url in self.identity.rendezvous if url != input.url)
        if isinstance(input, user_inputs.RendezvousAdded):
            ours = grown(ours, (input.url,))
        self.identity = self._invites.identity = replace(self.identity, rendezvous=ours)
        return Persist(PutIdentity(self.identity))

    def _changed(self, mesh: Mesh, record: MeshRecord, now: float) -> list[BelongingOutput]:
        if record == mesh.record:
            return []
        return [Persist(PutMesh(record)), OfMesh(mesh, mesh.meet_at(record, now))]

    # --- joining

    def open_invite(self, input: user_inputs.InviteOpened, now: float) -> list[BelongingOutput]:
        """An invite leads into the mesh that is named, or what has followed it, or else into the first of
        ours; the very first founds one."""
        mesh = self._meshes.primary if input.mesh is None else self._meshes.last_of(input.mesh)
        if mesh is None and input.mesh is not None:
            return [OfInvite(input.invite, [pairing.PairingFailed(InviteFailure(NoContact.MESH_UNKNOWN))])]
        record = mesh.record if mesh is not None else self._founded(now)
        opened = self._invites.open_for(input, record)
        refused = any(isinstance(output, pairing.PairingFailed) for output in opened)
        outputs = [] if refused else self._join(record, input.rendezvous, (), now)
        return [*outputs, OfInvite(input.invite, opened)]

    def keep_pairing(self, paired: pairing.Paired, now: float) -> tuple[Contact, list[BelongingOutput]]:
        """Keep what a pairing brought: the mesh, the contact and the session."""
        mesh = MeshRecord(mesh_id(paired.mesh_secret), paired.mesh_secret, (), now)
        outputs = self._join(mesh, paired.typed, paired.theirs, now)
        earlier = self._conversations.find_contact(ContactId(fingerprint(paired.identity_key)))
        contact, kept = self._conversations.add_paired(paired, mesh.id, now)
        self.review_trust(contact.id)
        outputs += [OfConversations(kept), *self.succession.greet_contact(contact.id, now)]
        return contact, outputs + (self._leave_if_empty(earlier.mesh, now) if earlier is not None else [])

    def keep_introduced(
        self, paired: pairing.Paired, mesh: MeshId, now: float
    ) -> tuple[Contact, list[BelongingOutput]]:
        """Keep the contact and the session of an introduction, in a mesh of ours."""
        earlier = self._conversations.find_contact(fingerprint(paired.identity_key))
        contact, kept = self._conversations.add_paired(paired, mesh, now)
        self.review_trust(contact.id)
        outputs = [OfConversations(kept), *self.succession.greet_contact(contact.id, now)]
        return contact, outputs + (self._leave_if_empty(earlier.mesh, now) if earlier is not None else [])

    def not_joined(self, paired: pairing.Paired) -> tuple[str, ...]:
        """Return the contact's rendezvous of the mesh at which we do not take seats."""
        known = self._meshes.get(mesh_id(paired.mesh_secret))
        urls = known.record.rendezvous if known is not None else ()
        return tuple(url for url in paired.rendezvous if url not in urls)

    def _founded(self, now: float) -> MeshRecord:
        secret = self._entropy.draw_bytes(32)
        return MeshRecord(mesh_id(secret), secret, grown((), self.identity.rendezvous), now)

    def _join(
        self, record: MeshRecord, typed: tuple[str, ...], theirs: tuple[str, ...], now: float
    ) -> list[BelongingOutput]:
        """Take part in a mesh, met where the person typed, and where others say and the person agrees."""
        outputs = self.succession.join_now(record.id, now)
        known = self._meshes.get(record.id)
        present = known.record if known is not None else record
        record = present.with_rendezvous(typed, theirs=False).with_rendezvous(theirs, theirs=True)
        if known is not None:
            return [*outputs, *self._changed(known, record, now), OfMesh(known, known.expect_guest(now))]
        added = self._meshes.add(record)
        joined = Notify(MeshChanged(record.id, "joined"))
        return [Persist(PutMesh(record)), joined, OfMesh(added, added.tick(now))]

    # --- leaving

    def change_contact(self, input: user_inputs.ContactInput, now: float) -> list[BelongingOutput]:
        """The person wants something of a contact. With the last contact of a mesh we leave it."""
        known = self._conversations.find_contact(input.contact)
        outputs: list[BelongingOutput] = [OfConversations(self._conversations.change_contact(input, now))]
        self.review_trust(input.contact)
        if isinstance(input, user_inputs.ContactBlocked):
            return outputs + self.succession.greet_contact(input.contact, now)
        if known is None or not isinstance(input, user_inputs.ContactRemoved):
            return outputs
        if not input.keep_mesh:
            outputs += self._leave_if_empty(known.mesh, now)
        return outputs + (self.succession.renew_mesh(known.mesh, now) if input.renew_mesh else [])

    def leave_mesh(self, id: MeshId, now: float) -> list[BelongingOutput]:
        """Leave; contacts that are reached only through it are deleted. Of a mesh that another has
        followed we leave that alone."""
        mesh = self._meshes.get(id)
        if mesh is None:
            return []
        if mesh.record.successor is not None:
            return self.succession.leave_followed(mesh, now)
        left = InviteFailure(NoContact.MESH_LEFT)
        outputs: list[BelongingOutput] = [
            OfInvite(invite, [*self._invites.cancel(invite), pairing.PairingFailed(left)])
            for invite in self._into(id)
        ]
        for contact in self._through(id):
            outputs.append(
                OfConversations(
                    self._conversations.change_contact(user_inputs.ContactRemoved(contact.id), now)
                )
            )
            self.review_trust(contact.id)
        return outputs + self.succession.end_line(id, now)

    def review_trust(self, contact: ContactId) -> None:
        """A contact that may not know where we are is no longer trusted; a contact that now may is told in
        its time."""
        if not self._conversations.recognition.may_recognise_us(contact):
            for mesh in self._meshes:
                mesh.traffic.stem.guards.distrust_contact(contact)

    def _leave_if_empty(self, id: MeshId, now: float) -> list[BelongingOutput]:
        """Leave meshes through which no contact is reached any longer, unless an invite leads into them."""
        last = self.succession.last_of(id)
        if self._meshes.get(last) is None or self._through(last) or self._into(last):
            return []
        if self.is_needed(last):
            return []
        return self.leave_mesh(last, now)

    def _through(self, id: MeshId) -> list[Contact]:
        last = self.succession.last_of(id)
        return [
            contact
            for contact in self._conversations.list_contacts()
            if self.succession.last_of(contact.mesh) == last
        ]

    def _into(self, id: MeshId) -> list[int]:
        """The invites that lead there."""
        line = filter(None, map(self._meshes.get, self.succession.line_of(id)))
        return [invite for mesh in line for invite in self._invites.leading_into(mesh.record.secret)]
