"""One node: the single object that a driver and the tests run.

Knows: which of its machines an input concerns. Does not know: sockets, files, clocks; how one machine's
outputs are another's inputs (``mesh.routing``); nor any machine's own rules.
"""

from __future__ import annotations

from collections import Counter
from typing import assert_never

from p2pchat.core.broadcast.plumtree import Plumtree
from p2pchat.core.broadcast.strategy import Strategy
from p2pchat.core.files.files import Files
from p2pchat.core.files.quotas import FileLimits
from p2pchat.core.files.receiving import ask_first_s
from p2pchat.core.introductions.introductions import Introductions
from p2pchat.core.introductions.outputs import IntroductionSurroundings
from p2pchat.core.kit.moments import NEVER
from p2pchat.core.membership.nearby import NearbyKey
from p2pchat.core.membership.unreached import Unreached
from p2pchat.core.mesh.belonging import Belonging
from p2pchat.core.mesh.meshes import Meshes
from p2pchat.core.mesh.routing import Routing
from p2pchat.core.mesh.signals import Signals
from p2pchat.core.messaging.conversations import Conversations
from p2pchat.core.pairing.invites import Invites
from p2pchat.core.rendezvous.hinted import Hinted
from p2pchat.core.rendezvous.rendezvous import Rendezvous
from p2pchat.core.rendezvous.seats import epochs
from p2pchat.core.rooms.rooms import Rooms
from p2pchat.core.stem.stem import Stem, Stems
from p2pchat.core.values import inputs, user_inputs
from p2pchat.core.values.changes import PutListeners
from p2pchat.core.values.effects import Effect, Persist
from p2pchat.core.values.files import ForFiles
from p2pchat.core.values.introductions import ForIntroductions
from p2pchat.core.values.records import Contact, Identity, Memory, MeshRecord
from p2pchat.core.values.room_inputs import ForRooms
from p2pchat.core.values.settings import Settings
from p2pchat.core.values.status import RendezvousStatus, Status
from p2pchat.crypto.kdf import nearby_key
from p2pchat.errors import RefusedInput
from p2pchat.ports import Entropy, exponential
from p2pchat.types import ContactId, MeshId, Topic
from p2pchat.wire.ice import Servers

TICK_MIN_S = 0.001
"""The minimum between two ticks, even if a machine asks for an earlier one: no input can make a node do
nothing but tick."""

MARKS_S = 600.0
"""Neighbours that may be contacts get new marks at random moments, so far apart on average: were they
given when a contact was verified, every neighbour would know of the verification."""


class NodeMachine:
    """The core of one node: call ``handle`` with every input in order, carry out what it returns, and come
    back at ``next_wakeup``."""

    def __init__(
        self,
        memory: Memory,
        entropy: Entropy,
        settings: Settings | None = None,
        strategy: Strategy = Plumtree,
        stem: Stems = Stem,
    ) -> None:
        self._settings = settings or Settings()
        self._entropy = entropy
        self._rest_due: float | None = None
        self._not_before = 0.0
        self._counters: Counter[str] = Counter()
        self._marking = entropy.make_child("marks")
        self._marks_at = NEVER
        self._rendezvous = Rendezvous(
            entropy.make_child("rendezvous"),
            lambda url: self._belonging.is_typed(url),
            self._settings.separate,
            lambda url: url in self._signals.nearby,
        )
        self._servers = Hinted()
        self._invites = Invites(
            memory.identity, memory.tried, entropy.make_child("invites"), self._settings.lan
        )
        self._conversations = Conversations(memory, self._settings, entropy, self._counters)
        self.files = Files(
            memory.files,
            self._conversations.find_contact,
            FileLimits(self._settings.mesh_file_bytes),
            entropy.make_child("files"),
            self._counters,
            ask_first_s(self._settings.profile),
        )
        """Files that this home gives and takes."""
        self.rooms = Rooms(memory, self._conversations, self._settings, entropy, self._counters)
        """The rooms of this home, and offers of rooms."""
        self._meshes = Meshes(self._settings, strategy, stem, entropy, self._counters)
        self._belonging = Belonging(
            memory.identity, self._meshes, self._conversations, self._invites, entropy
        )
        self.rooms.find_line = self._belonging.succession.line_of
        self.rooms.find_name = lambda: self._belonging.identity.name
        self._belonging.is_needed = self.rooms.is_in_mesh
        around = IntroductionSurroundings(
            self.rooms.members,
            self._conversations.find_contact,
            lambda contact, word, now: self._conversations.tell_payloads(contact, [word], now),
            lambda mesh: next(iter(self.rooms.find_line(mesh)), None),
            lambda: self._belonging.identity,
            entropy.make_child("introductions"),
        )
        self.introductions = Introductions(memory, around, self._counters)
        """Introductions of this home, and those that it makes of two of its contacts."""
        self._routing = Routing(
            self._rendezvous,
            self._servers,
            self._invites,
            self._conversations,
            self.files,
            self._meshes,
            self._belonging,
            self.rooms,
            self.introductions,
            self._marking,
        )
        self._signals = Signals(
            self._rendezvous,
            self._servers,
            self._invites,
            self._meshes,
            self._belonging,
            self._routing,
            self._counters,
        )
        for record in memory.meshes:
            if record.replaces is not None:
                self._belonging.succession.wait_for(record)
            else:
                listeners = memory.listeners.get(record.id, ())
                self._meshes.add(record, memory.held.get(record.id, ()), listeners)

    # --- what may be asked at any time

    @property
    def identity(self) -> Identity:
        """Our own identity."""
        return self._belonging.identity

    def list_contacts(self) -> tuple[Contact, ...]:
        """List all contacts, also blocked ones, in the order in which they were added."""
        return self._conversations.list_contacts()

    def is_here(self, contact: ContactId, now: float) -> bool | None:
        """Tell whether the contact was heard lately; None without a link, because no contact can be heard
        then."""
        return self._conversations.is_here(contact, now)

    def heard_at(self, contact: ContactId) -> float | None:
        """Return when the contact was last heard, in Unix seconds; None if not since this node started."""
        return self._conversations.heard_at(contact)

    def over_quota(self, contact: ContactId) -> bool:
        """Tell whether the contact's messages wait, because it has filled its share of the disk."""
        return self._conversations.over_quota(contact)

    def count_waiting(self) -> int:
        """Count the messages that were accepted and are not yet final."""
        return self._conversations.count_waiting() + self.rooms.count_waiting()

    def known_urls(self) -> tuple[str, ...]:
        """List every known rendezvous: our own and our meshes'."""
        return self._belonging.known_urls()

    def typed_urls(self) -> tuple[str, ...]:
        """List every rendezvous that the person has typed."""
        return self._belonging.typed_urls()

    def list_meshes(self) -> tuple[MeshRecord, ...]:
        """List all meshes; invites lead into the first."""
        records = [mesh.record for mesh in self._meshes]
        return tuple(sorted(records, key=lambda record: (record.successor is not None, record.joined_at)))

    def list_unreached(self, now: float, of: MeshId | None = None) -> tuple[Unreached, ...]:
        """List the members that no link reaches, of one mesh or of all."""
        meshes = (mesh for mesh in self._meshes if of is None or mesh.record.id == of)
        return tuple(member for mesh in meshes for member in mesh.view.unreached_members(now))

    def list_hinted_servers(self, now: float) -> Servers:
        """List all STUN and TURN servers that rendezvous have hinted."""
        return self._servers.servers_for(self.known_urls(), True, now)

    def nearby_keys(self, now: float) -> list[NearbyKey]:
        """List the keys by which nodes recognise each other on this machine's own network."""
        members = [
            NearbyKey(nearby_key(mesh.record.secret, epoch), mesh.record.id)
            for mesh in self._meshes
            for epoch in epochs(now)
        ]
        return members + self._invites.nearby_keys()

    def nearby_status(self) -> tuple[RendezvousStatus, ...]:
        """Return the state of the rendezvous on this machine's own network."""
        return self._rendezvous.get_status(nearby=True)

    def meets_at(self, topic: Topic) -> bool:
        """Tell whether a mesh or an invite of ours meets at that topic."""
        return self._meshes.find_by_topic(topic) is not None or self._invites.find_by_topic(topic) is not None

    def get_status(self) -> Status:
        """Return the present state, to show."""
        places = self._rendezvous.get_status()
        visited = {url for mesh in self._meshes for url in mesh.view.seat_links.listeners.visited}
        visited -= set(self.known_urls())
        return Status(
            tuple(link for mesh in self._meshes for link in mesh.link_statuses()),
            tuple(place for place in places if place.url not in visited),
            self.count_waiting(),
            tuple(mesh.get_status() for mesh in self._meshes),
            self._rendezvous.clock_status(),
            dict(sorted(self._counters.items())),
            (*self.nearby_status(), *(place for place in places if place.url in visited)),
        )

    def next_wakeup(self) -> float | None:
        """Return when ``TimerFired`` is next due, in Unix seconds."""
        due = self._next_deadline()
        return None if due == NEVER else max(due, self._not_before)

    def _next_deadline(self) -> float:
        """Asked after every input, so what only some inputs move is kept."""
        if self._rest_due is None:
            due = (
                self._rendezvous.next_wakeup(),
                self._invites.next_wakeup(),
                self._belonging.succession.next_wakeup(),
                self._marks_at,
            )
            self._rest_due = min((at for at in due if at is not None), default=NEVER)
        soonest = min(self._rest_due, self.rooms.next_wakeup(), self.files.next_wakeup())
        for mesh in self._meshes:
            soonest = min(soonest, mesh.next_wakeup())
        soonest = min(soonest, self.introductions.next_wakeup())
        return min(soonest, self._conversations.next_wakeup())

    # --- inputs

    def handle(self, input: inputs.Input, now: float) -> list[Effect]:
        """Handle one input; return the effects. Never raises for what a peer or a server sent."""
        if not isinstance(input, (inputs.FrameReceived, inputs.FramesDrained)):
            self._rest_due = None
        try:
            if isinstance(input, ForRooms):
                return self._routing.route_conversations(self.rooms.take_input(input, now), now)
            if isinstance(input, ForIntroductions):
                return self._routing.route_introductions(self.introductions.take_input(input, now), now)
            if isinstance(input, ForFiles):
                return self._routing.route_files(self.files.take_input(input, now), now)
            return self._dispatch(input, now)
        except RefusedInput as refusal:
            self._counters[f"input refused: {refusal.kind}"] += 1
            return []

    def _dispatch(self, input: inputs.NodeInput, now: float) -> list[Effect]:
        match input:
            case inputs.Started():
                return self._start(now)
            case inputs.TimerFired():
                self._not_before = now + TICK_MIN_S
                return self._tick(now)
            case inputs.StopAnnounced():
                return self._say_goodbye(now)
            case inputs.ShutDown():
                return self._shut_down(now)
            case inputs.RendezvousUp() | inputs.RendezvousDown() | inputs.SignalReceived():
                return self._signals.on_rendezvous(input, now)
            case inputs.NearbyFound(own, places):
                return self._signals.on_nearby(own, places, now)
            case inputs.ServersHinted() | inputs.NetworkChanged() | inputs.Urged() | inputs.LinkShaken():
                return self._signals.on_network(input, now)
            case (
                inputs.OfferMade()
                | inputs.AnswerMade()
                | inputs.LinkUp()
                | inputs.LinkDown()
                | inputs.FrameReceived()
                | inputs.FramesDrained()
            ):
                return self._routing.change_link(input, now)
            case (
                user_inputs.MessageSubmitted()
                | user_inputs.ReferenceSubmitted()
                | user_inputs.RecoveryKeysDrawn()
                | user_inputs.RecoveryKeysTold()
            ):
                return self._routing.route_conversations(self.rooms.take_request(input, now), now)
            case user_inputs.CellSubmitted():
                return self._routing.submit_cell(input, now)
            case inputs.CellsFetched():
                return self._routing.take_fetched(input, now)
            case user_inputs.InviteOpened():
                return self._routing.route_belonging(self._belonging.open_invite(input, now), now)
            case user_inputs.InviteEntered() | user_inputs.InviteCancelled():
                return self._routing.change_invite(input, now)
            case (
                user_inputs.ContactRenamed()
                | user_inputs.ContactVerified()
                | user_inputs.ContactBlocked()
                | user_inputs.ContactMuted()
                | user_inputs.ContactRetentionChosen()
                | user_inputs.ContactRenewed()
                | user_inputs.ContactRemoved()
            ):
                return self._routing.route_belonging(self._belonging.change_contact(input, now), now)
            case (
                user_inputs.MeshLeft()
                | user_inputs.RendezvousAdded()
                | user_inputs.RendezvousRemoved()
                | user_inputs.NameChosen()
            ):
                return self._routing.change_belonging(input, now)
            case _:
                assert_never(input)

    def _start(self, now: float) -> list[Effect]:
        self._conversations.start(now)
        restored = self._routing.route_conversations(self.rooms.restore_rooms(now), now)
        self._marks_at = now + exponential(self._marking, MARKS_S)
        checked = self._routing.route_files(self.files.check_contents(now), now)
        forgotten = self._routing.route_introductions(self.introductions.start(), now)
        return restored + checked + forgotten + self._tick(now)

    def _tick(self, now: float) -> list[Effect]:
        effects = self._rendezvous.tick(now)
        effects += self._routing.route_belonging(self._belonging.succession.tick(now), now)
        for invite, outputs in self._invites.tick(now):
            effects += self._routing.route_invite(invite, outputs, now)
        for mesh in self._meshes:
            effects += self._routing.route_mesh(mesh, mesh.tick(now), now)
        if now >= self._marks_at:
            self._marks_at = now + exponential(self._marking, MARKS_S)
            for mesh in self._meshes:
                effects += self._routing.give_marks(mesh, mesh.table.list_bindings(), now)
            effects.extend(self._keep_listeners())
        if effects:
            return (
                effects  # what is others' leaves first (decision 0034); ours is still due, and comes at once
            )
        ours = [*self._conversations.tick(now), *self.rooms.tick(now)]
        introduced = self._routing.route_introductions(self.introductions.tick(now), now)
        files = self._routing.route_files(self.files.tick(now), now)
        return self._routing.route_conversations(ours, now) + introduced + files

    def _say_goodbye(self, now: float) -> list[Effect]:
        effects: list[Effect] = []
        for invite in self._invites.list_open():
            effects += self._routing.route_invite(invite, self._invites.cancel(invite), now)
        return effects + self._routing.route_conversations(self._conversations.say_goodbye(now), now)

    def _shut_down(self, now: float) -> list[Effect]:
        effects = self._keep_listeners()
        for mesh in self._meshes:
            effects += self._routing.route_mesh(mesh, mesh.shut_down(now), now)
        # After the meshes: onions that waited there bore cells for us, too.
        return effects + self._routing.route_conversations(self._conversations.open_waiting(now), now)

    def _keep_listeners(self) -> list[Effect]:
        """At moments of our own: a write that a neighbour causes would show it what else is written."""
        return [
            Persist(PutListeners(mesh.record.id, urls))
            for mesh in self._meshes
            if (urls := mesh.view.seat_links.listeners.take_unkept()) is not None
        ]
