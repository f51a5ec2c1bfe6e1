"""One node: the single object that a driver and the tests run.

Knows: which of its machines an input concerns, and how one machine's outputs are another's inputs.
Does not know: sockets, files, clocks; nor any machine's own rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import assert_never

from p2pchat.core import effects, inputs, pairing
from p2pchat.core.broadcast.cells import CellArrived
from p2pchat.core.broadcast.plumtree import Plumtree
from p2pchat.core.broadcast.strategy import Strategy
from p2pchat.core.effects import (
    ContactChanged,
    Effect,
    LinksChanged,
    MakeAnswer,
    MakeOffer,
    Notify,
    Persist,
    Signal,
    WhenKept,
    frames_first,
)
from p2pchat.core.inputs import Sought
from p2pchat.core.kit.moments import NEVER
from p2pchat.core.membership.nearby import NearbyKey
from p2pchat.core.membership.unreached import Unreached
from p2pchat.core.mesh import labelled, mesh
from p2pchat.core.mesh.belonging import Belonging
from p2pchat.core.mesh.mesh import Mesh
from p2pchat.core.mesh.meshes import Meshes
from p2pchat.core.messaging import outputs
from p2pchat.core.messaging.conversations import Conversations
from p2pchat.core.pairing import invites
from p2pchat.core.pairing.invites import Invites
from p2pchat.core.records import Contact, Identity, Memory, PutListeners
from p2pchat.core.records import MeshRecord as MeshRecord
from p2pchat.core.refusals import InviteFailure
from p2pchat.core.rendezvous.hinted import Hinted
from p2pchat.core.rendezvous.rendezvous import (
    LeaveSeat,
    Line,
    Rendezvous,
    TakeSeat,
    topic_of,
    url_of,
)
from p2pchat.core.rendezvous.seats import epochs
from p2pchat.core.settings import Settings
from p2pchat.core.status import RendezvousStatus, Status
from p2pchat.core.stem.stem import Stem, Stems
from p2pchat.crypto.kdf import nearby_key
from p2pchat.errors import RefusedInput
from p2pchat.ports import Entropy, exponential
from p2pchat.types import ContactId, LinkId, Topic
from p2pchat.wire import signalling
from p2pchat.wire.ice import Servers
from p2pchat.wire.marks import Marks

TICK_MIN_S = 0.001
"""Between two ticks, whatever a machine says is due: no input can make a node do nothing but tick."""

MARKS_S = 600.0
"""Neighbours who may be contacts are given marks anew at random moments, so far apart on average: were they
given when a contact was verified, every neighbour would know that somebody was."""


class NodeMachine:
    """``handle`` every input in order, carry out what it returns, and come back at ``next_wakeup``."""

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
            lambda url: url in self._nearby,
        )
        self._nearby: frozenset[str] = frozenset()
        """Places on this machine's own network at which somebody is met."""
        self._servers = Hinted()
        self._invites = Invites(
            memory.identity, memory.tried, entropy.make_child("invites"), self._settings.lan
        )
        self._conversations = Conversations(memory, self._settings, entropy, self._counters)
        self._meshes = Meshes(self._settings, strategy, stem, entropy, self._counters)
        self._belonging = Belonging(
            memory.identity, self._meshes, self._conversations, self._invites, entropy
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
        """Who we are."""
        return self._belonging.identity

    def contacts(self) -> tuple[Contact, ...]:
        """All contacts, blocked ones included, in the order they were added."""
        return self._conversations.contacts()

    def here(self, contact: ContactId, now: float) -> bool | None:
        """Whether the contact was heard lately; None without a link, where nobody could be heard."""
        return self._conversations.here(contact, now)

    def heard_at(self, contact: ContactId) -> float | None:
        """When the contact was heard last, Unix seconds; None: not since this node began."""
        return self._conversations.heard_at(contact)

    def over_quota(self, contact: ContactId) -> bool:
        """Whether what the contact sends waits, because it has filled its share of the disk."""
        return self._conversations.over_quota(contact)

    def waiting(self) -> int:
        """Messages accepted and not yet final."""
        return self._conversations.waiting()

    def places(self) -> tuple[str, ...]:
        """Every rendezvous that is known, ours and our meshes'."""
        return self._belonging.places()

    def typed(self) -> tuple[str, ...]:
        """Every rendezvous that the person has typed."""
        return self._belonging.typed()

    def meshes(self) -> tuple[MeshRecord, ...]:
        """All meshes; the one into which invites lead first."""
        records = [each.record for each in self._meshes]
        return tuple(sorted(records, key=lambda each: (each.successor is not None, each.joined_at)))

    def unreached(self, now: float) -> tuple[Unreached, ...]:
        """Members whom no link reaches, of all meshes."""
        return tuple(one for each in self._meshes for one in each.unreached(now))

    def hinted(self, now: float) -> Servers:
        """All STUN and TURN servers that rendezvous have hinted."""
        return self._servers.servers(self.places(), True, now)

    def nearby_keys(self, now: float) -> list[NearbyKey]:
        """By which keys others are known on this machine's own network, and we to them."""
        members = [
            NearbyKey(nearby_key(home.record.secret, epoch), home.record.id)
            for home in self._meshes
            for epoch in epochs(now)
        ]
        return members + self._invites.nearby_keys()

    def nearby_status(self) -> tuple[RendezvousStatus, ...]:
        """How it stands with the places on this machine's own network."""
        return self._rendezvous.status(nearby=True)

    def meets_at(self, topic: Topic) -> bool:
        """Whether anything of ours is met at that topic."""
        return self._meshes.at(topic) is not None or self._invites.at(topic) is not None

    def status(self) -> Status:
        """The present state, to show."""
        places = self._rendezvous.status()
        visited = {url for home in self._meshes for url in home.visited if url not in self.places()}
        return Status(
            tuple(link for each in self._meshes for link in each.links()),
            tuple(place for place in places if place.url not in visited),
            self.waiting(),
            tuple(each.status() for each in self._meshes),
            self._rendezvous.clock(),
            dict(sorted(self._counters.items())),
            (*self.nearby_status(), *(place for place in places if place.url in visited)),
        )

    def next_wakeup(self) -> float | None:
        """When ``TimerFired`` is next needed; Unix seconds."""
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
        soonest = min((each.next_wakeup() for each in self._meshes), default=NEVER)
        return min(soonest, self._rest_due, self._conversations.next_wakeup())

    # --- inputs

    def handle(self, input: inputs.Input, now: float) -> list[Effect]:
        """Take one input in; return what is to be done. Never raises on what a peer or a server sent."""
        if not isinstance(input, (inputs.FrameReceived, inputs.FramesDrained)):
            self._rest_due = None
        try:
            return self._dispatch(input, now)
        except RefusedInput as refusal:
            self._counters[f"input refused: {refusal.kind}"] += 1
            return []

    def _dispatch(self, input: inputs.Input, now: float) -> list[Effect]:
        match input:
            case inputs.Started():
                return self._start(now)
            case inputs.TimerFired():
                self._not_before = now + TICK_MIN_S
                return self._tick(now)
            case inputs.Stopping():
                return self._take_leave(now)
            case inputs.Leaving():
                return self._leave(now)
            case inputs.RendezvousUp() | inputs.RendezvousDown() | inputs.SignalReceived():
                return self._at_rendezvous(input, now)
            case inputs.NearbyFound(own, places):
                return self._meet_nearby(own, places, now)
            case inputs.ServersHinted() | inputs.NetworkChanged() | inputs.Urged() | inputs.LinkShaken():
                return self._ways(input, now)
            case (
                inputs.OfferMade()
                | inputs.AnswerMade()
                | inputs.LinkUp()
                | inputs.LinkDown()
                | inputs.FrameReceived()
                | inputs.FramesDrained()
            ):
                return self._link(input, now)
            case (
                inputs.MessageSubmitted()
                | inputs.ReferenceSubmitted()
                | inputs.RecoveryKeysDrawn()
                | inputs.RecoveryKeysTold()
            ):
                return self._route_conversations(self._conversations.take_request(input, now), now)
            case inputs.CellSubmitted():
                return self._submit(input, now)
            case inputs.CellsFetched(home, numbers, cells):
                mesh = self._meshes.get(home)
                return self._on_mesh(mesh, mesh.fetched(numbers, cells, now), now) if mesh is not None else []
            case inputs.InviteOpened():
                return self._on_belonging(self._belonging.open(input, now), now)
            case inputs.InviteEntered() | inputs.InviteCancelled():
                return self._invite(input, now)
            case (
                inputs.ContactRenamed()
                | inputs.ContactVerified()
                | inputs.ContactBlocked()
                | inputs.ContactMuted()
                | inputs.ContactLasts()
                | inputs.ContactRenewed()
                | inputs.ContactRemoved()
            ):
                return self._on_belonging(self._belonging.change(input, now), now)
            case (
                inputs.MeshLeft()
                | inputs.RendezvousAdded()
                | inputs.RendezvousRemoved()
                | inputs.NameChosen()
            ):
                return self._belonging_changed(input, now)
            case _:
                assert_never(input)

    def _start(self, now: float) -> list[Effect]:
        self._conversations.start(now)
        self._marks_at = now + exponential(self._marking, MARKS_S)
        return self._tick(now)

    def _tick(self, now: float) -> list[Effect]:
        out = self._rendezvous.tick(now)
        out += self._on_belonging(self._belonging.succession.tick(now), now)
        for invite, done in self._invites.tick(now):
            out += self._on_invite(invite, done, now)
        for each in self._meshes:
            out += self._on_mesh(each, each.tick(now), now)
        if now >= self._marks_at:
            self._marks_at = now + exponential(self._marking, MARKS_S)
            for each in self._meshes:
                out += self._give_marks(each, each.bindings(), now)
            out.extend(self._keep_listeners())
        if out:
            return out  # what is others' leaves first; ours is still due, and has its turn at once
        return self._route_conversations(self._conversations.tick(now), now)

    def _take_leave(self, now: float) -> list[Effect]:
        out: list[Effect] = []
        for invite in self._invites.open():
            out += self._on_invite(invite, self._invites.cancel(invite), now)
        return out + self._route_conversations(self._conversations.leave(now), now)

    def _leave(self, now: float) -> list[Effect]:
        out = self._keep_listeners()
        for each in self._meshes:
            out += self._on_mesh(each, each.leave(now), now)
        return out + self._route_conversations(
            self._conversations.empty(now), now
        )  # onions that waited here bore cells for us, too

    def _keep_listeners(self) -> list[Effect]:
        """At moments of our own: a write that a neighbour causes would show it what else is written."""
        return [
            Persist(PutListeners(home.record.id, urls))
            for home in self._meshes
            if (urls := home.unkept_listeners()) is not None
        ]

    # --- rendezvous

    def _at_rendezvous(
        self, input: inputs.RendezvousUp | inputs.RendezvousDown | inputs.SignalReceived, now: float
    ) -> list[Effect]:
        match input:
            case inputs.RendezvousUp(line, clock):
                return self._rendezvous.up(line, clock, now)
            case inputs.RendezvousDown(line, reason, flooded):
                return self._rendezvous_down(line, reason, flooded, now)
            case inputs.SignalReceived(line, message):
                return self._signal(line, message, now)
            case _:
                assert_never(input)

    def _rendezvous_down(self, line: Line, reason: str, flooded: bool, now: float) -> list[Effect]:
        self._rendezvous.down(line, reason, now, flooded)
        url, topic = url_of(line), topic_of(line)
        for each in self._meshes:
            if topic is None or each.holds(topic):
                each.unseated(url)
        out: list[Effect] = []
        for invite, done in self._invites.down(url, topic, reason, now):
            out += self._on_invite(invite, done, now)
        return out

    def _signal(self, line: Line, message: signalling.FromServer, now: float) -> list[Effect]:
        if isinstance(message, signalling.Welcome | signalling.Hints | signalling.Draining):
            return []
        if not self._rendezvous.may_say(line, message):
            self._counters["signals nobody asked for"] += 1
            return []
        url = url_of(line)
        home = self._meshes.at(message.topic)
        if home is not None:
            return self._on_mesh(home, home.receive_signal(url, message, now), now)
        invite = self._invites.at(message.topic)
        if invite is None:
            return []
        return self._on_invite(invite, self._invites.signal(invite, url, message, now), now)

    def _meet(self, wish: TakeSeat | LeaveSeat | Signal, now: float) -> list[Effect]:
        """What a mesh or an invite wants at a rendezvous."""
        match wish:
            case TakeSeat(url, topic, mode):
                return self._rendezvous.want(url, topic, mode, now)
            case LeaveSeat(url, topic):
                return self._rendezvous.unwant(url, topic)
            case Signal(url, message):
                return [Signal(self._rendezvous.line(url, message.topic), message)]
            case _:
                assert_never(wish)

    def _meet_nearby(
        self, own: tuple[str, ...], places: Mapping[Sought, Sequence[str]], now: float
    ) -> list[Effect]:
        found = {url for urls in places.values() for url in urls}
        self._meshes.own_places = own
        self._nearby = frozenset((*own, *found)) - frozenset(self.places())
        wishes: list[Effect] = []
        for home in self._meshes:
            urls = dict.fromkeys((*own, *places.get(home.record.id, ())))
            there = [url for url in urls if url not in home.record.rendezvous]
            wishes += self._on_mesh(home, home.meet_nearby(there, now), now)
        for invite, invite_outputs in self._invites.meet_nearby(own, places, now):
            wishes += self._on_invite(invite, invite_outputs, now)
        return wishes

    def _ways(self, input: inputs.NetworkInput, now: float) -> list[Effect]:
        match input:
            case inputs.ServersHinted(line, servers):
                self._servers.told(url_of(line), servers, now)
                for each in self._meshes:
                    each.relays(self._servers.relays(each.record.rendezvous, now))
                return []
            case inputs.NetworkChanged():
                for each in self._meshes:
                    each.network_changed(now)
                return self._rendezvous.retry(now)
            case inputs.Urged():
                return self._rendezvous.retry(now)
            case inputs.LinkShaken(link):
                home = self._meshes.owning(link)
                return self._on_mesh(home, home.shaken(link, now), now) if home is not None else []
            case _:
                assert_never(input)

    # --- links

    def _link(self, input: inputs.LinkInput, now: float) -> list[Effect]:
        home = self._meshes.owning(input.link)
        if home is None:
            return []  # closed here while the input was on its way
        return self._on_mesh(home, home.link(input, now), now)

    # --- contacts, who may be neighbours

    def _give_marks(self, home: Mesh, links: Iterable[LinkId], now: float) -> list[Effect]:
        """A link may have gone down again already."""
        bindings, id = home.bindings(), home.record.id
        out: list[Effect] = []
        for link in links:
            if link in bindings:
                said = self._conversations.recognition.give_marks(id, bindings[link], self._marking, now)
                out += self._on_mesh(home, home.give(link, said, now), now)
        return out

    def _read_marks(self, home: Mesh, link: LinkId, said: Marks) -> None:
        """Nothing is answered: who watches lines would see who knows whom."""
        binding = home.bindings().get(link)
        if binding is not None:
            recognition = self._conversations.recognition
            contact = recognition.recognise_contact(home.record.id, binding, said)
            if contact is not None:
                home.trust(link, contact)

    # --- invites and meshes

    def _invite(self, input: inputs.InviteEntered | inputs.InviteCancelled, now: float) -> list[Effect]:
        if isinstance(input, inputs.InviteEntered):
            return self._on_invite(input.invite, self._invites.enter(input, self.typed(), now), now)
        return self._on_invite(input.invite, self._invites.cancel(input.invite), now)

    def _came(self, invite: int, contact: ContactId, otherwise: InviteFailure) -> effects.Event:
        known = self._conversations.contact(contact)
        failed = effects.InviteFailed(invite, otherwise)
        return effects.InviteDone(invite, known) if known is not None else failed

    def _belonging_changed(self, input: inputs.MeshInput | inputs.NameChosen, now: float) -> list[Effect]:
        if isinstance(input, inputs.MeshLeft):
            return self._on_belonging(self._belonging.leave(input.mesh, now), now)
        if isinstance(input, inputs.NameChosen):
            return [self._belonging.be_called(input.name)]
        return self._on_belonging(self._belonging.meet(input, now), now)

    # --- one machine's outputs are another's inputs

    def _on_mesh(self, home: Mesh, out: Iterable[mesh.MeshOutput], now: float) -> list[Effect]:
        done: list[Effect] = []
        for each in frames_first(out):
            match each:
                case TakeSeat() | LeaveSeat() | Signal():
                    done += self._meet(each, now)
                case CellArrived(cell, late):
                    self._conversations.cell(cell, home.record.id, late, now)
                case mesh.CellLeft(tag):
                    done += self._route_conversations(self._conversations.left(tag, now), now)
                case mesh.NeighbourChanged(link, up):
                    done += self._neighbour_changed(home, up, now)
                    done += self._give_marks(home, [link] if up else [], now)
                case mesh.MarksGiven(link, said):
                    self._read_marks(home, link, said)
                case MakeOffer(relayed=relayed) | MakeAnswer(relayed=relayed):
                    servers = self._servers.servers(home.record.rendezvous, relayed, now)
                    done.append(replace(each, servers=servers))
                case _:
                    done.append(each)
        return done

    def _neighbour_changed(self, home: Mesh, up: bool, now: float) -> list[Effect]:
        links = sum(each.links_up for each in self._meshes)
        self._conversations.witnessed(home.links_up + self._rendezvous.agreeing())
        told = self._conversations.linked(home.record.id, home.links_up, now)
        return [Notify(LinksChanged(links, "up" if up else "down")), *self._route_conversations(told, now)]

    def _route_conversations(self, out: Iterable[outputs.Routed], now: float) -> list[Effect]:
        done: list[Effect] = []
        for each in out:
            match each:
                case outputs.SendInto(home, cell, haste):
                    done.append(WhenKept(inputs.CellSubmitted(home, cell, haste)))
                case Notify(ContactChanged(contact, "renewed")):
                    self._belonging.review(contact.id)
                    done.append(each)
                case outputs.MeshReported(contact, renewed):
                    told = self._belonging.succession.told(contact, renewed, now)
                    done += self._on_belonging(told, now)
                case _:
                    done.append(each)
        return done

    def _submit(self, input: inputs.CellSubmitted, now: float) -> list[Effect]:
        """A cell of ours whose session is on disk. Its mesh may have been left meanwhile."""
        home = self._meshes.get(input.mesh)
        return self._on_mesh(home, home.submit(input.cell, now, input.haste), now) if home is not None else []

    def _on_invite(self, invite: int, out: Iterable[invites.InviteOutput], now: float) -> list[Effect]:
        done: list[Effect] = []
        for each in out:
            match each:
                case TakeSeat() | LeaveSeat() | Signal():
                    done += self._meet(each, now)
                case pairing.Ready(code):
                    done.append(Notify(effects.InviteReady(invite, code)))
                case pairing.Disturbed(strangers):
                    done.append(Notify(effects.InviteDisturbed(invite, strangers)))
                case pairing.PairingFailed(failure):
                    done.append(Notify(effects.InviteFailed(invite, failure)))
                case pairing.Paired():
                    contact, kept = self._belonging.pair(each, now)
                    done += self._on_belonging(kept, now)
                    done += self._invites.came_of(each, contact.id, now)
                    left_out = self._belonging.left_out(each)
                    done.append(Notify(effects.InviteDone(invite, contact, left_out)))
                case invites.Came(contact_id, otherwise):
                    done.append(Notify(self._came(invite, contact_id, otherwise)))
                case _:
                    done.append(each)
        return done

    def _on_belonging(self, out: Iterable[labelled.Said], now: float) -> list[Effect]:
        done: list[Effect] = []
        for each in out:
            match each:
                case labelled.OfMesh(home, out_of):
                    done += self._on_mesh(home, out_of, now)
                case labelled.OfConversations(out_of):
                    done += self._route_conversations(out_of, now)
                case labelled.OfInvite(invite, out_of):
                    done += self._on_invite(invite, out_of, now)
                case _:
                    done.append(each)
        return done
