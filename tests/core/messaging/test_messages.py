"""Messages arrive once, in order, as sent; despite all that happens to the nodes on the way."""

from __future__ import annotations

import pytest

from p2pchat.core.messaging.delivery import ANSWER_S
from p2pchat.core.values import effects, user_inputs
from p2pchat.core.values.profile import BALANCED, Profile
from p2pchat.core.values.records import Message
from p2pchat.core.values.settings import Settings
from p2pchat.crypto.envelope import EPOCH_SECONDS
from p2pchat.types import MessageState
from tests.support.world import URL, World


def friends(*names: str, seed: object = 0) -> World:
    """The first name has invited all others; all are linked."""
    world = World(seed)
    for name in names:
        world.add(name)
        world.start(name)
    for guest in names[1:]:
        world.pair(names[0], guest)
    world.run(10.0)
    return world


TEXTS = [
    "hi",
    "Grüße, 你好, مرحبا, שלום 👩‍👩‍👧‍👦 \u202eright to left",
    "\x1b[31mred\x1b[0m \x00 \x07 \r\n\t",
    "x" * 65_536,
    "🦀" * (65_536 // 4),
]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: repr(text[:8]))
def test_a_text_arrives_as_it_was_sent(text: str) -> None:
    world = friends("alice", "bob")
    message = world.send("alice", "bob", text)
    world.run(10.0)
    assert world.machines["bob"].store.received() == [text]
    assert world.machines["alice"].store.state(message) is MessageState.DELIVERED


def test_both_directions_at_once_keep_each_sender_s_order() -> None:
    world = friends("alice", "bob")
    for number in range(200):
        world.send("alice", "bob", f"a{number}")
        world.send("bob", "alice", f"b{number}")
        if number % 7 == 0:
            world.run(0.05)
    world.run(60.0)
    assert world.machines["bob"].store.received() == [f"a{number}" for number in range(200)]
    assert world.machines["alice"].store.received() == [f"b{number}" for number in range(200)]
    assert not world.machines["alice"].store.outbox and not world.machines["bob"].store.outbox


def test_states_are_reported_in_order_and_only_when_true() -> None:
    world = friends("alice", "bob")
    message = world.send("alice", "bob", "hi")
    world.run(5.0)
    moved = [
        event.state.value
        for event in world.machines["alice"].events(effects.MessageMoved)
        if event.id == message
    ]
    assert moved == ["queued", "relayed", "delivered"]


def test_without_a_link_a_message_stays_queued() -> None:
    world = friends("alice", "bob")
    world.kill("bob")
    world.run(60.0)
    message = world.send("alice", "bob", "anyone?")
    world.run(60.0)
    assert world.machines["alice"].store.state(message) is MessageState.QUEUED


def test_contacts_who_cannot_reach_each_other_talk_through_others() -> None:
    world = World()
    for name in ("alice", "relay", "carol"):
        world.add(name)
        world.start(name)
    world.separate("alice", "carol")
    world.pair("alice", "relay")
    world.pair("alice", "carol")
    world.run(30.0)
    message = world.send("alice", "carol", "over the hill")
    world.run(5.0)
    assert world.machines["carol"].store.received() == ["over the hill"]
    assert world.machines["alice"].store.state(message) is MessageState.DELIVERED
    assert world.machines["relay"].store.received() == []


def test_what_is_sent_to_someone_away_waits_through_restarts_and_arrives_once() -> None:
    world = friends("alice", "bob", "relay")
    world.kill("bob")
    messages = [world.send("alice", "bob", f"while away {number}") for number in range(3)]
    world.run(300.0)
    world.kill("alice")
    world.start("alice")
    world.run(5.0)
    world.start("bob")
    world.run(60.0)
    assert world.machines["bob"].store.received() == [f"while away {number}" for number in range(3)]
    assert all(world.machines["alice"].store.state(message) is MessageState.DELIVERED for message in messages)


def test_a_long_text_reaches_someone_who_was_away_over_the_edge_of_an_epoch() -> None:
    world = friends("alice", "bob", "relay")
    world.kill("bob")
    world.send("alice", "bob", "y" * 60_000)
    world.send("alice", "bob", "z" * 60_000)
    world.run(60.0)
    world.now += EPOCH_SECONDS - world.now % EPOCH_SECONDS - 900.0
    world.idle(1800.0)
    world.start("bob")
    world.run(300.0)
    assert [text[0] * 2 for text in world.machines["bob"].store.received()] == ["yy", "zz"]


def test_a_message_that_never_arrives_expires_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("p2pchat.core.messaging.contents.LIFETIME_S", 3_600.0)
    world = friends("alice", "bob", "relay")
    for (
        name
    ) in world.machines:  # a cell lives a day, a message two weeks: here no cell may outlive its message
        world.kill(name)
        world.start(name, Settings(hold_bytes=0))
    world.kill("bob")
    message = world.send("alice", "bob", "too late")
    world.idle(3_700.0)
    assert world.machines["alice"].store.state(message) is MessageState.EXPIRED
    world.start("bob")
    world.run(60.0)
    world.send("alice", "bob", "in time")
    world.run(60.0)
    assert world.machines["bob"].store.received() == ["in time"]


def test_frames_lost_to_a_hostile_neighbour_cost_a_link_and_no_message() -> None:
    world = friends("alice", "bob")
    count = 0

    def damage(source: str, target: str, data: bytes) -> bytes | None:
        nonlocal count
        count += 1
        return data[:-1] + bytes([data[-1] ^ 1]) if count % 50 == 0 else data

    world.on_frame = damage
    for number in range(20):
        world.send("alice", "bob", f"{number}")
        world.run(2.0)
    world.on_frame = lambda source, target, data: data
    world.run(300.0)
    assert world.machines["bob"].store.received() == [str(number) for number in range(20)]


def test_the_envelope_is_renewed_unnoticed() -> None:
    world = friends("alice", "bob")
    for number in range(180):
        world.send("alice" if number % 3 else "bob", "bob" if number % 3 else "alice", f"{number}")
        world.run(0.4)
        if number % 37 == 0:
            victim = "alice" if number % 2 else "bob"
            world.kill(victim)
            world.start(victim)
    world.run(300.0)
    assert world.machines["bob"].store.received() == [str(n) for n in range(180) if n % 3]
    assert world.machines["alice"].store.received() == [str(n) for n in range(180) if not n % 3]
    talk = world.machines["alice"].running._conversations._by_id[world.conversation("alice", "bob")]
    assert talk._session._chains.renewal.generation >= 2


def test_a_blocked_contact_is_not_heard_and_nothing_more_goes_to_them() -> None:
    world = friends("alice", "bob")
    world.tell("bob", user_inputs.ContactBlocked(world.contact("bob", "alice"), True))
    world.send("alice", "bob", "please")
    world.run(10.0)
    assert world.machines["bob"].store.received() == []
    message = world.send("bob", "alice", "no")
    assert message not in {line.id for line in world.machines["bob"].store.history}
    world.tell("bob", user_inputs.ContactBlocked(world.contact("bob", "alice"), False))
    world.run(300.0)
    assert world.machines["bob"].store.received() == ["please"]


def test_a_blocked_contact_sees_nothing_of_us_any_more() -> None:
    world = friends("alice", "bob", "relay")
    alice = world.contact("bob", "alice")
    world.run(30.0)
    world.tell("bob", user_inputs.ContactBlocked(alice, True))
    before = (
        world.machines["alice"]
        .running._conversations._by_id[world.conversation("alice", "bob")]
        ._session._chains._receiving
    )
    seen = [chain.latest_place() for chain in before]
    world.run(700.0)
    world.stop("bob")
    world.run(5.0)
    assert [chain.latest_place() for chain in before] == seen


def test_an_unblocked_contact_is_written_to_without_waiting_for_a_new_link() -> None:
    world = friends("alice", "bob", "relay")
    alice = world.contact("bob", "alice")
    world.tell("bob", user_inputs.ContactBlocked(alice, True))
    world.kill("bob")
    world.start("bob")
    world.run(40.0)
    world.tell("bob", user_inputs.ContactBlocked(alice, False))
    message = world.send("bob", "alice", "friends again")
    world.run(3.0)
    assert world.machines["bob"].store.state(message) is MessageState.DELIVERED


def test_a_removed_contact_leaves_nothing_behind() -> None:
    world = friends("alice", "bob")
    world.send("alice", "bob", "hi")
    world.run(5.0)
    world.tell("alice", user_inputs.ContactRemoved(world.contact("alice", "bob")))
    store = world.machines["alice"].store
    assert not (store.contacts or store.sessions or store.outbox or store.history)
    world.send("bob", "alice", "still there?")
    world.run(5.0)
    assert not store.history


def test_pairing_again_keeps_the_name_and_delivers_what_waited() -> None:
    world = friends("alice", "bob", "relay")
    world.kill("bob")
    world.send("alice", "bob", "before")
    world.run(10.0)
    world.machines["bob"].store.contacts.clear()
    world.machines["bob"].store.sessions.clear()
    world.machines["bob"].notices.clear()
    world.start("bob")
    world.pair("alice", "bob")
    world.run(60.0)
    assert world.machines["bob"].store.received() == ["before"]
    assert [contact.name for contact in world.machines["alice"].store.contacts.values()] == ["bob", "relay"]


def test_presence_comes_and_goes() -> None:
    world = friends("alice", "bob")
    bob = world.contact("alice", "bob")
    assert world.machines["alice"].running.is_here(bob, world.now)
    world.stop("bob")
    world.run(5.0)
    assert not world.machines["alice"].running.is_here(bob, world.now)


def test_the_mesh_mends_itself_when_the_rendezvous_comes_back() -> None:
    world = friends("alice", "bob")
    world.down.add(URL)
    for name in ("alice", "bob"):
        world.kill(name)
        world.start(name)
    world.run(120.0)
    message = world.send("alice", "bob", "at last")
    world.down.clear()
    world.run(90.0)
    assert world.machines["alice"].store.state(message) is MessageState.DELIVERED


def test_history_holds_both_sides_lines() -> None:
    world = friends("alice", "bob")
    world.send("alice", "bob", "ping")
    world.run(3.0)
    world.send("bob", "alice", "pong")
    world.run(3.0)

    def lines(name: str) -> list[tuple[bool, str]]:
        history: list[Message] = world.machines[name].store.history
        return [(line.outgoing, line.text) for line in history]

    assert lines("alice") == [(True, "ping"), (False, "pong")]
    assert lines("bob") == [(False, "ping"), (True, "pong")]


@pytest.mark.parametrize("profile", [None, BALANCED])
def test_nothing_leaves_at_once_because_a_cell_came(profile: Profile | None) -> None:
    shortest, longest = profile.answer_s if profile else ANSWER_S
    world = World()
    for name in ("alice", "bob"):
        world.add(name)
        world.start(name, Settings(profile=profile))
    world.pair("alice", "bob")
    world.run(120.0)

    def originated() -> int:
        return world.machines["bob"].running.get_status().counters["cells originated"]

    for number in range(10):
        before = originated()
        message = world.send("alice", "bob", f"{number}")
        while len(world.machines["bob"].store.received()) == number:
            world.run(0.001)
        world.run(shortest - 0.002)
        assert originated() == before
        world.run(longest - shortest + 0.01)
        assert originated() == before + 1
        world.run(30.0)
        assert world.machines["alice"].store.state(message) is MessageState.DELIVERED


@pytest.mark.parametrize("seed", range(6))
def test_a_contact_who_answers_and_goes_has_told_that_they_heard(seed: int) -> None:
    """Even if the receiver of the answer goes as soon as the answer is there."""
    world = World(seed)
    for name in ("alice", "bob"):
        world.add(name)
        world.start(name, Settings(profile=BALANCED))
    world.pair("alice", "bob")
    world.run(60.0)
    message = world.send("alice", "bob", "how are you?")
    while not world.machines["bob"].store.received():
        world.run(0.001)
    world.send("bob", "alice", "fine")
    world.stop("bob")
    while not world.machines["alice"].store.received():
        world.run(0.001)
    world.stop("alice")
    assert world.machines["alice"].store.state(message) is MessageState.DELIVERED
