"""Two people, a few words, an untrusted rendezvous: they become contacts, or nothing happens."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import pytest

from p2pchat.core.membership.neighbour import SeatRef
from p2pchat.core.pairing import Guest, Host, Output, host
from p2pchat.core.pairing import invites as invites_
from p2pchat.core.pairing.binding import Transcript
from p2pchat.core.values import effects, inputs, user_inputs
from p2pchat.core.values.refusals import InviteFailure, NoContact
from p2pchat.crypto.kdf import invite_topic
from p2pchat.types import Seat, Topic
from p2pchat.wire import pairing as wire
from p2pchat.wire.invite import InviteCode, InviteLink
from p2pchat.wire.signalling import (
    BLOB_BYTES,
    Blob,
    FromServer,
    Gone,
    Pass,
    Refusal,
    Seated,
    SeatMode,
    SeatRefused,
    Take,
    encode_client,
)
from p2pchat.wire.words import WORDS
from rendezvous.broker import Broker
from rendezvous.limits import Limits, groups
from rendezvous.outputs import Deliver
from rendezvous.topics import Connection, InviteTopic
from tests.support.world import URL, World


def enter(world: World, guest: str, code: InviteCode | InviteLink, patience: float = 60.0) -> None:
    world.tell(guest, user_inputs.InviteEntered(1, code, None, (), world.now + patience))


def failure(world: World, name: str) -> InviteFailure:
    return world.machines[name].events(effects.InviteFailed)[-1].failure


def reason(world: World, name: str) -> NoContact:
    return failure(world, name).reason


@pytest.fixture
def world() -> World:
    world = World()
    for name in ("alice", "bob", "eve"):
        world.add(name)
        world.start(name)
    return world


@pytest.mark.parametrize("link", [False, True])
def test_both_sides_end_up_with_each_other_and_one_mesh(world: World, link: bool) -> None:
    code = world.invite("alice", link=link)
    enter(world, "bob", code)
    world.run_until(lambda: bool(world.machines["bob"].events(effects.InviteCompleted)))
    alice, bob = world.machines["alice"], world.machines["bob"]
    (of_alice,), (of_bob,) = alice.store.contacts.values(), bob.store.contacts.values()
    assert (of_alice.name, of_bob.name) == ("bob", "alice")
    assert of_alice.identity_key == bob.store.identity.identity_key
    assert of_bob.identity_key == alice.store.identity.identity_key
    assert of_alice.how == of_bob.how == ("link" if link else "words")
    assert list(alice.store.meshes) == list(bob.store.meshes)


def wrong(code: InviteCode) -> InviteCode:
    first, second, third = code.words
    return replace(code, words=(second, first, third) if first != second else (third, third, first))


def test_a_wrong_word_burns_the_code_and_both_sides_say_so(world: World) -> None:
    code = world.invite("alice")
    assert isinstance(code, InviteCode)
    enter(world, "eve", wrong(code))
    world.run(5.0)
    assert reason(world, "alice") is NoContact.WRONG_GUESS
    assert reason(world, "eve") is NoContact.WRONG_WORDS
    for name in ("alice", "eve"):
        assert not world.machines[name].store.contacts
    enter(world, "bob", code)
    world.run(5.0)
    assert reason(world, "bob") is NoContact.NO_SUCH_INVITE
    assert not world.machines["bob"].store.contacts


def test_a_second_guest_is_refused_while_the_first_pairs(world: World) -> None:
    code = world.invite("alice")
    enter(world, "bob", code)
    enter(world, "eve", code)
    world.run(5.0)
    assert world.machines["bob"].events(effects.InviteCompleted)
    assert reason(world, "eve") is NoContact.NO_SUCH_INVITE


def test_a_code_without_a_host_gets_a_clear_line(world: World) -> None:
    enter(world, "bob", InviteCode(7, (WORDS[0], WORDS[1], WORDS[2])))
    world.run(5.0)
    assert reason(world, "bob") is NoContact.NO_SUCH_INVITE


def test_an_invite_runs_out(world: World) -> None:
    world.invite("alice")
    world.run(601.0)
    assert reason(world, "alice") is NoContact.NOT_IN_TIME


def test_no_rendezvous_in_reach_is_said_at_once(world: World) -> None:
    world.down.add(URL)
    enter(world, "bob", InviteCode(7, (WORDS[0], WORDS[1], WORDS[2])))
    world.run(5.0)
    assert reason(world, "bob") is NoContact.UNREACHABLE
    assert [url for url, _ in failure(world, "bob").unreached] == [URL]


def test_the_host_s_absence_in_the_middle_is_noticed(world: World) -> None:
    enter(world, "bob", world.invite("alice"))
    world.run(0.09)
    world.kill("alice")
    world.run(5.0)
    assert reason(world, "bob") in (NoContact.WENT_AWAY, NoContact.NO_SUCH_INVITE)
    assert not world.machines["bob"].store.contacts


def test_a_link_of_another_maker_is_not_trusted(world: World) -> None:
    link = world.invite("alice", link=True)
    assert isinstance(link, InviteLink)
    enter(world, "bob", replace(link, fingerprint=bytes(16)))
    world.run(5.0)
    assert reason(world, "bob") is NoContact.WRONG_HOST
    assert not world.machines["bob"].store.contacts


def test_one_s_own_invite_is_refused_at_once_and_stays_good(world: World) -> None:
    code = world.invite("alice")
    world.tell("alice", user_inputs.InviteEntered(99, code, None, (), world.now + 10))
    assert reason(world, "alice") is NoContact.OWN_INVITE
    enter(world, "bob", code)
    enter(world, "bob", code)
    world.run(5.0)
    assert reason(world, "bob") is NoContact.NUMBER_IN_USE
    assert world.machines["bob"].events(effects.InviteCompleted)


def test_a_copy_of_one_s_own_home_is_not_paired_with(world: World) -> None:
    copied = world.add("copy")
    copied.store.identity = world.machines["alice"].store.identity
    world.start("copy")
    enter(world, "copy", world.invite("alice"))
    world.run(5.0)
    assert reason(world, "copy") is NoContact.OWN_HOST
    assert reason(world, "alice") is NoContact.WENT_AWAY
    assert not world.machines["alice"].store.contacts and not copied.store.contacts


def test_a_guest_who_leaves_without_a_word_has_not_guessed(world: World) -> None:
    """A stranger that tries all nameplates must not close every invite."""
    code = world.invite("alice")
    broker, passer_by = world.brokers[URL], Connection(999)
    topic = next(iter(world.machines["alice"].running._invites._open.values())).party.topic
    broker.on_connect(passer_by, (), world.now)
    world.sim.meetings.deliver_outputs(
        broker.on_message(passer_by, encode_client(Take(topic, SeatMode.GUEST)), world.now)
    )
    world.sim.meetings.deliver_outputs(broker.on_disconnect(passer_by, world.now))
    world.run(1.0)
    enter(world, "bob", code)
    world.run(5.0)
    assert world.machines["bob"].events(effects.InviteCompleted)


class Walker:
    """One address that sits, silently, as the guest of every invite that it finds, four tries a second."""

    def __init__(self, world: World, nameplates: Iterable[int]) -> None:
        self.world, self.broker = world, world.brokers[URL]
        self.nameplates = itertools.cycle(nameplates)
        self.numbers = itertools.count(10_000)
        self.connection = self.connect()
        self.sat = 0

    def connect(self) -> Connection:
        connection = Connection(next(self.numbers))
        assert self.broker.on_connect(connection, groups("203.0.113.5", Limits()), self.world.now)
        return connection

    def step(self) -> None:
        self.world.run(0.25)
        take = encode_client(Take(invite_topic(next(self.nameplates)), SeatMode.GUEST))
        outputs = self.broker.on_frame(self.connection, self.world.now)
        outputs += self.broker.on_message(self.connection, take, self.world.now)
        self.world.sim.meetings.deliver_outputs(outputs)
        self.sat += any(isinstance(each, Deliver) and isinstance(each.message, Seated) for each in outputs)


def test_the_friend_gets_through_while_one_address_tries_every_nameplate_and_the_host_is_told(
    world: World,
) -> None:
    code = world.invite("alice")
    assert isinstance(code, InviteCode)
    walker = Walker(world, range(code.nameplate, code.nameplate + 40))
    walker.step()
    assert walker.sat == 1, "in the friend's way"
    enter(world, "bob", code)
    while not world.machines["bob"].events(effects.InviteCompleted):
        walker.step()
        assert not world.machines["bob"].events(effects.InviteFailed)
    assert walker.sat == 1
    assert [each.strangers for each in world.machines["alice"].events(effects.InviteDisturbed)] == [1]


def test_a_guest_who_talks_nonsense_blocks_an_invite_for_some_seconds_only(world: World) -> None:
    code = world.invite("alice")
    assert isinstance(code, InviteCode)
    walker = Walker(world, [code.nameplate])
    walker.step()
    host = world.machines["alice"].running._invites
    seat = walker.broker.seating.topics[invite_topic(code.nameplate)].host.seat  # type: ignore[union-attr]
    nonsense = encode_client(Pass(invite_topic(code.nameplate), seat, bytes(BLOB_BYTES)))
    world.sim.meetings.deliver_outputs(walker.broker.on_message(walker.connection, nonsense, world.now))
    enter(world, "bob", code)
    world.run(25.0)
    assert world.machines["bob"].events(effects.InviteCompleted)
    assert not host.list_open()


def test_an_invite_that_another_is_answering_is_given_up_after_a_while(world: World) -> None:
    code = world.invite("alice")
    assert isinstance(code, InviteCode)
    topic = invite_topic(code.nameplate)
    walker = Walker(world, [code.nameplate])
    walker.step()
    there = walker.broker.seating.topics[topic]
    assert isinstance(there, InviteTopic) and there.sitting is not None
    there.sitting.answered = True
    enter(world, "bob", code)
    world.run(40.0)
    assert reason(world, "bob") is NoContact.TAKEN


def test_no_one_time_key_is_ever_stored(world: World) -> None:
    accounts = {name: world.machines[name].store.identity.account for name in ("alice", "bob")}
    world.pair("alice", "bob")
    world.run(5.0)
    for name, account in accounts.items():
        assert world.machines[name].store.identity.account == account


def repaired(world: World) -> None:
    """Alice and bob, contacts already, pair again, the other way round."""
    code = world.invite("bob")
    world.machines["alice"].notices.clear()
    world.tell("alice", user_inputs.InviteEntered(80, code, None, (), world.now + 60))
    world.run_until(lambda: bool(world.machines["alice"].events(effects.InviteCompleted)))
    world.run(30.0)


def test_pairing_again_keeps_trust_mute_and_retention_and_both_can_talk(world: World) -> None:
    world.pair("alice", "bob")
    world.run(20.0)
    bob, alice = world.contact("alice", "bob"), world.contact("bob", "alice")
    world.tell("alice", user_inputs.ContactVerified(bob, True))
    world.tell("alice", user_inputs.ContactMuted(bob, True))
    world.tell("alice", user_inputs.ContactRetentionChosen(bob, 3600.0))
    world.run(60.0)
    assert world.machines["bob"].store.contacts[alice].preferences.retention_s == 3600.0
    before = list(world.machines["alice"].store.contacts.values())
    repaired(world)
    assert list(world.machines["alice"].store.contacts.values()) == before
    assert world.machines["bob"].store.contacts[alice].preferences.retention_s == 3600.0
    for source, target in (("alice", "bob"), ("bob", "alice")):
        world.send(source, target, f"from {source}")
        world.run(60.0)
        assert world.machines[target].store.received()[-1] == f"from {source}"


def test_a_side_that_forgot_the_other_is_told_how_long_messages_last(world: World) -> None:
    world.pair("alice", "bob")
    world.run(20.0)
    world.tell("alice", user_inputs.ContactRetentionChosen(world.contact("alice", "bob"), 3600.0))
    world.run(60.0)
    world.tell("bob", user_inputs.ContactRemoved(world.contact("bob", "alice")))
    repaired(world)
    world.run(60.0)
    (alice,) = world.machines["bob"].store.contacts.values()
    assert alice.preferences.retention_s == 3600.0


def test_a_blocked_contact_stays_blocked_when_paired_again(world: World) -> None:
    """A code may hide its owner: only the person who blocked a contact unblocks it."""
    world.pair("alice", "bob")
    world.run(20.0)
    bob = world.contact("alice", "bob")
    world.tell("alice", user_inputs.ContactBlocked(bob, True))
    repaired(world)
    assert world.machines["alice"].store.contacts[bob].blocked
    world.send("bob", "alice", "let me in")
    world.run(1500.0)
    assert not world.machines["alice"].store.received()
    assert not world.machines["bob"].running.is_here(world.contact("bob", "alice"), world.now)
    world.tell("alice", user_inputs.ContactBlocked(bob, False))
    world.run(130.0)
    assert world.machines["alice"].store.received() == ["let me in"]


def test_a_name_that_is_taken_gets_a_number() -> None:
    world = World()
    for name, nick in (("alice", "alice"), ("bob", "bob"), ("other", "bob")):
        machine = world.add(name)
        machine.store.identity = replace(machine.store.identity, name=nick)
        world.start(name)
    world.pair("alice", "bob")
    world.pair("alice", "other")
    assert [contact.name for contact in world.machines["alice"].store.contacts.values()] == ["bob", "bob-2"]


@pytest.mark.parametrize("victim", range(6))
def test_a_rendezvous_that_tampers_with_any_blob_gets_no_contact_made(world: World, victim: int) -> None:
    seen = 0

    def flip(message: object) -> object:
        nonlocal seen
        if isinstance(message, Blob):
            seen += 1
            if seen == victim + 1:
                spot = 300 + 7 * victim
                damaged = bytearray(message.blob)
                damaged[spot] ^= 1
                return replace(message, blob=bytes(damaged))
        return message

    code = world.invite("alice")
    world.tamper = flip  # type: ignore[assignment]
    enter(world, "bob", code, patience=20.0)
    world.run(30.0)
    assert seen > victim
    assert not world.machines["bob"].store.contacts


def test_a_guest_goes_on_meeting_where_it_met_the_host() -> None:
    """One server under two addresses: what the host calls it may not be reachable for the guest."""
    world = World()
    inside, outside = "ws://inside.test", "ws://outside.test"
    world.brokers[inside] = world.brokers[outside] = Broker(Limits(), random.Random(1))
    world.add("alice", (inside,))
    world.add("bob", (outside,))
    for name in ("alice", "bob"):
        world.start(name)
    world.pair("alice", "bob")
    (mesh,) = world.machines["bob"].store.meshes.values()
    assert mesh.rendezvous == (outside,)
    assert world.machines["bob"].events(effects.InviteCompleted)[0].left_out == (inside,)


def test_a_host_whose_line_breaks_gets_its_seat_back_and_the_code_stays_good(world: World) -> None:
    """The server still holds the seat of the broken line, and says TAKEN until it has noticed."""
    code = world.invite("alice")
    alice = world.machines["alice"]
    old = world.sim.meetings.break_connection(alice.host, URL)
    world.run(12.0)
    assert not alice.events(effects.InviteFailed)
    world.brokers[URL].on_disconnect(old, world.now)
    world.run(12.0)
    enter(world, "bob", code)
    world.run(5.0)
    assert world.machines["bob"].events(effects.InviteCompleted)


@pytest.mark.parametrize("name", ["alice", "bob"])
def test_a_server_too_busy_to_pass_a_blob_ends_the_pairing_with_a_clear_line(world: World, name: str) -> None:
    enter(world, "bob", world.invite("alice"))
    world.run(0.17)
    topic = next(iter(world.machines[name].running._invites._open.values())).party.topic
    world.tell(name, inputs.SignalReceived(URL, SeatRefused(topic, Refusal.BUSY)))
    assert reason(world, name) is NoContact.RENDEZVOUS_BUSY


def test_a_rendezvous_lost_half_way_is_said(world: World) -> None:
    code = world.invite("alice")
    enter(world, "bob", code)
    world.run(0.17)
    world.tell("bob", inputs.RendezvousDown(URL, "it is shutting down"))
    assert reason(world, "bob") is NoContact.RENDEZVOUS_LOST
    assert failure(world, "bob").unreached == ((URL, "it is shutting down"),)


def test_an_invite_can_be_taken_back_and_runs_out_with_the_truth(world: World) -> None:
    code = world.invite("alice")
    for _ in range(2):
        world.tell("alice", user_inputs.InviteCancelled(1))
    enter(world, "bob", code, patience=3.0)
    world.run(5.0)
    assert reason(world, "bob") is NoContact.NO_SUCH_INVITE
    world.down.add(URL)
    world.kill("eve")
    world.start("eve")
    enter(world, "eve", code)
    world.run(61.0)
    assert reason(world, "eve") is NoContact.UNREACHABLE


def test_a_server_full_of_invites_gives_longer_nameplates_and_gives_up_in_the_end(world: World) -> None:
    def taken(message: FromServer) -> FromServer:
        return SeatRefused(message.topic, Refusal.TAKEN) if isinstance(message, Seated) else message

    world.tamper = taken
    world.tell("alice", user_inputs.InviteOpened(1, False, None, (), world.now + 60))
    world.run(5.0)
    assert reason(world, "alice") is NoContact.UNREACHABLE
    assert failure(world, "alice").unreached == ((URL, Refusal.TAKEN),)


def test_where_to_meet_must_be_known_and_invites_are_not_endless(world: World) -> None:
    world.add("nowhere", ())
    world.start("nowhere")
    world.tell("nowhere", user_inputs.InviteOpened(1, False, None, (), world.now + 60))
    assert reason(world, "nowhere") is NoContact.NO_RENDEZVOUS
    world.tell("nowhere", user_inputs.InviteOpened(2, False, None, ("http://no",), world.now + 60))
    assert reason(world, "nowhere") is NoContact.ADDRESSES_MALFORMED
    for number in range(2, 20):
        world.tell("alice", user_inputs.InviteOpened(number, False, None, (), world.now + 60))
    world.run(1.0)
    assert reason(world, "alice") is NoContact.INVITES_FULL


def parties(world: World, name: str) -> list[Host | Guest]:
    return [each.party for each in world.machines[name].running._invites._open.values()]


def test_no_attacker_joins_two_people_who_each_take_her_for_the_other(world: World) -> None:
    """An unknown key share: eve, the guest of bob and the host of alice, hands the bundles of one pairing on
    in the other, under the two keys that are rightly hers, with her name over them."""
    of_bob, of_eve = world.invite("bob"), world.invite("eve")
    (as_host,) = parties(world, "eve")
    world.tell("eve", user_inputs.InviteEntered(99, of_bob, None, (), world.now + 60))
    (as_guest,) = (each for each in parties(world, "eve") if each is not as_host)
    assert isinstance(as_host, Host) and isinstance(as_guest, Guest)
    bundles: list[wire.HostBundle] = []
    passed_on: list[wire.PairingMessage] = []

    def speak(party: Host | Guest, message: wire.PairingMessage) -> list[Output]:
        passed_on.append(message)
        return [party._send(message)]

    def heard_bob(at: SeatRef, blob: bytes, now: float) -> list[Output]:
        message, _ = as_guest._open(blob)
        if isinstance(message, wire.HostBundle):
            bundles.append(message)
            return []
        return speak(as_host, message) if bundles else Guest.on_blob(as_guest, at, blob, now)

    def heard_alice(at: SeatRef, blob: bytes, now: float) -> list[Output]:
        message, _ = as_host._open(blob)
        if isinstance(message, wire.GuestBundle):
            return speak(as_guest, replace(message, nick="eve"))
        out = Host.on_blob(as_host, at, blob, now)
        return speak(as_host, replace(bundles[0], nick="eve")) if as_host._bundle is not None else out

    as_guest.on_blob, as_host.on_blob = heard_bob, heard_alice  # type: ignore[method-assign]
    world.run_until(lambda: bool(bundles))
    enter(world, "alice", of_eve)
    world.run(70.0)
    assert [type(each) for each in passed_on[:2]] == [wire.HostBundle, wire.GuestBundle], (
        "it came as far as that"
    )
    assert not world.machines["alice"].store.contacts
    assert not world.machines["bob"].store.contacts
    assert reason(world, "bob") is NoContact.OTHER_PAIRING


@pytest.mark.parametrize(("liar", "role", "fooled"), [("alice", "host", "bob"), ("bob", "guest", "alice")])
def test_a_side_that_heard_another_pairing_is_no_contact(
    world: World, monkeypatch: pytest.MonkeyPatch, liar: str, role: str, fooled: str
) -> None:
    """The words, the keys and the session are right; what Olm says was said is not."""
    code = world.invite("alice")
    enter(world, "bob", code)
    (lying,) = parties(world, liar)
    monkeypatch.setattr(lying._transcript, f"{role}_confirmation", lambda *heard: bytes(32))
    world.run(70.0)
    assert not world.machines[fooled].store.contacts
    assert reason(world, fooled) is NoContact.OTHER_PAIRING


def test_a_pairing_s_keys_are_of_that_pairing_alone() -> None:
    """The same two, the same names, keys and secret of ML-KEM: another key of CPace, or one byte more said,
    gives other words to both Olm messages and other keys."""
    answer = wire.GuestBundle("bob", b"b" * 32, b"c" * 1088, b"olm")

    def all_of(isk: bytes, said: bytes, name: str = "bob") -> tuple[bytes, ...]:
        transcript = Transcript(Topic(b"t" * 32))
        transcript.add("guest", b"start")
        transcript.add("host", said)
        hello = transcript.guest_confirmation(isk, replace(answer, nick=name))
        transcript.add("guest", wire.encode_pairing(replace(answer, nick=name)))
        return hello, transcript.host_confirmation(isk), *transcript.derive_keys(isk, b"k" * 32)

    one = all_of(b"i" * 64, b"reply")
    assert len(set(one)) == len(one) == 5, "each has its label"
    for other in (
        all_of(b"I" * 64, b"reply"),
        all_of(b"i" * 64, b"reply\0"),
        all_of(b"i" * 64, b"reply", "rob"),
    ):
        assert not set(one) & set(other)
    assert all_of(b"i" * 64, b"reply") == one


def whoever_asks(world: World, name: str, code: InviteCode | InviteLink) -> None:
    """The program that asked its node for this code lost it and found the next."""
    opened = user_inputs.InviteOpened(50, isinstance(code, InviteLink), None, (), world.now + 600, code)
    world.tell(name, opened)


@pytest.mark.parametrize("link", [False, True])
def test_a_code_at_which_somebody_guessed_is_not_opened_by_the_next_node(world: World, link: bool) -> None:
    """The guest says its first word, gets its reply, and is silent; the node goes, and another comes."""
    code = world.invite("alice", link=link)
    on_disk: list[int] = []

    def watch(message: FromServer) -> FromServer:
        if isinstance(message, Blob):
            on_disk.append(len(world.machines["alice"].store.tried))
        return message

    world.tamper = watch
    enter(world, "eve", code)
    world.run_until(lambda: len(on_disk) == 2)
    assert on_disk == [0, 1], "it was there before the reply left"
    world.kill("alice")
    world.kill("eve")
    world.start("alice")
    whoever_asks(world, "alice", code)
    assert reason(world, "alice") is NoContact.TRIED_HERE
    enter(world, "bob", code)
    world.run(70.0)
    assert not world.machines["alice"].store.contacts


def test_a_code_that_one_answered_is_not_answered_again(world: World) -> None:
    """A hostile rendezvous that played the host has had its guess, and gets no other."""
    code = world.invite("alice")
    on_disk: list[int] = []

    def deaf(message: FromServer) -> FromServer | None:
        if isinstance(message, Blob):
            on_disk.append(len(world.machines["bob"].store.tried))
        return message if len(on_disk) < 3 else None

    world.tamper = deaf
    enter(world, "bob", code)
    world.run_until(lambda: len(on_disk) == 3)
    assert on_disk == [0, 0, 1], "it was there before the answer left"
    world.kill("bob")
    world.start("bob")
    enter(world, "bob", code)
    assert reason(world, "bob") is NoContact.TRIED_FROM_HERE


def test_a_word_that_was_never_heard_uses_no_code_up(world: World) -> None:
    """No guest is there to answer: the same code can be tried later."""
    code = world.invite("alice")
    world.kill("alice")
    enter(world, "bob", code)
    world.run(5.0)
    assert reason(world, "bob") is NoContact.NO_SUCH_INVITE
    world.start("alice")
    whoever_asks(world, "alice", code)
    world.run(1.0)
    enter(world, "bob", code)
    world.run(5.0)
    assert world.machines["bob"].events(effects.InviteCompleted)


@pytest.mark.parametrize("removed", [False, True])
def test_asking_again_for_a_code_that_worked_tells_the_contact(world: World, removed: bool) -> None:
    code = world.invite("alice")
    enter(world, "bob", code)
    world.run(5.0)
    for name in ("alice", "bob"):
        machine = world.machines[name]
        if removed:
            world.tell(
                name, user_inputs.ContactRemoved(world.contact(name, "bob" if name == "alice" else "alice"))
            )
        world.kill(name)
        world.start(name)
        machine.notices.clear()
    whoever_asks(world, "alice", code)
    enter(world, "bob", code)
    for name in ("alice", "bob"):
        done = world.machines[name].events(effects.InviteCompleted)
        assert [each.contact.name for each in done] == (
            [] if removed else ["bob" if name == "alice" else "alice"]
        )
        assert bool(world.machines[name].events(effects.InviteFailed)) is removed


def test_tried_codes_are_remembered_up_to_a_limit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invites_, "TRIED_CAP", 2)
    world.kill("alice")
    world.start("alice")
    codes = []
    for _ in range(3):
        code = world.invite("alice")
        assert isinstance(code, InviteCode)
        codes.append(code)
        enter(world, "eve", wrong(code))
        world.run(5.0)
    assert len(world.machines["alice"].store.tried) == 2
    whoever_asks(world, "alice", codes[-1])
    assert reason(world, "alice") is NoContact.TRIED_HERE


def test_a_guest_who_falls_silent_half_way_does_not_keep_the_host_for_a_day(world: World) -> None:
    code = world.invite("alice")
    enter(world, "eve", code)
    world.run_until(lambda: bool(world.machines["alice"].store.tried))
    world.tamper = lambda message: None if isinstance(message, (Blob, Gone)) else message
    world.run(59.0)
    assert not world.machines["alice"].events(effects.InviteFailed)
    world.run(2.0)
    assert reason(world, "alice") is NoContact.FELL_SILENT


@pytest.mark.parametrize("link", [False, True])
def test_a_code_given_away_is_good_for_the_next_node_of_the_same_home(world: World, link: bool) -> None:
    code = world.invite("alice", link=link)
    world.kill("alice")
    world.start("alice")
    world.tell("alice", user_inputs.InviteOpened(1, link, None, (), world.now + 60, code))
    world.run(1.0)
    assert len(world.machines["alice"].events(effects.InviteReady)) == 1, "its owner has it already"
    enter(world, "bob", code)
    world.run_until(lambda: bool(world.machines["bob"].events(effects.InviteCompleted)))
    assert [each.name for each in world.machines["alice"].store.contacts.values()] == ["bob"]


def invites(world: World, host: str, count: int) -> list[InviteCode]:
    """So many, all asked for at once."""
    machine = world.machines[host]
    before = len(machine.events(effects.InviteReady))
    for number in range(before + 1, before + count + 1):
        world.tell(host, user_inputs.InviteOpened(number, False, None, (), world.now + 600))
    world.run_until(lambda: len(machine.events(effects.InviteReady)) == before + count)
    return [
        each.code
        for each in machine.events(effects.InviteReady)[before:]
        if isinstance(each.code, InviteCode)
    ]


def test_two_invites_of_one_node_never_share_a_nameplate(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "NAMEPLATES", 2)
    first, second = invites(world, "alice", 2)
    assert first.nameplate == 1 != second.nameplate
    enter(world, "bob", first)
    enter(world, "eve", second)
    world.run(5.0)
    assert all(world.machines[name].events(effects.InviteCompleted) for name in ("bob", "eve"))


def test_a_nameplate_that_somebody_else_has_draws_another(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "NAMEPLATES", 2)
    (theirs,) = invites(world, "eve", 1)
    (ours,) = invites(world, "alice", 1)
    assert theirs.nameplate == 1 != ours.nameplate
    assert world.brokers[URL].take_census().connections == 2, "the connection was kept"
    enter(world, "bob", ours)
    world.run(5.0)
    assert world.machines["bob"].events(effects.InviteCompleted)


def test_a_nameplate_taken_at_one_of_two_rendezvous_draws_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """A guest looks at both, and must not meet a stranger at either."""
    monkeypatch.setattr(host, "NAMEPLATES", 2)
    world = World()
    far = "ws://far.test"
    world.add("alice", (URL, far))
    world.add("eve", (far,))
    world.add("bob", (far,))
    for name in world.machines:
        world.start(name)
    (theirs,) = invites(world, "eve", 1)
    (ours,) = invites(world, "alice", 1)
    assert theirs.nameplate == 1 != ours.nameplate
    enter(world, "bob", ours)
    world.run(5.0)
    assert [each.name for each in world.machines["bob"].store.contacts.values()] == ["alice"]


def test_a_rendezvous_that_does_not_answer_holds_no_invite_up() -> None:
    world = World()
    world.add("alice", (URL, "ws://silent.test"))
    world.start("alice")

    sat: list[FromServer] = []

    def silent(message: FromServer) -> FromServer | None:
        (invite,) = world.machines["alice"].running._invites._open.values()
        if not isinstance(message, Seated) or message.topic != invite.party.topic:
            return message
        sat.append(message)
        return message if len(sat) == 1 else None

    world.tamper = silent
    world.tell("alice", user_inputs.InviteOpened(1, False, None, (), world.now + 60))
    world.run(host.SETTLE_S - 0.5)
    assert not world.machines["alice"].events(effects.InviteReady)
    world.run(1.0)
    assert world.machines["alice"].events(effects.InviteReady)


@pytest.mark.parametrize("pairings", [60, pytest.param(300, marks=pytest.mark.slow)], ids=["some", "many"])
def test_six_invites_at_once_never_fail(pairings: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three each at two nodes, among nine nameplates: most draw one that is taken, here or there."""
    monkeypatch.setattr(host, "NAMEPLATES", 10)
    world = World()
    guests = [f"guest {number}" for number in range(6)]
    for name in ("alice", "carol", *guests):
        world.add(name)
        world.start(name)
    done = 0
    while done < pairings:
        codes = [code for name in ("alice", "carol") for code in invites(world, name, 3)]
        for guest, code in zip(guests, codes, strict=True):
            world.tell(guest, user_inputs.InviteEntered(done + 1, code, None, (), world.now + 60))
        done += 6
        world.run_until(partial(_all_over, world, guests, done - 5))
        world.run(1.0)
    ends = [len(each.events(effects.InviteFailed)) for each in world.machines.values()]
    assert sum(ends) == 0
    assert sum(len(world.machines[guest].events(effects.InviteCompleted)) for guest in guests) == done


def _all_over(world: World, guests: list[str], invite: int) -> bool:
    """Whether each has had an answer to that invite."""
    ends = (effects.InviteCompleted, effects.InviteFailed)
    machines = (world.machines[guest].notices for guest in guests)
    return all(
        any(isinstance(each, ends) and each.invite == invite for each in notices) for notices in machines
    )


def test_a_code_that_is_waited_at_already_is_waited_at_under_the_new_number(world: World) -> None:
    """The program that asked for it lost its node and found it again, before the node had noticed."""
    code = world.invite("alice")
    world.tell("alice", user_inputs.InviteOpened(7, False, None, (), world.now + 60, code))
    world.tell("alice", user_inputs.InviteCancelled(1))
    enter(world, "bob", code)
    world.run(5.0)
    assert [each.invite for each in world.machines["alice"].events(effects.InviteCompleted)] == [7]


def test_a_second_place_to_meet_is_learnt_by_the_mesh(world: World) -> None:
    world.invite("alice")
    world.tell("alice", user_inputs.InviteOpened(7, False, "bobby", ("ws://second.test",), world.now + 60))
    world.run(1.0)
    (mesh,) = world.machines["alice"].store.meshes.values()
    assert mesh.rendezvous == (URL, "ws://second.test")


@pytest.mark.parametrize(
    ("years", "pairs"), [(-54.0, False), (-1.5, False), (-0.5, True), (0.5, True), (9e4, False)]
)
def test_two_machines_with_clocks_years_apart_are_told_and_do_not_pair(
    world: World, years: float, pairs: bool
) -> None:
    """For any epoch that a host names, its guest derives at most a year of keys."""
    world.stop("alice")
    alice = world.machines["alice"]
    alice.clock_error = max(years * 365 * 86_400.0, -world.now)
    world.start("alice")
    world.tell("alice", user_inputs.InviteOpened(1, False, None, (), world.now + alice.clock_error + 600))
    world.run_until(lambda: bool(alice.events(effects.InviteReady)))
    enter(world, "bob", alice.events(effects.InviteReady)[0].code)
    world.run(10.0)
    assert bool(world.machines["bob"].store.contacts) == pairs
    assert bool(alice.store.contacts) == pairs
    if not pairs:
        assert reason(world, "bob") is NoContact.CLOCKS_APART


def test_guests_compare_what_every_server_says(world: World) -> None:
    """One place is out of reach, one has no such invite: the second decides."""
    world.add("carol", (URL, "ws://gone.test"))
    world.down.add("ws://gone.test")
    world.start("carol")
    enter(world, "carol", InviteCode(7, (WORDS[0], WORDS[1], WORDS[2])))
    world.run(5.0)
    assert reason(world, "carol") is NoContact.NO_SUCH_INVITE
    assert [url for url, _ in failure(world, "carol").unreached] == ["ws://gone.test"]


def test_strangers_at_the_table_are_not_heard(world: World) -> None:
    code = world.invite("alice")
    enter(world, "bob", code)
    world.run(0.17)
    for name in ("alice", "bob"):
        topic = next(iter(world.machines[name].running._invites._open.values())).party.topic
        stranger = Seat(b"stranger")
        world.tell(name, inputs.SignalReceived(URL, Blob(topic, stranger, bytes(2048))))
        world.tell(name, inputs.SignalReceived(URL, Gone(topic, stranger)))
    world.run(5.0)
    assert world.machines["bob"].events(effects.InviteCompleted)
