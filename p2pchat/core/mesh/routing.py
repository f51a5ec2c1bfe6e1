"""How one machine's outputs are another's inputs, in one node.

Knows: which machine each output concerns. Does not know: any machine's own rules.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from p2pchat.core import pairing
from p2pchat.core.broadcast.cells import CellArrived
from p2pchat.core.files.files import Files
from p2pchat.core.files.outputs import AskForBlocks, FileOutput, SendBlocks, TellFileWord
from p2pchat.core.introductions.introductions import Introductions
from p2pchat.core.introductions.outputs import IntroductionOutput, NewContact, notify
from p2pchat.core.mesh import labelled
from p2pchat.core.mesh.belonging import Belonging
from p2pchat.core.mesh.mesh import Mesh
from p2pchat.core.mesh.meshes import Meshes
from p2pchat.core.mesh.outputs import (
    CellMoved,
    MarksGiven,
    MeshOutput,
    NeighbourChanged,
)
from p2pchat.core.messaging import outputs
from p2pchat.core.messaging.conversations import Conversations
from p2pchat.core.pairing import invites
from p2pchat.core.pairing.invites import Invites
from p2pchat.core.rendezvous.hinted import Hinted
from p2pchat.core.rendezvous.rendezvous import LeaveSeat, Rendezvous, TakeSeat
from p2pchat.core.rooms.rooms import Rooms
from p2pchat.core.values import effects, inputs, user_inputs
from p2pchat.core.values.effects import (
    ContactChanged,
    Effect,
    LinksChanged,
    MakeAnswer,
    MakeOffer,
    MeshChanged,
    Notify,
    PresenceChanged,
    Signal,
    WhenKept,
    frames_first,
)
from p2pchat.core.values.introductions import IntroductionTurn, MemberOf
from p2pchat.core.values.refusals import InviteFailure
from p2pchat.core.values.room_events import RoomTurn, RoomTurned
from p2pchat.ports import Entropy
from p2pchat.types import ContactId, LinkId
from p2pchat.wire.marks import Marks


class Routing:
    """Each method carries out what others are to know, and returns what is left to do."""

    def __init__(
        self,
        rendezvous: Rendezvous,
        servers: Hinted,
        invites: Invites,
        conversations: Conversations,
        files: Files,
        meshes: Meshes,
        belonging: Belonging,
        rooms: Rooms,
        introductions: Introductions,
        marking: Entropy,
    ) -> None:
        self._rendezvous = rendezvous
        self._servers = servers
        self._invites = invites
        self._conversations = conversations
        self._files = files
        self._meshes = meshes
        self._belonging = belonging
        self._rooms = rooms
        self._introductions = introductions
        self._marking = marking

    # --- what the person, a link or the disk says

    def change_link(self, input: inputs.LinkInput, now: float) -> list[Effect]:
        """Something happened to a link. It may have been closed here while the input was on its way."""
        mesh = self._meshes.find_by_link(input.link)
        return self.route_mesh(mesh, mesh.change_link(input, now), now) if mesh is not None else []

    def change_invite(
        self, input: user_inputs.InviteEntered | user_inputs.InviteCancelled, now: float
    ) -> list[Effect]:
        """The person has entered an invite, or cancels one."""
        if isinstance(input, user_inputs.InviteEntered):
            entered = self._invites.enter_invite(input, self._belonging.typed_urls(), now)
            return self.route_invite(input.invite, entered, now)
        return self.route_invite(input.invite, self._invites.cancel(input.invite), now)

    def change_belonging(
        self, input: user_inputs.MeshInput | user_inputs.NameChosen, now: float
    ) -> list[Effect]:
        """The person leaves a mesh, says where one is met, or takes another name."""
        if isinstance(input, user_inputs.MeshLeft):
            return self.route_belonging(self._belonging.leave_mesh(input.mesh, now), now)
        if isinstance(input, user_inputs.NameChosen):
            return [self._belonging.rename_self(input.name)]
        return self.route_belonging(self._belonging.change_rendezvous(input, now), now)

    def submit_cell(self, input: user_inputs.CellSubmitted, now: float) -> list[Effect]:
        """Send a cell of ours whose session is on disk. Its mesh may have been left meanwhile."""
        mesh = self._meshes.get(input.mesh)
        if mesh is None:
            return []
        return self.route_mesh(mesh, mesh.submit_cell(input.cell, now, input.haste), now)

    def take_fetched(self, input: inputs.CellsFetched, now: float) -> list[Effect]:
        """Held cells were read from the disk."""
        mesh = self._meshes.get(input.mesh)
        if mesh is None:
            return []
        return self.route_mesh(mesh, mesh.on_fetched(input.numbers, input.cells, now), now)

    # --- one machine's outputs are another's inputs

    def route_mesh(self, mesh: Mesh, produced: Iterable[MeshOutput], now: float) -> list[Effect]:
        """What a mesh wants done, and what others are to know of it."""
        results: list[Effect] = []
        for output in frames_first(produced):
            match output:
                case TakeSeat() | LeaveSeat() | Signal():
                    results += self.meet_at_rendezvous(output, now)
                case CellArrived(cell, late):
                    self._conversations.on_cell(cell, mesh.record.id, late, now)
                case CellMoved(tag, fate):
                    told = self._conversations.follow_cell(tag, fate, now)
                    told += self._rooms.follow_cell(tag, fate, now)
                    results += self.route_conversations(told, now)
                case NeighbourChanged(link, up):
                    results += self._neighbour_changed(mesh, up, now)
                    results += self.give_marks(mesh, [link] if up else [], now)
                case MarksGiven(link, marks):
                    self._read_marks(mesh, link, marks)
                case MakeOffer(relayed=relayed) | MakeAnswer(relayed=relayed):
                    servers = self._servers.servers_for(mesh.record.rendezvous, relayed, now)
                    results.append(replace(output, servers=servers))
                case _:
                    results.append(output)
        return results

    def _neighbour_changed(self, mesh: Mesh, up: bool, now: float) -> list[Effect]:
        links = sum(mesh.links_up for mesh in self._meshes)
        self._conversations.confirm_clock(mesh.links_up + self._rendezvous.count_agreeing())
        told = self._conversations.on_links(mesh.record.id, mesh.links_up, now)
        self._rooms.note_links(mesh.record.id, mesh.links_up, now)
        self._introductions.note_links(links, now)
        return [Notify(LinksChanged(links, "up" if up else "down")), *self.route_conversations(told, now)]

    def route_conversations(self, produced: Iterable[outputs.Routed], now: float) -> list[Effect]:
        """What conversations want done."""
        results: list[Effect] = []
        for output in produced:
            match output:
                case outputs.SendInto(mesh, cell, haste):
                    results.append(WhenKept(user_inputs.CellSubmitted(mesh, cell, haste)))
                case outputs.RoomWordReported():
                    results += self.route_conversations(self._rooms.take_word(output, now), now)
                case outputs.IntroductionReported():
                    results += self.route_introductions(self._introductions.take_word(output, now), now)
                case Notify(RoomTurned(turn=RoomTurn.GONE | RoomTurn.ENDED | RoomTurn.FORGOTTEN)):
                    over = self._introductions.follow_rooms()
                    results += [output, *self.route_introductions(over, now)]
                case Notify(ContactChanged(contact, "blocked" | "removed" as change)):
                    gone = self._rooms.forget_contact(contact.id, now)
                    results += [output, *self.route_conversations(gone, now)]
                    over = self._introductions.forget_contact(contact.id, now)
                    results += self.route_introductions(over, now)
                    results += self.route_files(self._files.change_contact(contact.id, change, now), now)
                case Notify(ContactChanged(contact, "renewed")):
                    self._belonging.review_trust(contact.id)
                    results.append(output)
                case Notify(PresenceChanged(contact_id, here=True)):
                    self._files.hurry_contact(contact_id, now)
                    results.append(output)
                case outputs.FileReported(contact_id, message):
                    results += self.route_files(self._files.take_message(contact_id, message, now), now)
                case outputs.MeshReported(contact, renewed):
                    told = self._belonging.succession.on_renewed(contact, renewed, now)
                    results += self.route_belonging(told, now)
                case _:
                    results.append(output)
        return results

    def route_introductions(self, produced: Iterable[IntroductionOutput], now: float) -> list[Effect]:
        """What introductions want done."""
        results: list[Effect] = []
        for output in produced:
            if not isinstance(output, NewContact):
                results += self.route_conversations([output], now)
                continue
            contact, kept = self._belonging.keep_introduced(output.paired, output.mesh, now)
            results += self.route_belonging(kept, now)
            source = output.introduction.source
            if isinstance(source, MemberOf):
                noted = self._rooms.members.note_contact(source, contact.id)
                results += self.route_conversations(noted, now)
            results.append(notify(output.introduction, IntroductionTurn.COMPLETED, contact.id))
        return results

    def route_files(self, wishes: Iterable[FileOutput], now: float) -> list[Effect]:
        """What files want done."""
        return [effect for wish in wishes for effect in self._route_file(wish, now)]

    def _route_file(self, wish: FileOutput, now: float) -> list[Effect]:
        words = self._conversations.file_words
        match wish:
            case TellFileWord(contact, word):
                return self.route_conversations(words.tell_word(contact, word, now), now)
            case AskForBlocks(contact, request):
                return self.route_conversations(words.ask_for_blocks(contact, request, now), now)
            case SendBlocks(contact, file, blocks):
                return self.route_conversations(words.send_blocks(contact, file, blocks, now), now)
            case _:
                return [wish]

    def route_invite(self, invite: int, produced: Iterable[invites.InviteOutput], now: float) -> list[Effect]:
        """What an invite wants done."""
        results: list[Effect] = []
        for output in produced:
            match output:
                case TakeSeat() | LeaveSeat() | Signal():
                    results += self.meet_at_rendezvous(output, now)
                case pairing.Ready(code):
                    results.append(Notify(effects.InviteReady(invite, code)))
                case pairing.Disturbed(strangers):
                    results.append(Notify(effects.InviteDisturbed(invite, strangers)))
                case pairing.PairingFailed(failure):
                    results.append(Notify(effects.InviteFailed(invite, failure)))
                case pairing.Paired():
                    contact, kept = self._belonging.keep_pairing(output, now)
                    results += self.route_belonging(kept, now)
                    results += self._invites.note_used(output, contact.id, now)
                    not_joined = self._belonging.not_joined(output)
                    results.append(Notify(effects.InviteCompleted(invite, contact, not_joined)))
                case invites.PairedEarlier(contact_id, otherwise):
                    results.append(Notify(self._earlier_contact(invite, contact_id, otherwise)))
                case _:
                    results.append(output)
        return results

    def route_belonging(self, produced: Iterable[labelled.BelongingOutput], now: float) -> list[Effect]:
        """What follows from a mesh that is joined, left, or met elsewhere."""
        results: list[Effect] = []
        for output in produced:
            match output:
                case labelled.OfMesh(mesh, out_of):
                    results += self.route_mesh(mesh, out_of, now)
                case labelled.OfConversations(out_of):
                    results += self.route_conversations(out_of, now)
                case labelled.OfInvite(invite, out_of):
                    results += self.route_invite(invite, out_of, now)
                case Notify(MeshChanged(change="left" | "renewed")):
                    moved = self._rooms.follow_meshes(now)
                    results += [*self.route_conversations(moved, now), output]
                case _:
                    results.append(output)
        return results

    def _earlier_contact(self, invite: int, contact: ContactId, otherwise: InviteFailure) -> effects.Event:
        known = self._conversations.find_contact(contact)
        failed = effects.InviteFailed(invite, otherwise)
        return effects.InviteCompleted(invite, known) if known is not None else failed

    def meet_at_rendezvous(self, wish: TakeSeat | LeaveSeat | Signal, now: float) -> list[Effect]:
        """What a mesh or an invite wants at a rendezvous."""
        match wish:
            case TakeSeat(url, topic, mode):
                return self._rendezvous.keep_seat(url, topic, mode, now)
            case LeaveSeat(url, topic):
                return self._rendezvous.leave_seat(url, topic)
            case Signal(url, message):
                return [Signal(self._rendezvous.line_at(url, message.topic), message)]
            case _:
                assert_never(wish)

    # --- contacts, who may be neighbours

    def give_marks(self, mesh: Mesh, links: Iterable[LinkId], now: float) -> list[Effect]:
        """Identify ourselves to neighbours that are contacts and should know. A link may have gone down again
        already."""
        bindings, id = mesh.table.list_bindings(), mesh.record.id
        results: list[Effect] = []
        for link in links:
            if link in bindings:
                marks = self._conversations.recognition.give_marks(id, bindings[link], self._marking, now)
                results += self.route_mesh(mesh, mesh.send_marks(link, marks, now), now)
        return results

    def _read_marks(self, mesh: Mesh, link: LinkId, marks: Marks) -> None:
        """Nothing is answered: an observer of lines would see which members know each other."""
        binding = mesh.table.list_bindings().get(link)
        if binding is not None:
            recognition = self._conversations.recognition
            contact = recognition.recognise_contact(mesh.record.id, binding, marks)
            if contact is not None:
                mesh.traffic.stem.guards.trust_link(link, contact)
