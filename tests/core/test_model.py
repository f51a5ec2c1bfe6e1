"""Despite any faults on the way, every accepted message arrives once, in order, at the right person."""

from __future__ import annotations

import os
from collections import defaultdict

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.support.world import URL, World

EXAMPLES = int(os.environ.get("P2PCHAT_TEST_SEEDS", "12"))

NAMES = ("alice", "relay", "carol")
PAIRS = (("alice", "carol"), ("carol", "alice"), ("alice", "relay"), ("relay", "alice"))


class Mesh(RuleBasedStateMachine):
    """Sends, kills, restarts, cuts and damages in any order; then lets everything heal."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[tuple[str, str], list[str]] = defaultdict(list)

    @initialize(seed=st.integers(0, 1000), apart=st.booleans())
    def begin(self, seed: int, apart: bool) -> None:
        self.world = World(seed)
        for name in NAMES:
            self.world.add(name)
            self.world.start(name)
        if apart:
            self.world.separate("alice", "carol")
        self.world.pair("alice", "relay")
        self.world.pair("alice", "carol")

    @rule(pair=st.sampled_from(PAIRS), size=st.sampled_from([1, 1, 1, 900, 5000]))
    def send(self, pair: tuple[str, str], size: int) -> None:
        source, target = pair
        if self.world.machines[source].node is None:
            return
        text = f"{len(self.sent[pair])}:".ljust(size, "x")
        self.world.send(source, target, text)
        self.sent[pair].append(text)

    @rule(name=st.sampled_from(NAMES))
    def kill(self, name: str) -> None:
        self.world.kill(name)

    @rule(name=st.sampled_from(NAMES))
    def start(self, name: str) -> None:
        if self.world.machines[name].node is None:
            self.world.start(name)

    @rule(name=st.sampled_from(NAMES))
    def stop(self, name: str) -> None:
        if self.world.machines[name].node is not None:
            self.world.stop(name)

    @rule(seconds=st.sampled_from([0.01, 0.05, 0.3, 2.0, 20.0, 400.0]))
    def wait(self, seconds: float) -> None:
        self.world.run(seconds)

    @rule(up=st.booleans())
    def rendezvous(self, up: bool) -> None:
        if up:
            self.world.down.discard(URL)
        else:
            self.world.down.add(URL)

    @rule(every=st.sampled_from([0, 0, 3, 20]))
    def damage(self, every: int) -> None:
        count = 0

        def spoil(source: str, target: str, data: bytes) -> bytes | None:
            nonlocal count
            count += 1
            return bytes([data[0] ^ 1]) + data[1:] if every and count % every == 0 else data

        self.world.on_frame = spoil

    @invariant()
    def nothing_twice_nothing_out_of_order(self) -> None:
        for (source, target), texts in self.sent.items():
            received = self._received(source, target)
            assert received == texts[: len(received)]

    def teardown(self) -> None:
        if not self.sent:
            return
        self.world.down.clear()
        self.world.on_frame = lambda source, target, data: data
        for name in NAMES:
            self.start(name)
        self.world.run(600.0)
        for (source, target), texts in self.sent.items():
            assert self._received(source, target) == texts
        for name in NAMES:
            assert not self.world.machines[name].store.outbox

    def _received(self, source: str, target: str) -> list[str]:
        store = self.world.machines[target].store
        names = {contact.id: contact.name for contact in store.contacts.values()}
        return [
            line.text
            for line in store.history
            if not line.outgoing and line.author and names[line.author] == source
        ]


Mesh.TestCase.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestMesh = Mesh.TestCase
