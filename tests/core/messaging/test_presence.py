"""Being there is said at moments that tell nothing: by no period, and not because a neighbour did
something."""

from __future__ import annotations

import math

import pytest

from p2pchat.core.messaging.conversation import Conversation
from p2pchat.core.messaging.delivery import Delivery
from p2pchat.core.messaging.letterbox import ReceivedCell
from p2pchat.core.messaging.outputs import Output as Outcome
from p2pchat.core.messaging.outputs import SendCell
from p2pchat.core.messaging.presence import HERE_S, REFRESH_S, STALE_S, Presence
from p2pchat.core.messaging.routes import AWAY_S
from p2pchat.core.session.renewal import AGE_S
from p2pchat.core.stem.outputs import Output
from p2pchat.core.stem.path import StemPath
from p2pchat.core.values import effects, inputs
from p2pchat.core.values.profile import FAST, PROFILES
from p2pchat.core.values.settings import Settings
from p2pchat.crypto.envelope import EPOCH_SECONDS
from p2pchat.crypto.kdf import cell_id
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import CellId, LinkId, MessageId
from p2pchat.wire.cell import decode_cell
from p2pchat.wire.content import Text
from p2pchat.wire.fragment import Fragment
from p2pchat.wire.payload import PresenceNotice
from tests.support.copies import session
from tests.support.world import World

CONTACTS = 5


def popular(profile: str, contacts: int = CONTACTS) -> World:
    """The victim has invited them all; every one is linked with it."""
    world = World(1)
    names = ["victim", *(f"friend {number}" for number in range(contacts))]
    for name in names:
        world.add(name)
        world.start(name, Settings(profile=PROFILES[profile], links_wanted=contacts))
    for name in names[1:]:
        world.pair("victim", name)
    world.run(60.0)
    return world


def written(world: World) -> int:
    return world.machines["victim"].running.get_status().counters.get("cells originated", 0)


def links(world: World) -> list[LinkId]:
    (mesh,) = world.machines["victim"].running._meshes
    return list(mesh.table.list_bindings())


def fade(world: World, link: LinkId) -> None:
    """The other end is silent until the link is quiet, and then says something again, or another takes its
    place."""
    before = len(links(world))
    (mesh,) = world.machines["victim"].running._meshes
    neighbour = mesh.table.get(link)
    assert neighbour is not None and neighbour.link is not None
    neighbour.link._received_at = world.now - 8.0
    mesh.view._due = None
    world.tell("victim", inputs.TimerFired())
    assert link not in links(world)
    world.run_until(lambda: len(links(world)) >= before)


def break_off(world: World, link: LinkId) -> None:
    """The other end closes it, and comes back with a new one."""
    before = len(links(world))
    world.lose("victim", link)
    world.run_until(lambda: len(links(world)) >= before)


@pytest.mark.parametrize(
    ("profile", "contacts", "provoke"), [("fast", CONTACTS, fade), ("balanced", CONTACTS // 2, break_off)]
)
def test_a_neighbour_that_comes_and_goes_has_nothing_written(
    profile: str, contacts: int, provoke: object
) -> None:
    world = popular(profile, contacts)
    provoked = 0
    for number in range(10):
        every = links(world)
        provoke(world, every[number % len(every)])  # type: ignore[operator]
        before = written(world)
        world.run(2.0)
        provoked += written(world) - before
    unprovoked = 10 * 2.0 * contacts / REFRESH_S
    assert provoked <= unprovoked + 4 * math.sqrt(unprovoked), "what Poisson's law gives without them"


def test_the_only_neighbour_learns_nothing_by_leaving_and_coming_back() -> None:
    world = World(2)
    for name in ("victim", "friend"):
        world.add(name)
        world.start(name, Settings(profile=FAST))
    world.pair("victim", "friend")
    world.run(60.0)
    before, begun = written(world), world.now
    for _ in range(10):
        world.lose("victim", links(world)[0])
        world.run_until(lambda: bool(links(world)))
        world.run(5.0)
    expected = (world.now - begun) / REFRESH_S
    assert written(world) - before <= expected + 4 * math.sqrt(expected)


def test_who_was_away_for_long_greets_one_contact_after_the_other() -> None:
    world = popular("fast")
    world.stop("victim")
    world.idle(AWAY_S)
    world.start("victim", Settings(profile=FAST, links_wanted=CONTACTS))
    world.run_until(lambda: bool(links(world)))
    times = []
    for _ in range(100):
        before = written(world)
        world.run(0.5)
        times += [world.now] * (written(world) - before)
    assert len(times) >= CONTACTS
    spread = sorted(times)[CONTACTS - 1] - times[0]
    assert spread > CONTACTS / 2, "not in one second"


def cut_off(world: World, seconds: float) -> None:
    """Every link is taken away, and only after so long may there be one again."""
    for name in world.machines:
        if name != "victim":
            world.separate("victim", name)
    for link in links(world):
        world.lose("victim", link)
    world.idle(seconds)
    assert not links(world)
    world.unite()
    world.run_until(lambda: bool(links(world)), within=600.0)


def test_links_that_come_back_find_nothing_overdue() -> None:
    world = popular("fast")
    provoked = 0
    for _ in range(3):
        before = written(world)
        cut_off(world, 0.75 * AWAY_S)
        world.run(5.0)
        provoked += written(world) - before
    unprovoked = 3 * 5.0 * CONTACTS / REFRESH_S
    assert provoked <= unprovoked + 4 * math.sqrt(unprovoked), "what Poisson's law gives without them"


def test_after_a_long_time_without_a_link_greetings_are_as_far_apart_as_at_a_start() -> None:
    world = popular("fast")
    cut_off(world, 1.2 * AWAY_S)
    before = written(world)
    world.run(1.0)
    assert written(world) - before <= CONTACTS / 2
    world.run(60.0)
    assert written(world) - before >= CONTACTS


def test_after_a_day_without_a_link_no_renewal_leaves_before_its_contact_is_heard() -> None:
    world = popular("fast")
    for number in range(CONTACTS):
        world.send("victim", f"friend {number}", "hello")
    world.run(60.0)
    cut_off(world, 1.2 * HERE_S)
    for number in range(CONTACTS):
        session(world, "victim", f"friend {number}")._chains.renewal.since -= AGE_S
    before = written(world)
    world.run(1.0)
    assert written(world) - before <= CONTACTS / 2
    world.idle(2 * REFRESH_S)
    renewed = [session(world, "victim", f"friend {number}")._chains.renewal for number in range(CONTACTS)]
    assert all(each.generation == 1 for each in renewed), "they follow the greetings"


def conversation(world: World, of: str, name: str) -> Conversation:
    return world.machines[of].running._conversations._by_id[world.conversation(of, name)]


def cells(effects: list[Outcome]) -> int:
    return sum(isinstance(each, SendCell) for each in effects)


def test_what_is_due_stands_still_without_a_link_but_what_a_person_wrote_leaves_at_once() -> None:
    world = popular("fast", 1)
    world.kill("friend 0")
    world.send("victim", "friend 0", "are you there?")
    world.run(1.0)
    ours, now = conversation(world, "victim", "friend 0"), world.now
    ours.presence.greet_at = ours.delivery.probe_at = now + 30.0
    ours.delivery.answer_at = None
    ours.on_links(0, now)
    assert cells(ours.tick(now + 100.0)) == 0
    back = now + 500.0
    assert cells(ours.on_links(1, back)) == 0 and cells(ours.tick(back + 29.0)) == 0
    assert cells(ours.tick(back + 31.0)) == 2, "a greeting and a question"
    ours.on_links(0, back + 40.0)
    ours.submit_content(Text(MessageId("f" * 32), back + 40.0, "and now?"), 9, back + 40.0)
    assert cells(ours.on_links(1, back + 50.0)) == 1


def test_a_greeting_takes_the_place_of_cover_where_there_is_cover(monkeypatch: pytest.MonkeyPatch) -> None:
    world = popular("balanced", 2)
    (mesh,) = world.machines["victim"].running._meshes
    ticks: list[float] = []
    left: list[float] = []
    ticked, send = mesh.traffic.stem.sender.clock.tick, mesh.traffic.stem.sender._send

    def noted_tick(now: float) -> bool:
        ticks.append(now)
        return ticked(now)

    def noted_send(cell: bytes, stem: StemPath, link: LinkId, now: float) -> list[Output]:
        left.append(now)
        return send(cell, stem, link, now)

    monkeypatch.setattr(mesh.traffic.stem.sender.clock, "tick", noted_tick)
    monkeypatch.setattr(mesh.traffic.stem.sender, "_send", noted_send)
    world.run(REFRESH_S)
    assert left and set(left) <= set(ticks)


def test_when_a_contact_was_heard_is_known_also_after_it_was_killed() -> None:
    world = popular("fast", 1)
    victim = world.machines["victim"].running
    (friend,) = victim.list_contacts()
    heard = victim.heard_at(friend.id)
    assert heard is not None and heard <= world.now
    world.kill("friend 0")
    killed = world.now
    world.idle(HERE_S / 2)
    after = victim.heard_at(friend.id)
    assert after is not None and after <= killed + 1.0


def test_gaps_have_no_memory() -> None:
    presence = Presence(SeededEntropy(3))
    gaps = []
    for _ in range(4000):
        presence.note_presence(1000.0)
        presence.on_greeting_sent(1000.0)
        assert presence.greet_at is not None
        gaps.append(presence.greet_at - 1000.0)
    gaps.sort()
    law = [1.0 - math.exp(-gap / REFRESH_S) for gap in gaps]
    distance = max(max(abs((n + 1) / len(law) - p), abs(n / len(law) - p)) for n, p in enumerate(law))
    assert distance < 1.95 / math.sqrt(len(law)), "Kolmogorov and Smirnov, p = .001"
    assert sum(gap > HERE_S for gap in gaps) / len(gaps) < 0.02


@pytest.mark.slow
def test_a_relay_cannot_tell_which_cell_follows_which(monkeypatch: pytest.MonkeyPatch) -> None:
    """It notes when it first saw each cell, and guesses that the next of a stream comes so much later."""
    whose: dict[CellId, int] = {}
    seal = Delivery._seal

    def sealed(self: Delivery, fragment: Fragment, now: float) -> SendCell:
        made = seal(self, fragment, now)
        whose[cell_id(made.cell)] = id(self)
        return made

    monkeypatch.setattr(Delivery, "_seal", sealed)
    world = World(1)
    names = [f"n{number}" for number in range(9)]
    for name in names:
        world.add(name)
        world.start(name, Settings(profile=FAST))
    for number, name in enumerate(names[1:]):
        world.pair(names[number // 2], name)
    world.run(60.0)
    spy, begun = world.machines[names[-1]], world.now
    spy.notices.clear()
    world.run(2400.0)
    seen = sorted((event.at, event.cell) for event in spy.events(effects.CellSeen))
    seen = [(at, cell) for at, cell in seen if cell in whose and at >= begun]
    guesses = {lag: precision(seen, whose, lag) for lag in (1.0, 60.0, 120.0, 240.0, 360.0, 480.0)}
    streams = len(set(whose.values()))
    assert len(seen) > 100
    assert max(guesses.values()) < 1 / streams + 0.2, guesses


def precision(seen: list[tuple[float, CellId]], whose: dict[CellId, int], lag: float) -> float:
    """How often the cell nearest to ``lag`` seconds after another is of the same stream."""
    right = tried = 0
    for at, cell in seen:
        near = [(abs(then - at - lag), other) for then, other in seen if abs(then - at - lag) <= 1.0]
        near = [each for each in near if each[1] != cell]
        if near:
            tried += 1
            right += whose[min(near)[1]] == whose[cell]
    return right / max(1, tried)


# --- only a contact heard now is here


def gone_meanwhile() -> World:
    """While bob is away alice writes to him, and stops for good; five hours later he comes back."""
    world = World(1)
    for name in ("hub", "alice", "bob"):
        world.add(name)
        world.start(name)
    for host, guest in (("hub", "alice"), ("hub", "bob"), ("alice", "bob")):
        world.pair(host, guest)
    world.run(30.0)
    world.stop("bob")
    world.idle(HERE_S)
    world.send("alice", "bob", "hello, and goodbye")
    world.run(20.0)
    return world


def test_who_left_while_we_were_away_is_not_shown_as_here() -> None:
    world = gone_meanwhile()
    wrote_at = world.now - 20.0
    world.stop("alice")
    world.idle(5 * 3600.0)
    bob, alice = world.machines["bob"], world.contact("bob", "alice")
    bob.notices.clear()
    world.start("bob")
    world.run(60.0)
    assert [event.message.text for event in bob.events(effects.MessageArrived)] == ["hello, and goodbye"]
    assert effects.PresenceChanged(alice, here=True) not in bob.events(effects.PresenceChanged)
    heard = bob.running.heard_at(alice)
    assert heard is not None and heard <= wrote_at + 1.0


def test_who_wrote_while_we_were_away_and_stayed_is_here_as_soon_as_it_answers() -> None:
    world = gone_meanwhile()
    world.start("bob")
    world.run(60.0)
    assert world.machines["bob"].running._conversations.is_here(world.contact("bob", "alice"), world.now)


def test_a_cell_kept_back_beyond_its_epoch_shows_no_contact_as_here() -> None:
    world = popular("fast", 1)
    ours, theirs = conversation(world, "victim", "friend 0"), conversation(world, "friend 0", "victim")
    sealed = [decode_cell(sent.cell) for sent in (greeting(theirs, world.now) for _ in range(2))]
    world.stop("friend 0")
    world.run(5.0)
    assert not ours.presence.is_here(world.now)
    heard, ends = ours.presence.heard_at, (sealed[0].epoch + 1) * EPOCH_SECONDS
    ours.open_cells([ReceivedCell(sealed[0])], ends + STALE_S + 1.0)
    assert not ours.presence.is_here(ends + STALE_S + 1.0) and ours.presence.heard_at == heard
    ours.open_cells([ReceivedCell(sealed[1])], ends + STALE_S - 1.0)
    assert ours.presence.is_here(ends + STALE_S - 1.0), "clocks differ a little"


def greeting(conversation: Conversation, now: float) -> SendCell:
    notice = PresenceNotice(here=True, asks=False, receipt=conversation.delivery.make_receipt())
    (sent,) = conversation.delivery.say_notice(notice, 9, now)
    assert isinstance(sent, SendCell)
    return sent


def test_a_goodbye_that_is_caught_up_on_counts_if_nothing_came_after_it() -> None:
    world = popular("fast", 1)
    ours, theirs = conversation(world, "victim", "friend 0"), conversation(world, "friend 0", "victim")
    goodbyes = [
        decode_cell(sent.cell)
        for each in (theirs.say_goodbye(world.now), theirs.say_goodbye(world.now))
        for sent in each
        if isinstance(sent, SendCell)
    ]
    later = decode_cell(greeting(theirs, world.now).cell)
    ours.open_cells([ReceivedCell(goodbyes[0], late=True)], world.now)
    assert not ours.presence.is_here(world.now)
    ours.open_cells([ReceivedCell(later)], world.now)
    ours.open_cells([ReceivedCell(goodbyes[1], late=True)], world.now)
    assert ours.presence.is_here(world.now), "it came back after that one"
