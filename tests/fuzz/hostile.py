"""A whole node against a contact and a neighbour who say anything under keys that are right.

What is said is made of valid messages with mistakes in them, so that it gets behind the parsers. After each
the node must neither have raised nor be due without end; at last it must still talk with somebody honest.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

from p2pchat.core.broadcast.cells import Put
from p2pchat.core.messaging.conversation import Conversation
from p2pchat.core.messaging.outputs import SendInto
from p2pchat.core.session.ordered_payloads import SALT_BYTES
from p2pchat.core.values import inputs
from p2pchat.core.values.profile import BALANCED, FAST
from p2pchat.core.values.settings import Settings
from p2pchat.wire.fragment import Fragment, Lane, split
from p2pchat.wire.frame import Frame, FrameKind
from p2pchat.wire.geometry import GEOMETRY
from tests.fuzz.mutator import mutate
from tests.fuzz.targets import TARGETS
from tests.support.world import World

CONTROL: Final = [
    sample
    for name in ("control", "gossip", "reconcile", "walk", "marks", "topology")
    for sample in TARGETS[name].samples
]


class Siege:
    """Bob, whom mallory besets; carol is honest."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.world = World(seed)
        for name in ("mallory", "bob", "carol"):
            self.world.add(name)
            self.world.start(name, Settings(profile=self.random.choice((None, FAST, BALANCED))))
        self.world.pair("bob", "mallory")
        self.world.pair("bob", "carol")
        self.world.run(20.0)

    def payload(self) -> None:
        """Something inside Olm, ordered."""
        session = self._mallory()._session
        plain = mutate(TARGETS["payload"].samples, self.random)
        number, ciphertext = session.encrypt(plain, self.random.randbytes(SALT_BYTES))
        pieces = split(ciphertext)
        for index, piece in enumerate(pieces):
            self._spread(session.make_fragment(Lane.ORDERED, number, number, index, len(pieces), piece))

    def notice(self) -> None:
        """Something outside of Olm."""
        session = self._mallory()._session
        data = mutate(TARGETS["notice"].samples, self.random)[: GEOMETRY.data]
        floor = session.payloads.next_number
        self._spread(session.make_fragment(Lane.NOTICE, floor, floor, 0, 1, data))

    def control(self) -> None:
        """Something to a neighbour."""
        body = mutate(CONTROL, self.random)[: GEOMETRY.body]
        node = self.world.machines["mallory"].running
        for mesh in node._meshes:
            for link in mesh.table.list_bindings():
                put = [Put(link, Frame(FrameKind.CONTROL, body))]
                said = mesh.traffic._on_cells(put, self.world.now)
                self.world.carry_out("mallory", node._routing.route_mesh(mesh, said, self.world.now))

    def wait(self) -> None:
        """Let time pass, and see that the node is not due without end."""
        self.world.run(self.random.choice((0.05, 0.5, 5.0, 60.0)))
        self.world.tell("bob", inputs.TimerFired())
        due = self.world.machines["bob"].running._next_deadline()
        assert due > self.world.now, "a tick leaves something due"

    def step(self) -> None:
        """One thing said, and a while."""
        choices: tuple[Callable[[], None], ...] = (self.payload, self.notice, self.control)
        self.random.choice(choices)()
        self.wait()

    def _mallory(self) -> Conversation:
        node = self.world.machines["mallory"].running
        return node._conversations._by_id[self.world.conversation("mallory", "bob")]

    def _spread(self, fragment: Fragment) -> None:
        talk, node = self._mallory(), self.world.machines["mallory"].running
        cell = talk._session.seal_fragment(fragment, self.world.now)
        batch = node._routing.route_conversations([SendInto(talk.contact.mesh, cell)], self.world.now)
        self.world.carry_out("mallory", batch)

    def end(self) -> None:
        """Carol and bob still talk."""
        self.world.send("carol", "bob", "still there?")
        self.world.send("bob", "carol", "yes")
        self.world.run(300.0)
        assert "still there?" in self.world.machines["bob"].store.received()
        assert "yes" in self.world.machines["carol"].store.received()
