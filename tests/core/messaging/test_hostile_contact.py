"""A contact that breaks the rules: its input is counted, and costs no other contact anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from p2pchat.core.messaging.conversation import Conversation
from p2pchat.core.messaging.outputs import SendInto
from p2pchat.core.messaging.presence import HERE_S
from p2pchat.core.session.ordered_payloads import SALT_BYTES
from p2pchat.core.values import effects, inputs, user_inputs
from p2pchat.core.values.records import OutboxKind
from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.crypto.envelope import epoch_at
from p2pchat.crypto.exchange import KemKey
from p2pchat.crypto.kdf import mesh_topic
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import ContactId, Epoch, MessageId, MessageState, Seat, Topic, conversation_with
from p2pchat.wire import payload
from p2pchat.wire.cell import decode_cell, encode_cell
from p2pchat.wire.codec import pack
from p2pchat.wire.fragment import Fragment, Lane, split
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.signalling import Gone, Seated, Welcome
from tests.core.messaging.test_messages import friends
from tests.support.world import URL, World

KEM = KemKey.generate(SeededEntropy("kem"))


def talk(world: World, name: str, about: str) -> Conversation:
    return world.machines[name].running._conversations._by_id[world.conversation(name, about)]


def broadcast(world: World, name: str, about: str, cell: bytes) -> None:
    node = world.machines[name].running
    sent = SendInto(talk(world, name, about).contact.mesh, cell)
    world.carry_out(name, node._routing.route_conversations([sent], world.now))
    world.run(2.0)


def say(world: World, lane: Lane, data: bytes, number: int = 0, floor: int = 0) -> None:
    """Mallory says something to bob under keys that are right."""
    session = talk(world, "mallory", "bob")._session
    pieces = split(data)
    for index, piece in enumerate(pieces):
        fragment = session.make_fragment(lane, number, floor, index, len(pieces), piece)
        broadcast(world, "mallory", "bob", session.seal_fragment(fragment, world.now))


def say_ordered(world: World, ciphertext_of: Callable[[Conversation], tuple[int, bytes]]) -> None:
    number, ciphertext = ciphertext_of(talk(world, "mallory", "bob"))
    say(world, Lane.ORDERED, ciphertext, number)


def encrypted(plain: bytes, talk: Conversation) -> tuple[int, bytes]:
    return talk._session.encrypt(plain, bytes(SALT_BYTES))


def counters(world: World) -> dict[str, int]:
    return world.machines["bob"].running.get_status().counters


@pytest.fixture
def world() -> World:
    return friends("mallory", "bob")


def still_talking(world: World) -> None:
    world.send("mallory", "bob", "after all")
    world.send("bob", "mallory", "indeed")
    world.run(60.0)
    assert world.machines["bob"].store.received() == ["after all"]
    assert world.machines["mallory"].store.received() == ["indeed"]


def test_a_payload_of_a_later_version_is_acknowledged_and_passed_over(world: World) -> None:
    say_ordered(world, lambda talk: encrypted(pack({"t": 99, "new": b"x"}), talk))
    assert counters(world)["payloads not understood"] == 1
    still_talking(world)


@pytest.mark.parametrize(
    "plain", [b"", b"\xc1", pack({"t": 1}), pack([1]), pack({"t": 1, "id": b"", "at": 1.0, "text": ""})]
)
def test_a_payload_that_is_none_is_counted_and_passed_over(world: World, plain: bytes) -> None:
    say_ordered(world, partial(encrypted, plain))
    assert counters(world)["payloads refused"] == 1
    still_talking(world)


@pytest.mark.parametrize("junk", [b"", b"\0", b"\1" + b"x" * 300, b"\7nonsense"])
def test_what_olm_does_not_take_is_counted_and_never_acknowledged(world: World, junk: bytes) -> None:
    def forged(talk: Conversation) -> tuple[int, bytes]:
        talk._session.payloads.next_number += 1
        return talk._session.payloads.next_number - 1, talk._session.payloads._sent + junk

    before = talk(world, "bob", "mallory")._session.payloads.expected
    say_ordered(world, forged)
    assert counters(world)["payloads that do not open"] == 1
    assert talk(world, "bob", "mallory")._session.payloads.expected == before


def test_notices_of_later_versions_and_nonsense_change_nothing(world: World) -> None:
    for data in (pack({"t": 99}), b"", b"junk", pack({"t": 1, "next": -1, "partial": b""})):
        say(world, Lane.NOTICE, data)
    assert counters(world)["cells refused: unreadable"] == 3
    still_talking(world)


def test_nonsense_leaves_the_tags_that_are_listened_for_in_step(world: World) -> None:
    session = talk(world, "mallory", "bob")._session
    for data in (pack({"t": 99}), b"junk"):
        say(world, Lane.NOTICE, data)
    broadcast(world, "mallory", "bob", session._chains.sending.seal_cell(b"\xff" * GEOMETRY.plain))
    bob = world.machines["bob"].running
    assert set(bob._conversations._tags) == set(talk(world, "bob", "mallory").list_tags())
    assert counters(world)["cells refused: unreadable"] == 2


def test_renewals_from_the_far_past_or_the_future_are_not_agreed_to(world: World) -> None:
    """Turning roots from the beginning of time costs seconds; those of the future could not be used."""
    now = epoch_at(world.now)
    for epoch in (0, now + 2, 2**32 - 1):
        offer = payload.encode_payload(payload.RekeyOffer(1, Epoch(epoch), KEM.encapsulation_key))
        say_ordered(world, partial(encrypted, offer))
        assert talk(world, "bob", "mallory")._session._chains.renewal.generation == 0
    offer = payload.encode_payload(payload.RekeyOffer(1, Epoch(now - 1461), KEM.encapsulation_key))
    say_ordered(world, partial(encrypted, offer))
    assert talk(world, "bob", "mallory")._session._chains.renewal.generation == 1


def test_a_receipt_for_what_was_never_sent_delivers_nothing(world: World) -> None:
    world.kill("mallory")
    world.run(20.0)
    message = world.send("bob", "mallory", "are you there?")
    world.start("mallory")
    world.run(0.05)
    say(world, Lane.NOTICE, payload.encode_notice(payload.DeliveryReceipt(4_000_000_000, b"\xff" * 16)))
    still = world.machines["bob"].store.state(message)
    assert still is not MessageState.DELIVERED or world.machines["mallory"].store.received()


def test_renewals_out_of_turn_are_ignored(world: World) -> None:
    ek = bytes(1184)
    for each in (
        payload.RekeyOffer(1, Epoch(0), ek),
        payload.RekeyOffer(99, Epoch(0), ek),
        payload.RekeyAnswer(1, bytes(1088)),
        payload.RekeyAnswer(7, bytes(1088)),
    ):
        say_ordered(world, partial(encrypted, payload.encode_payload(each)))
    generation = talk(world, "bob", "mallory")._session._chains.renewal.generation
    assert generation in (0, 1)  # zeros are a key like any other: only mallory is the worse for it
    assert talk(world, "mallory", "bob")._session._chains.renewal.generation == 0


def test_the_side_that_begins_renewals_answers_none() -> None:
    world = friends("bob", "mallory")
    say_ordered(
        world,
        lambda talk: encrypted(payload.encode_payload(payload.RekeyOffer(1, Epoch(0), bytes(1184))), talk),
    )
    assert talk(world, "bob", "mallory")._session._chains.renewal.generation == 0
    still_talking(world)


def test_a_cell_altered_on_the_way_costs_nothing(world: World) -> None:
    session = talk(world, "mallory", "bob")._session
    data = payload.encode_notice(payload.PresenceNotice(True, False, payload.DeliveryReceipt(0, b"")))
    cell = session.seal_fragment(session.make_fragment(Lane.NOTICE, 0, 0, 0, 1, data), world.now)
    before = len(world.machines["bob"].running._conversations._tags)
    for spot in (28, 500, 924):
        broadcast(world, "mallory", "bob", cell[:spot] + bytes([cell[spot] ^ 1]) + cell[spot + 1 :])
    assert counters(world)["cells refused: unreadable"] == 3
    assert len(world.machines["bob"].running._conversations._tags) == before
    still_talking(world)


def test_cells_out_of_their_time_are_not_relayed(world: World) -> None:
    session = talk(world, "mallory", "bob")._session
    cell = decode_cell(session.seal_fragment(session.make_fragment(Lane.NOTICE, 0, 0, 0, 1, b""), world.now))
    for epochs in (-40, 40):
        broadcast(world, "mallory", "bob", encode_cell(replace(cell, epoch=Epoch(cell.epoch + epochs))))
    assert counters(world)["cells refused: expired"] == 2


def test_pieces_that_disagree_about_their_whole_never_become_one(world: World) -> None:
    session, before = talk(world, "mallory", "bob")._session, counters(world).get("fragments repeated", 0)
    for index, count in ((0, 2), (1, 3), (2, 3)):
        number = session.payloads.next_number
        piece = Fragment(Lane.ORDERED, number, number, index, count, 0, 0xFFFF, b"x")
        broadcast(world, "mallory", "bob", session.seal_fragment(piece, world.now))
    assert world.machines["bob"].store.received() == []
    assert counters(world)["fragments repeated"] - before == 2


def test_a_contact_who_falls_silent_counts_as_away_after_a_while(world: World) -> None:
    world.kill("mallory")
    world.run(HERE_S + 1.0)
    away = effects.PresenceChanged(world.contact("bob", "mallory"), here=False)
    assert world.machines["bob"].events(effects.PresenceChanged)[-1] == away


def test_pairing_again_withdraws_a_renewal_under_way() -> None:
    world = friends("alice", "bob", "relay")
    for number in range(47):  # and each has told its recovery key
        world.send("bob", "alice", f"{number}")
    world.run(30.0)
    world.kill("bob")
    world.send("alice", "bob", "renewed")
    world.run(5.0)
    assert any(entry.kind is OutboxKind.REKEY for entry in world.machines["alice"].store.outbox.values())
    world.machines["bob"].store.contacts.clear()
    world.machines["bob"].store.sessions.clear()
    world.machines["bob"].store.outbox.clear()
    world.machines["bob"].notices.clear()
    world.start("bob")
    world.pair("alice", "bob")
    world.run(60.0)
    assert not world.machines["alice"].store.outbox
    assert world.machines["bob"].store.received() == ["renewed"]


def test_blocking_keeps_a_renewal_and_withdraws_the_rest() -> None:
    world = friends("alice", "bob", "relay")
    for number in range(47):  # and each has told its recovery key
        world.send("bob", "alice", f"{number}")
    world.run(30.0)
    world.kill("bob")
    message = world.send("alice", "bob", "never mind")
    world.run(5.0)
    bob = world.contact("alice", "bob")
    world.tell("alice", user_inputs.ContactBlocked(bob, True))
    assert [entry.kind for entry in world.machines["alice"].store.outbox.values()] == [OutboxKind.REKEY]
    assert world.machines["alice"].store.state(message) is MessageState.CANCELLED
    world.tell("alice", user_inputs.ContactBlocked(bob, False))
    world.start("bob")
    world.run(60.0)
    world.send("alice", "bob", "after all")
    world.run(60.0)
    assert world.machines["bob"].store.received() == ["after all"]


def test_wishes_about_people_unknown_here_are_refused(world: World) -> None:
    nobody = ContactId("nobody")
    node = world.machines["bob"].running
    for input in (
        user_inputs.ContactRenamed(nobody, "x"),
        user_inputs.ContactVerified(nobody, True),
        user_inputs.ContactBlocked(nobody, True),
        user_inputs.ContactRemoved(nobody),
        user_inputs.MessageSubmitted(MessageId("m"), conversation_with(nobody), "x"),
    ):
        assert node.handle(input, world.now) == [Rejected(Reason.NO_SUCH_CONTACT)]
    assert not node.is_here(nobody, world.now)


def test_renaming_and_verifying_stick(world: World) -> None:
    mallory = world.contact("bob", "mallory")
    world.tell("bob", user_inputs.ContactRenamed(mallory, "mal"))
    world.tell("bob", user_inputs.ContactVerified(mallory, True))
    world.kill("bob")
    world.start("bob")
    (contact,) = world.machines["bob"].running.list_contacts()
    assert (contact.name, contact.trust.verified) == ("mal", True)
    assert world.machines["bob"].running.identity.name == "bob"


def test_a_server_that_speaks_of_unrequested_topics_is_ignored(world: World) -> None:
    node = world.machines["bob"].running
    topic = Topic(b"t" * 32)
    mine = Seat(b"our seat")
    for message in (Welcome(1), Gone(topic, mine), Seated(topic, mine, ())):
        assert node.handle(inputs.SignalReceived(URL, message), world.now) == []
    (record,) = world.machines["bob"].store.meshes.values()
    held = mesh_topic(record.secret, epoch_at(world.now))
    assert node.handle(inputs.SignalReceived(URL, Gone(held, mine)), world.now) == []
