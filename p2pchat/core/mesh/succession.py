"""How one mesh follows another, so that removed members are left behind.

Knows: which of two meshes comes after, how often a node may be moved, how long it stays in the one before.
Does not know: which contacts are told (``belonging``), or how a mesh is joined.

A contact says which mesh it is in, and a node whose own mesh comes before that one moves there and says the
same to its other contacts. So a renewal reaches all that it should, and two simultaneous renewals end in
one.
"""

from __future__ import annotations

from dataclasses import replace

from p2pchat.core.mesh.labelled import BelongingOutput, OfConversations, OfMesh
from p2pchat.core.mesh.mesh import Mesh as MeshOf
from p2pchat.core.mesh.meshes import Meshes
from p2pchat.core.messaging.conversations import Conversations
from p2pchat.core.pairing.invites import Invites
from p2pchat.core.values.changes import DropMesh, PutMesh
from p2pchat.core.values.effects import MeshChanged, Notify, Persist
from p2pchat.core.values.records import Contact, MeshRecord
from p2pchat.crypto.kdf import mesh_id
from p2pchat.ports import Entropy, exponential
from p2pchat.types import ContactId, MeshId
from p2pchat.wire.payload import MeshRenewed

DELAY_S = 30.0
"""A node that is told of a mesh moves there after so long on average: at once, it would show that it was
told."""

GAP_S = 3600.0
"""A node lets itself be moved once in so long; of what it is told meanwhile, the last in order waits. A
contact that renews without end moves others once an hour, visibly."""

OVERLAP_MIN_S = 900.0
"""So long a node stays in the mesh before, to relay what is on its way there."""

OVERLAP_MAX_S = 30 * 86_400.0
"""And so long at most, for a contact that was away and could not be told: a month's holidays."""

ALONE_MAX_S = 4 * 3600.0
"""And so long if no contact is awaited, but none is met in the following mesh either: a contact that every
hour names another, empty mesh would put a node into ever more of them."""

LOOK_S = 60.0
"""Between looks whether a mesh can be left."""

STEP_MAX = 64
"""Generations that a contact may have missed. Without a bound one word would end all renewals."""

Rank = tuple[int, bytes]
"""Generation, and the inverted id: of one generation, the mesh with the smallest id comes last."""


def order(generation: int, id: MeshId) -> Rank:
    """Return the rank by which all members agree which of some meshes comes last."""
    return generation, bytes(255 - byte for byte in id)


def comes_after(generation: int, id: MeshId, known: MeshRecord) -> bool:
    """Whether a mesh that a contact told of follows ``known``."""
    if not 1 <= generation <= known.generation + STEP_MAX:
        return False
    return order(generation, id) > order(known.generation, known.id)


def begins_at(known: MeshRecord, entropy: Entropy, now: float) -> float:
    """When to go from ``known`` to the one that follows."""
    return max(now, known.begins_at + GAP_S if known.generation else now) + exponential(entropy, DELAY_S)


class Succession:
    """Each method returns what is to be done, in order. A *line* is a mesh, those before it that we are still
    in, and the next that we wait to join."""

    def __init__(
        self, meshes: Meshes, conversations: Conversations, invites: Invites, entropy: Entropy
    ) -> None:
        self._meshes = meshes
        self._conversations = conversations
        self._invites = invites
        self._entropy = entropy
        self._waiting: dict[MeshId, MeshRecord] = {}
        """By the mesh that we are in until then."""
        self._look_at = 0.0
        conversations.routes.successors = self.listening_meshes

    def wait_for(self, record: MeshRecord) -> None:
        """An earlier run was told of it."""
        assert record.replaces is not None
        self._waiting[record.replaces] = record

    # --- what may be asked

    def last_of(self, id: MeshId) -> MeshId:
        """The last of a line that we are in."""
        waiting = next((waiting for waiting in self._waiting.values() if waiting.id == id), None)
        if waiting is not None and waiting.replaces is not None:
            id = waiting.replaces
        mesh = self._meshes.get(id)
        while mesh is not None and mesh.record.successor is not None:
            id = mesh.record.successor
            mesh = self._meshes.get(id)
        return id

    def line_of(self, id: MeshId) -> list[MeshId]:
        """All of a line that we are in, the last first."""
        last = self.last_of(id)
        if self._meshes.get(last) is None:
            return []
        records = [mesh.record for mesh in self._meshes if self.last_of(mesh.record.id) == last]
        before = sorted(
            (record for record in records if record.id != last), key=lambda record: -record.replaced_at
        )
        return [last, *(record.id for record in before)]

    def listening_meshes(self, id: MeshId) -> tuple[MeshId, ...]:
        """Return the meshes in which a contact that told us of this mesh may be heard: this one and those
        before it."""
        line = self.line_of(id)
        return tuple(line[line.index(id) :] if id in line else line) or (id,)

    # --- telling and being told

    def renew_mesh(self, id: MeshId, now: float) -> list[BelongingOutput]:
        """Move to a mesh with a secret that only the contacts we tell know."""
        known = self._meshes.get(self.last_of(id))
        if known is None:
            return []
        told = self._waiting.get(known.record.id)
        generation = max(known.record.generation, told.generation if told is not None else 0) + 1
        secret = self._entropy.draw_bytes(32)
        record = replace(
            known.record, id=mesh_id(secret), secret=secret, generation=generation, replaces=known.record.id
        )
        return [*self._wait_no_more(known.record.id, now), *self._go(known, record, now)]

    def on_renewed(self, contact: ContactId, renewed: MeshRenewed, now: float) -> list[BelongingOutput]:
        """A contact says in which mesh it is."""
        who = self._conversations.find_contact(contact)
        known = self._meshes.get(self.last_of(who.mesh)) if who is not None and not who.blocked else None
        if who is None or known is None:
            return []
        id, here = mesh_id(renewed.secret), known.record
        if id in self.line_of(here.id):
            return [*self._counted(known, id, renewed.generation, now), *self._moved(who, id, now)]
        waiting = self._waiting.get(here.id)
        if waiting is not None and id == waiting.id:
            return self._moved(who, id, now)
        if not comes_after(renewed.generation, id, here):
            return []
        if waiting is not None and not comes_after(renewed.generation, id, waiting):
            return []
        record = replace(
            here,
            id=id,
            secret=renewed.secret,
            generation=renewed.generation,
            begins_at=begins_at(here, self._entropy, now),
            replaces=here.id,
        )
        outputs = self._wait_no_more(here.id, now)
        if self._meshes.get(id) is not None:  # another host has invited us there
            return [*outputs, *self._moved(who, id, now), *self._go(known, record, now)]
        self._waiting[here.id] = record
        return [*outputs, Persist(PutMesh(record)), *self._moved(who, id, now)]

    def join_now(self, id: MeshId, now: float) -> list[BelongingOutput]:
        """A host invites us into a mesh: if we wait to join it, wait no longer."""
        for before, waiting in list(self._waiting.items()):
            known = self._meshes.get(before)
            if waiting.id == id and known is not None:
                del self._waiting[before]
                return self._go(known, waiting, now)
        return []

    def greet_contact(self, contact: ContactId, now: float) -> list[BelongingOutput]:
        """Say where we are to a contact that may not know."""
        who = self._conversations.find_contact(contact)
        mesh = self._meshes.get(self.last_of(who.mesh)) if who is not None and not who.blocked else None
        if mesh is None or not mesh.record.generation:
            return []
        return [OfConversations(self._conversations.tell_payloads(contact, [_news(mesh.record)], now))]

    def _moved(self, who: Contact, id: MeshId, now: float) -> list[BelongingOutput]:
        return [OfConversations(self._conversations.move_contact(who.id, id, now))] if who.mesh != id else []

    def _counted(self, known: MeshOf, id: MeshId, generation: int, now: float) -> list[BelongingOutput]:
        """A guest of a mesh learns from its host how many came before."""
        record = known.record
        if id != record.id or not record.generation < generation <= record.generation + STEP_MAX:
            return []
        return self._put(known, replace(record, generation=generation), now)

    def _put(self, known: MeshOf, record: MeshRecord, now: float) -> list[BelongingOutput]:
        return [Persist(PutMesh(record)), OfMesh(known, known.meet_at(record, now))]

    # --- going

    def _go(self, known: MeshOf, waiting: MeshRecord, now: float) -> list[BelongingOutput]:
        """Join the mesh that follows, and tell all contacts of the line."""
        line = self.line_of(known.record.id)
        outputs, here = self._join(known.record, waiting, now)
        outputs += self._put(known, replace(known.record, successor=here.id, replaced_at=now), now)
        outputs.append(Notify(MeshChanged(here.id, "renewed")))
        self._invites.lead_into(known.record.secret, here.secret)
        for contact in self._conversations.list_contacts():
            if contact.mesh in (*line, here.id):
                outputs += self.greet_contact(contact.id, now)
        self._look_at = now + LOOK_S
        return outputs

    def _join(
        self, before: MeshRecord, waiting: MeshRecord, now: float
    ) -> tuple[list[BelongingOutput], MeshRecord]:
        known = self._meshes.get(waiting.id)
        if known is not None:
            generation = max(known.record.generation, waiting.generation)
            here = replace(known.record, generation=generation, begins_at=now)
            return self._put(known, here, now), here
        where, theirs = before.rendezvous, before.theirs
        here = replace(waiting, rendezvous=where, theirs=theirs, begins_at=now, replaces=None)
        added = self._meshes.add(here)
        return [Persist(PutMesh(here)), OfMesh(added, added.tick(now))], here

    def _wait_no_more(self, id: MeshId, now: float) -> list[BelongingOutput]:
        """Something else comes after that mesh."""
        waiting = self._waiting.pop(id, None)
        if waiting is None:
            return []
        there = [contact for contact in self._conversations.list_contacts() if contact.mesh == waiting.id]
        moved: list[BelongingOutput] = [
            OfConversations(self._conversations.move_contact(contact.id, id, now)) for contact in there
        ]
        return [*moved, Persist(DropMesh(waiting.id))]

    def leave_followed(self, mesh: MeshOf, now: float) -> list[BelongingOutput]:
        """Leave a mesh that another has followed. Contacts that did not say they are there are awaited in
        it."""
        id, last = mesh.record.id, self.last_of(mesh.record.id)
        there = [contact for contact in self._conversations.list_contacts() if contact.mesh == id]
        outputs: list[BelongingOutput] = [
            OfConversations(self._conversations.move_contact(contact.id, last, now)) for contact in there
        ]
        outputs.append(OfMesh(mesh, mesh.leave_for_good(now)))
        for other in self._meshes:
            if other.record.successor == id:
                outputs += self._put(other, replace(other.record, successor=mesh.record.successor), now)
        self._meshes.remove(id)
        self._conversations.routes.forget_mesh(id)
        return [*outputs, Persist(DropMesh(id)), Notify(MeshChanged(id, "left"))]

    def end_line(self, id: MeshId, now: float) -> list[BelongingOutput]:
        """Leave a whole line, in which no contact is reached any longer."""
        outputs = self._wait_no_more(self.last_of(id), now)
        for member in self.line_of(id):
            mesh = self._meshes.get(member)
            if mesh is not None:
                outputs.append(OfMesh(mesh, mesh.leave_for_good(now)))
                outputs += [Persist(DropMesh(member)), Notify(MeshChanged(member, "left"))]
        for member in self.line_of(id):
            self._meshes.remove(member)
            self._conversations.routes.forget_mesh(member)
        return outputs

    # --- time

    def next_wakeup(self) -> float | None:
        """When ``tick`` is next due."""
        due = [waiting.begins_at for waiting in self._waiting.values()]
        if any(mesh.record.successor is not None for mesh in self._meshes):
            due.append(self._look_at)
        return min(due, default=None)

    def tick(self, now: float) -> list[BelongingOutput]:
        """Go where we waited to, and leave what is over."""
        outputs: list[BelongingOutput] = []
        for id, waiting in list(self._waiting.items()):
            known = self._meshes.get(id)
            if known is not None and now >= waiting.begins_at:
                del self._waiting[id]
                outputs += self._go(known, waiting, now)
        if now >= self._look_at:
            self._look_at = now + LOOK_S
            for mesh in self._meshes:
                if mesh.record.successor is not None and self._over(mesh, now):
                    outputs += self.leave_followed(mesh, now)
        return outputs

    def _over(self, mesh: MeshOf, now: float) -> bool:
        """Whether no contact needs us there any longer, or we have waited long enough."""
        record = mesh.record
        if now >= record.replaced_at + OVERLAP_MAX_S:
            return True
        last = self._meshes.get(self.last_of(record.id))
        awaited = any(
            contact.mesh == record.id and not contact.blocked
            for contact in self._conversations.list_contacts()
        )
        linked = last is not None and last.links_up > 0
        return not awaited and now >= record.replaced_at + (OVERLAP_MIN_S if linked else ALONE_MAX_S)


def _news(record: MeshRecord) -> MeshRenewed:
    return MeshRenewed(record.generation, record.secret)
