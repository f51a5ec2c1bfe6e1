"""Links with neighbours: what is heard over them, which are quiet, how one ends.

Knows: when a link counts, and that two nodes have one. Does not know: how a link comes to be (``offers``),
how many are wanted (``active_view``), or what a neighbour's word means.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import assert_never

from p2pchat.core.membership.link_table import LinkTable
from p2pchat.core.membership.neighbour import Neighbour
from p2pchat.core.membership.outputs import (
    AttemptFailed,
    Closed,
    MessageReceived,
    Opened,
    Output,
    Sought,
    Unsought,
)
from p2pchat.core.values.effects import CloseLink, SendFrame
from p2pchat.core.values.inputs import FrameReceived, FramesDrained, LinkDown, LinkUp
from p2pchat.errors import RefusedInput
from p2pchat.types import LinkId
from p2pchat.wire import control
from p2pchat.wire.frame import Frame, FrameKind

ChannelInput = LinkUp | LinkDown | FrameReceived | FramesDrained


class Neighbours:
    """Each method returns what follows."""

    def __init__(self, table: LinkTable, counters: Counter[str]) -> None:
        self._table = table
        self._counters = counters

    def mark_sought(self, link: LinkId, among: int) -> list[Output]:
        """This neighbour is one of those that we seek, drawn among so many."""
        neighbour = self._table.get(link)
        if neighbour is None or neighbour.sought or not neighbour.counts:
            return []
        neighbour.sought, neighbour.among = True, among
        return [Sought(neighbour)]

    def drop_sought(self, neighbour: Neighbour) -> list[Output]:
        """A neighbour is no longer sought. If we made its link, it goes when another link has come."""
        neighbour.sought = neighbour.swap = False
        return [Unsought(neighbour)]

    # --- links

    def on_channel(self, input: ChannelInput, now: float) -> list[Output]:
        """Something happened to a channel."""
        neighbour = self._table[input.link]
        match input:
            case FrameReceived(_, data):
                return self._frame(neighbour, data, now)
            case FramesDrained(_, count):
                return (
                    self._frames(neighbour, neighbour.link.on_drained(count, now)) if neighbour.link else []
                )
            case LinkUp(_, own, peer, address):
                neighbour.address = address
                return self._channel_open(neighbour, own, peer, now)
            case LinkDown():
                return self._forget(neighbour, broken=True)
            case _:
                assert_never(input)

    def tick(self, now: float) -> list[Output]:
        """Drop overdue attempts, stop counting on quiet links, send heartbeats."""
        outputs: list[Output] = []
        for neighbour in self._table:
            if neighbour.is_overdue(now):
                outputs += self.close(neighbour, broken=True)
            elif neighbour.link is not None:
                if neighbour.counts and neighbour.link.is_quiet(now):
                    neighbour.link.faded = True
                    outputs.append(Closed(neighbour, broken=True))
                outputs += self._frames(neighbour, neighbour.link.tick(now))
        return outputs

    def close(self, neighbour: Neighbour, broken: bool = False, answered: bool = False) -> list[Output]:
        """End an attempt or a link, without a word."""
        return [CloseLink(neighbour.id), *self._forget(neighbour, broken, answered)]

    def end_link(self, neighbour: Neighbour, now: float) -> list[Output]:
        """End a link, and say so."""
        bye = Frame(FrameKind.CONTROL, control.encode(control.Bye()))
        last = self._table.send(neighbour.id, bye, now) if neighbour.up else []
        return [*last, *self.close(neighbour)]

    def let_go(self, some: Iterable[Neighbour], now: float) -> list[Output]:
        """Say goodbye to each."""
        return [output for neighbour in some for output in self.end_link(neighbour, now)]

    def _channel_open(self, neighbour: Neighbour, own: bytes, peer: bytes, now: float) -> list[Output]:
        if neighbour.link is None:
            return self.close(neighbour)
        return self._frames(neighbour, neighbour.link.on_open(own, peer, now))

    def _frame(self, neighbour: Neighbour, data: bytes, now: float) -> list[Output]:
        """A frame came in. One that does not open closes the link, in silence."""
        if neighbour.link is None:
            return self.close(neighbour)
        counted = neighbour.counts
        try:
            message = neighbour.link.receive(data, now)
        except RefusedInput as refusal:
            self._counters[f"frames refused: {type(refusal).__name__.lower()}"] += 1
            return self.close(neighbour)
        if isinstance(message, control.Bye):
            return self.close(neighbour)
        outputs: list[Output] = []
        if not counted:
            neighbour.link.faded = False
            outputs.append(Opened(neighbour))
            outputs += self._took_the_place(neighbour) if neighbour.anew else []
        if isinstance(message, control.Credit):
            outputs += self._frames(neighbour, neighbour.link.take_credit(message.granted, now))
        elif message is not None:
            outputs.append(MessageReceived(neighbour.id, message))
        return outputs

    def _took_the_place(self, new: Neighbour) -> list[Output]:
        """The new link stands: the old one with the same node ends."""
        new.anew = False
        old = [neighbour for neighbour in self._table if neighbour.node == new.node and neighbour is not new]
        return [output for neighbour in old for output in self.close(neighbour)]

    def stop_counting(self, neighbour: Neighbour) -> list[Output]:
        """Stop counting on a link until its other end is heard again."""
        if neighbour.link is None or not neighbour.counts:
            return []
        neighbour.link.faded = True
        return [Closed(neighbour, broken=False)]

    def _frames(self, neighbour: Neighbour, sealed: list[bytes]) -> list[Output]:
        return [SendFrame(neighbour.id, data) for data in sealed]

    def _forget(self, neighbour: Neighbour, broken: bool = False, answered: bool = False) -> list[Output]:
        self._table.drop_link(neighbour)
        if neighbour.counts:
            return [Closed(neighbour, broken)]
        return [] if neighbour.up else [AttemptFailed(neighbour, answered)]
