"""Being there is said at moments that tell nothing: by no period, and not because a neighbour did
something."""

from __future__ import annotations

import math

import pytest

from p2pchat.core import effects, inputs
from p2pchat.core.messaging.delivery import Delivery
from p2pchat.core.messaging.outputs import SendCell
from p2pchat.core.messaging.presence import HERE_S, REFRESH_S, Presence
from p2pchat.core.messaging.routes import AWAY_S
from p2pchat.core.settings import Settings
from p2pchat.core.stem.outputs import Output
from p2pchat.core.stem.pin import Pin
from p2pchat.core.stem.profile import FAST, PROFILES
from p2pchat.crypto.kdf import cell_id
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import LinkId
from p2pchat.wire.fragment import Fragment
from tests.support.world import World

CONTACTS = 6


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
    return world.machines["victim"].running.status().counters.get("cells originated", 0)


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
    neighbour.link._heard_at = world.now - 8.0
    mesh.view._due = None
    world.tell("victim", inputs.TimerFired())
    assert link not in links(world)
    world.run_until(lambda: len(links(world)) >= before)


def break_off(world: World, link: LinkId) -> None:
    """The other end closes it, and comes back with a new one."""
    before = len(links(world))
    world.lose("victim", link)
    world.run_until(lambda: len(links(world)) >= before)


@pytest.mark.parametrize(("profile", "provoke"), [("fast", fade), ("balanced", break_off)])
def test_a_neighbour_that_comes_and_goes_has_nothing_written(profile: str, provoke: object) -> None:
    world = popular(profile)
    provoked = 0
    for number in range(10):
        every = links(world)
        provoke(world, every[number % len(every)])  # type: ignore[operator]
        before = written(world)
        world.run(2.0)
        provoked += written(world) - before
    unprovoked = 10 * 2.0 * CONTACTS / REFRESH_S
    assert provoked <= unprovoked + 4 * math.sqrt(unprovoked), "what Poisson's law gives without them"


def test_the_only_neighbour_learns_no_more_by_leaving_and_coming_back() -> None:
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
    world.run(AWAY_S)
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


def test_a_greeting_takes_the_place_of_cover_where_there_is_cover(monkeypatch: pytest.MonkeyPatch) -> None:
    world = popular("balanced", 3)
    (mesh,) = world.machines["victim"].running._meshes
    ticks: list[float] = []
    left: list[float] = []
    ticked, send = mesh.traffic.stem.sender.clock.ticked, mesh.traffic.stem.sender._send

    def noted_tick(now: float) -> bool:
        ticks.append(now)
        return ticked(now)

    def noted_send(cell: bytes, pin: Pin, now: float) -> list[Output]:
        left.append(now)
        return send(cell, pin, now)

    monkeypatch.setattr(mesh.traffic.stem.sender.clock, "ticked", noted_tick)
    monkeypatch.setattr(mesh.traffic.stem.sender, "_send", noted_send)
    world.run(2 * REFRESH_S)
    assert left and set(left) <= set(ticks)


def test_when_a_contact_was_heard_is_known_also_after_it_was_killed() -> None:
    world = popular("fast", 1)
    victim = world.machines["victim"].running
    (friend,) = victim.contacts()
    heard = victim.heard_at(friend.id)
    assert heard is not None and heard <= world.now
    world.kill("friend 0")
    killed = world.now
    world.run(HERE_S / 2)
    after = victim.heard_at(friend.id)
    assert after is not None and after <= killed + 1.0


def test_gaps_have_no_memory() -> None:
    presence = Presence(SeededEntropy(3))
    gaps = []
    for _ in range(4000):
        presence.heard(1000.0)
        presence.greeted(1000.0)
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
    whose: dict[bytes, int] = {}
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


def precision(seen: list[tuple[float, bytes]], whose: dict[bytes, int], lag: float) -> float:
    """How often the cell nearest to ``lag`` seconds after another is of the same stream."""
    right = tried = 0
    for at, cell in seen:
        near = [(abs(then - at - lag), other) for then, other in seen if abs(then - at - lag) <= 1.0]
        near = [each for each in near if each[1] != cell]
        if near:
            tried += 1
            right += whose[min(near)[1]] == whose[cell]
    return right / max(1, tried)
