"""The store's contract in a few dictionaries, for tests of the core that restart nodes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from p2pchat.core.messaging.referring import WAITING_MAX, apply_reference, apply_references
from p2pchat.core.values import changes, records, room_records
from p2pchat.core.values.changes import Change, Settled
from p2pchat.core.values.files import DropFile, FileChange, FileEffect, FileRecord, ForFiles, PutFile
from p2pchat.core.values.introductions import DropIntroduction, IntroductionChange, PutIntroduction
from p2pchat.core.values.records import Memory, Message
from p2pchat.core.values.references import Reference
from p2pchat.core.values.room_records import LinePlace, RoomChange, RoomOfferRecord, RoomRecord, RoomState
from p2pchat.crypto.identity import fingerprint, received_id
from p2pchat.types import (
    ConversationId,
    MeshId,
    MessageId,
    MessageName,
    MessageState,
    conversation_with,
    person_of,
)
from tests.support.memory_files import MemoryFiles


class MemoryStore:
    """Applies changes as the real store does; ``load`` is what a restarted node would find."""

    def __init__(self, identity: records.Identity) -> None:
        self.identity = identity
        self.meshes: dict[bytes, records.MeshRecord] = {}
        self.contacts: dict[str, records.Contact] = {}
        self.sessions: dict[str, records.SessionState] = {}
        self.recoveries: dict[str, records.RecoveryState] = {}
        self.outbox: dict[MessageId, records.OutboxEntry] = {}
        self.history: list[Message] = []
        self.waiting: list[Reference] = []
        self.tried: dict[bytes, records.Tried] = {}
        self.patience: records.PatienceState | None = None
        self.held: dict[MeshId, dict[int, records.HeldCell]] = {}
        self.listeners: dict[MeshId, tuple[str, ...]] = {}
        self.rooms: dict[str, RoomRecord] = {}
        self.room_records: dict[str, dict[bytes, bytes]] = {}
        self.room_offers: dict[bytes, RoomOfferRecord] = {}
        self.files: dict[MessageId, FileRecord] = {}
        self.introductions: dict[bytes, bytes] = {}
        self.contents = MemoryFiles()
        self.set_back = ""

    def load_memory(self) -> Memory:
        return Memory(
            self.identity,
            tuple(self.meshes.values()),
            tuple(self.contacts.values()),
            tuple(self.sessions.values()),
            tuple(sorted(self.outbox.values(), key=lambda entry: entry.order)),
            {
                mesh: tuple(replace(cell, body=b"") for cell in held.values())
                for mesh, held in self.held.items()
            },
            any(line.expires_at is not None for line in self.history),
            tuple(sorted(self.tried.values(), key=lambda tried: tried.at)),
            self.patience,
            tuple(self.recoveries.values()),
            dict(self.listeners),
            any(line.referred is not None and line.referred.earlier for line in self.history),
            self.set_back,
            tuple(RoomState(room, _needed(self.room_records[room.id])) for room in self.rooms.values()),
            tuple(sorted(self.room_offers.values(), key=lambda offer: offer.at)),
            tuple(sorted(self.files.values(), key=lambda file: file.at)),
            tuple(self.introductions.values()),
        )

    def read_cells(self, mesh: MeshId, numbers: Iterable[int]) -> tuple[records.HeldCell, ...]:
        held = self.held.get(mesh, {})
        return tuple(held[number] for number in sorted(numbers) if number in held)

    def read_room_records(self, room: ConversationId, names: Iterable[bytes]) -> dict[bytes, bytes | None]:
        return {name: self.room_records.get(room, {}).get(name) for name in names}

    def serve_file(self, effect: FileEffect) -> ForFiles | None:
        return self.contents.serve(effect)

    def apply_change(self, change: Change) -> Settled | None:
        match change:
            case changes.PutIdentity(identity):
                self.identity = identity
            case changes.PutListeners(mesh, urls):
                self.listeners[mesh] = urls
            case changes.PutMesh() | changes.DropMesh() | changes.PutCells() | changes.DropCells():
                self._of_meshes(change)
            case changes.PutContact(contact):
                assert contact.mesh in self.meshes
                self.contacts[contact.id] = contact
            case changes.DropContact(gone):
                theirs = conversation_with(gone)
                self.contacts.pop(gone, None)
                self.sessions.pop(gone, None)
                self.recoveries.pop(gone, None)
                self.outbox = {k: v for k, v in self.outbox.items() if v.conversation != theirs}
                self.history = [m for m in self.history if m.conversation != theirs]
                self.room_offers = {k: v for k, v in self.room_offers.items() if v.contact != gone}
                self.files = {k: v for k, v in self.files.items() if v.contact != gone}
            case changes.PutSession(session):
                self.sessions[session.contact] = session
            case changes.PutRecovery(recovery):
                self.recoveries[recovery.contact] = recovery
            case changes.PutOutbox() | changes.DropOutbox():
                self._of_outbox(change)
            case changes.PutMessage():
                return self._add(change)
            case changes.PutReference():
                return self._refer(change)
            case changes.DropVersions() | changes.SetMessageState() | changes.DropExpiredMessages():
                self._of_lines(change)
            case changes.PutTried(tried):
                self.tried[tried.mark] = tried
            case changes.DropTried(mark):
                self.tried.pop(mark, None)
            case changes.PutPatience(patience):
                self.patience = patience
            case PutFile() | DropFile() | PutIntroduction() | DropIntroduction():
                self._of_files(change)
            case _:
                self._of_rooms(change)
        return None

    def _of_outbox(self, change: changes.PutOutbox | changes.DropOutbox) -> None:
        if isinstance(change, changes.PutOutbox):
            self.outbox[change.entry.id] = change.entry
        else:
            self.outbox.pop(change.id, None)

    def _of_files(self, change: FileChange | IntroductionChange) -> None:
        match change:
            case PutFile(file):
                self.files[file.id] = file
            case DropFile(id):
                self.files.pop(id, None)
            case PutIntroduction(introduction, state):
                self.introductions[introduction] = state
            case DropIntroduction(introduction):
                self.introductions.pop(introduction, None)

    def _of_rooms(self, change: RoomChange) -> None:
        match change:
            case room_records.PutRoom(room):
                self.rooms[room.id] = room
                self.room_records.setdefault(room.id, {})
            case room_records.PutRoomRecords(of, kept):
                mine = self.room_records[of]
                mine.update({name: data for name, data in kept.items() if data is not None})
                for name in [name for name, data in kept.items() if data is None]:
                    mine.pop(name, None)
            case room_records.DropRoomRecords(of):
                self.room_records[of].clear()
            case room_records.DropRoom(of):
                del self.rooms[of], self.room_records[of]
                self.history = [m for m in self.history if m.conversation != of]
            case room_records.PutRoomOffer(offer):
                self.room_offers[offer.id] = offer
            case room_records.DropRoomOffer(id):
                self.room_offers.pop(id, None)
            case room_records.PlaceRoomLine(id, number, to):
                self.history = [
                    replace(m, room=LinePlace(number, to)) if m.outgoing and m.id == id else m
                    for m in self.history
                ]
            case room_records.NarrowRoomLine(id, to):
                self.history = [
                    replace(m, room=replace(m.room, to=to)) if m.outgoing and m.room and m.id == id else m
                    for m in self.history
                ]
            case room_records.ReachRoomLines(of, first, last):
                self.history = [
                    replace(m, room=replace(m.room, reached=min(m.room.reached + 1, m.room.to)))
                    if m.outgoing and m.conversation == of and m.room and first <= m.room.number <= last
                    else m
                    for m in self.history
                ]

    def _of_lines(
        self, change: changes.DropVersions | changes.SetMessageState | changes.DropExpiredMessages
    ) -> None:
        match change:
            case changes.DropVersions():
                self.history = [_without_versions(line) for line in self.history]
            case changes.SetMessageState(message, state):
                self.history = [self._moved(m, message, state) for m in self.history]
            case changes.DropExpiredMessages(now):
                self.history = [m for m in self.history if m.expires_at is None or m.expires_at >= now]

    def _of_meshes(
        self, change: changes.PutMesh | changes.DropMesh | changes.PutCells | changes.DropCells
    ) -> None:
        match change:
            case changes.PutMesh(mesh):
                self.meshes[mesh.id] = mesh
            case changes.DropMesh(home):
                assert all(contact.mesh != home for contact in self.contacts.values())
                self.meshes.pop(home, None)
                self.held.pop(home, None)
                self.listeners.pop(home, None)
            case changes.PutCells(home, cells):
                assert home in self.meshes
                self.held.setdefault(home, {}).update({cell.number: cell for cell in cells})
            case changes.DropCells(home, numbers):
                for number in numbers:
                    self.held.get(home, {}).pop(number, None)

    def received(self) -> list[str]:
        """Texts of all incoming messages, in the order they came."""
        return [message.text for message in self.history if not message.outgoing]

    def state(self, message: MessageId) -> MessageState:
        """State of an outgoing message."""
        return next(m.state for m in self.history if m.outgoing and m.id == message)

    def _add(self, change: changes.PutMessage) -> Settled | None:
        message = change.message
        known = any(
            (m.conversation, m.outgoing, m.id) == (message.conversation, message.outgoing, message.id)
            for m in self.history
        )
        if known:
            return Settled(change, None)
        name = message.conversation, self._name(message)
        waiting = [each for each in self.waiting if (each.conversation, each.target) == name]
        self.waiting = [each for each in self.waiting if each not in waiting]
        line = apply_references(message, waiting, keep=change.keep_earlier)
        self.history.append(line)
        return Settled(change, line) if waiting else None

    def _refer(self, change: changes.PutReference) -> Settled:
        new = change.reference
        for place, line in enumerate(self.history):
            if (line.conversation, self._name(line)) == (new.conversation, new.target):
                self.history[place] = changed = apply_reference(line, new, keep=change.keep_earlier)
                return Settled(change, changed if changed is not line else None)
        self.waiting = [*self.waiting, new][-WAITING_MAX:]
        return Settled(change, None)

    def _name(self, line: Message) -> MessageName:
        room = self.rooms.get(line.conversation)
        own = person_of(room.own) if room is not None else fingerprint(self.identity.identity_key)
        return MessageName(received_id(own, line.id) if line.outgoing else line.id)

    @staticmethod
    def _moved(line: Message, message: MessageId, state: MessageState) -> Message:
        mine = line.outgoing and line.id == message and not line.state.final
        return replace(line, state=state) if mine else line


def _needed(kept: dict[bytes, bytes]) -> dict[bytes, bytes]:
    return {name: data for name, data in kept.items() if not name.startswith(b"m")}


def _without_versions(line: Message) -> Message:
    return replace(line, referred=replace(line.referred, earlier=())) if line.referred is not None else line
