"""A rendezvous that lies, repeats or damages gets no link made, and no link broken."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from p2pchat.core.values import effects, inputs
from p2pchat.crypto.kdf import derive
from p2pchat.crypto.sealing import open_blob, seal_blob
from p2pchat.types import LinkId, Seat
from p2pchat.wire.codec import length_prefixed, pack, strip_padding, unpack
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.signalling import Blob, FromServer, Refusal, Seated, SeatMode, SeatRefused
from p2pchat.wire.version import VERSION
from tests.support.crowds import crowd, topic_of, up
from tests.support.world import URL, World


@pytest.mark.parametrize("spot", [0, 23, 24, 600, 2031, 2047])
def test_a_rendezvous_that_tampers_with_every_blob_gets_no_link_made(spot: int) -> None:
    world = crowd(2)
    for name in world.machines:
        world.kill(name)

    def damage(message: FromServer) -> FromServer:
        if isinstance(message, Blob):
            blob = bytearray(message.blob)
            blob[spot] ^= 0x80
            return replace(message, blob=bytes(blob))
        return message

    world.tamper = damage
    for name in world.machines:
        world.start(name)
    world.run(120.0)
    assert up(world, "n0") == up(world, "n1") == 0
    assert world.machines["n0"].running.get_status().counters["input refused: unreadable"] > 0


def test_members_of_another_version_are_refused_in_silence_and_counted() -> None:
    world = crowd(2)
    topic, (record,) = topic_of(world, "n0"), world.machines["n0"].store.meshes.values()
    key, offers = derive(record.secret, "offer blob"), 0
    for name in world.machines:
        world.kill(name)

    def of_tomorrow(message: FromServer) -> FromServer:
        nonlocal offers
        if not isinstance(message, Blob):
            return message
        offers += 1
        fields = unpack(strip_padding(open_blob(key, message.blob, b"offer" + topic)), GEOMETRY.blob_plain)
        assert isinstance(fields, dict)
        said = length_prefixed(pack({**fields, "v": VERSION + 1, "more": True}), GEOMETRY.blob_plain)
        return replace(message, blob=seal_blob(key, bytes(GEOMETRY.nonce), said, b"offer" + topic))

    world.tamper = of_tomorrow
    for name in world.machines:
        world.start(name)
    world.run(60.0)
    counted = [
        each.running.get_status().counters["input refused: another version"]
        for each in world.machines.values()
    ]
    assert up(world, "n0") == up(world, "n1") == 0
    assert sum(counted) == offers > 0, "every blob was an offer: none was answered"


def test_a_rendezvous_that_repeats_every_blob_gains_nothing() -> None:
    world = crowd(2)
    for name in world.machines:
        world.kill(name)

    def twice(message: FromServer) -> FromServer:
        if isinstance(message, Blob):
            for name in ("n0", "n1"):
                input = inputs.SignalReceived(URL, message)
                world.later(0.5, partial(world.tell, name, input))
        return message

    world.tamper = twice
    for name in world.machines:
        world.start(name)
    world.run(60.0)
    assert up(world, "n0") == up(world, "n1") == 1


def test_a_rendezvous_that_invents_seats_and_refusals_is_survived() -> None:
    world = crowd(2)
    world.run(30.0)
    topic = topic_of(world, "n0")
    invented = tuple(Seat(bytes([n]) * 8) for n in range(1, 7))
    node = world.machines["n0"].running
    world.tell("n0", inputs.SignalReceived(URL, SeatRefused(topic, Refusal.BUSY)))
    node._rendezvous.keep_seat(URL, topic, SeatMode.MESH, world.now)
    world.tell("n0", inputs.SignalReceived(URL, Seated(topic, Seat(b"our seat"), invented)))
    world.run(60.0)
    assert up(world, "n0") == 1


def test_a_seat_that_was_not_asked_for_is_ignored() -> None:
    world = crowd(2)
    world.run(30.0)
    node, topic = world.machines["n0"].running, topic_of(world, "n0")
    seated = inputs.SignalReceived(URL, Seated(topic, Seat(b"our seat"), (Seat(b"stranger"),)))
    assert node.handle(seated, world.now) == []
    node._rendezvous.keep_seat(URL, topic, SeatMode.MESH, world.now)
    assert any(isinstance(effect, effects.MakeOffer) for effect in node.handle(seated, world.now))
    other = inputs.SignalReceived("ws://elsewhere", Seated(topic, Seat(b"our seat"), (Seat(b"stranger"),)))
    assert node.handle(other, world.now) == []
    assert node.get_status().counters["unrequested signals"] == 2


def test_frames_for_links_that_are_gone_are_ignored() -> None:
    world = crowd(2)
    node = world.machines["n0"].running
    for input in (
        inputs.FrameReceived(LinkId(999), b""),
        inputs.LinkDown(LinkId(999), ""),
        inputs.FramesDrained(LinkId(999), 1),
        inputs.LinkUp(LinkId(999), b"", b""),
    ):
        assert node.handle(input, world.now) == []


def test_a_link_without_keys_is_closed_when_its_channel_opens_or_speaks() -> None:
    world = World()
    world.add("a")
    world.start("a")
    world.invite("a")
    world.run(1.0)
    node = world.machines["a"].running

    def opens(link: LinkId) -> inputs.Input:
        return inputs.LinkUp(link, b"", b"")

    def speaks(link: LinkId) -> inputs.Input:
        return inputs.FrameReceived(link, b"x")

    for number, input_of in enumerate((opens, speaks)):
        strangers = (Seat(b"stranger"[number:] + b"." * number),)
        node._rendezvous.keep_seat(URL, topic_of(world, "a"), SeatMode.MESH, world.now)
        seated = Seated(topic_of(world, "a"), Seat(b"our seat"), strangers)
        out = node.handle(inputs.SignalReceived(URL, seated), world.now)
        (link,) = [effect.link for effect in out if isinstance(effect, effects.MakeOffer)]
        assert effects.CloseLink(link) in node.handle(input_of(link), world.now)
