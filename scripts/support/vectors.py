"""Vectors of the mesh: what our own code says, from a seed, for others to compare with.

Each function returns the fields of one file. What is bytes becomes hexadecimal digits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from unittest.mock import patch

from p2pchat.core.link.link import Link
from p2pchat.core.membership.neighbour import SeatRef
from p2pchat.core.membership.offer_exchange import OfferExchange
from p2pchat.core.membership.walk import WalkRef
from p2pchat.crypto import exchange, onion
from p2pchat.crypto.archive import ArchiveSeal, draw_phrase
from p2pchat.crypto.descriptor import DescriptorKey
from p2pchat.crypto.envelope import SendChain, epoch_at
from p2pchat.crypto.kdf import cell_id, mesh_topic
from p2pchat.crypto.password import Cost
from p2pchat.crypto.sealing import LinkKeys, Role
from p2pchat.crypto.stamp import stamped, worth
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import CellId, Epoch, HopId, LinkId, NodeId, Seat
from p2pchat.wire import control
from p2pchat.wire.backup import EntryKind, encode_entry, padded_size
from p2pchat.wire.cell import decode_cell, encode_cell
from p2pchat.wire.description import Candidate, Description, Nat
from p2pchat.wire.fragment import NOTHING_SEEN, Fragment, Lane, encode_fragment
from p2pchat.wire.frame import Frame, FrameKind
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.gossip import Ihave
from p2pchat.wire.offer import Answer
from p2pchat.wire.topology import NodeDescriptor
from scripts.support.drawn import Drawn

Fields = dict[str, object]

NOW = 1_800_000_000.0
"""The clock, in Unix seconds."""

EPOCH = epoch_at(NOW)
URL = "wss://meet.example/"


Draw = bytes
Draws = list[Draw]


class RecordedEntropy(SeededEntropy):
    """Entropy from a seed that notes its draws: the secrets that a vector shows."""

    __slots__ = ("given",)

    def __init__(self, seed: object) -> None:
        super().__init__(seed)
        self.given: Draws = []

    def draw_bytes(self, size: int) -> bytes:
        self.given.append(super().draw_bytes(size))
        return self.given[-1]

    def of(self, size: int) -> Draw:
        """The one draw of so many bytes."""
        (value,) = (value for value in self.given if len(value) == size)
        return value


def frame() -> Fields:
    """Both directions of one link, as the two machines make them."""
    entropy = RecordedEntropy("frame")
    link64, offerer, answerer = entropy.draw_bytes(64), entropy.draw_bytes(32), entropy.draw_bytes(32)
    ends = {role: Link(LinkKeys(link64), role) for role in _ROLES}
    sent: list[Fields] = []

    def told(role: Role, frames: Sequence[bytes], kind: FrameKind, body: bytes) -> None:
        """One frame, which the other end reads."""
        (sealed,) = frames
        ends["answerer" if role == "offerer" else "offerer"].receive(sealed, NOW)
        number = sum(item["from"] == role for item in sent)
        sent.append({"from": role, "number": number, "kind": kind, "body": body, "frame": sealed})

    first = {
        "offerer": ends["offerer"].on_open(offerer, answerer, NOW),
        "answerer": ends["answerer"].on_open(answerer, offerer, NOW),
    }
    keys = LinkKeys(link64)
    told("offerer", first["offerer"], FrameKind.CONFIRM, keys.make_confirmation("offerer", offerer, answerer))
    told(
        "answerer",
        first["answerer"],
        FrameKind.CONFIRM,
        keys.make_confirmation("answerer", answerer, offerer),
    )
    ihave = control.encode(
        Ihave((CellId(entropy.draw_bytes(16)), CellId(entropy.draw_bytes(16))), late=False)
    )
    beat = control.encode(control.Heartbeat(1))
    bye = control.encode(control.Bye())
    for role, kind, body in (
        ("offerer", FrameKind.CELL, entropy.draw_bytes(GEOMETRY.cell)),
        ("offerer", FrameKind.CONTROL, ihave),
        ("answerer", FrameKind.ONION, entropy.draw_bytes(GEOMETRY.onion)),
        ("answerer", FrameKind.CONTROL, beat),
        ("offerer", FrameKind.CONTROL, bye),
    ):
        side: Role = "offerer" if role == "offerer" else "answerer"
        told(side, ends[side].send(Frame(kind, body), NOW), kind, body)
    return {"link64": link64, "fingerprints": {"offerer": offerer, "answerer": answerer}, "frames": sent}


_ROLES: tuple[Role, Role] = ("offerer", "answerer")


def cell() -> Fields:
    """One direction of a session over two epochs, and a mark of it."""
    entropy = RecordedEntropy("cell")
    root = entropy.draw_bytes(32)
    chain = SendChain(root, EPOCH)
    sent: list[Fields] = []

    def seal(fragment: Fragment) -> bytes:
        epoch, index = chain.epoch, chain.index
        made = chain.seal_cell(encode_fragment(fragment))
        place = {"epoch": epoch, "index": index, "fragment": _fragment(fragment)}
        sent.append({**place, "cell": made, "id": cell_id(made)})
        return made

    seal(Fragment(Lane.NOTICE, 0, 0, 0, 1, 0, NOTHING_SEEN, b"a notice"))
    seal(Fragment(Lane.ORDERED, 7, 5, 0, 2, EPOCH, 3, entropy.draw_bytes(GEOMETRY.data)))
    chain.skip_to(150)
    seal(Fragment(Lane.ORDERED, 7, 5, 1, 2, 2 << 24 | EPOCH, 4, b"the end of it"))
    chain.advance_to(Epoch(EPOCH + 1))
    last = seal(Fragment(Lane.ORDERED, 8, 8, 0, 1, EPOCH + 1, 0, b""))
    binding, nonce = entropy.draw_bytes(32), entropy.draw_bytes(16)
    mark = {"epoch": chain.epoch, "binding": binding, "nonce": nonce, "mark": chain.make_mark(binding, nonce)}
    paid = stamped(decode_cell(last), 8, entropy.draw_bytes(8))
    stamp = {"cell": encode_cell(paid), "bits": worth(paid)}
    return {"root": root, "epoch": EPOCH, "cells": sent, "mark": mark, "stamp": stamp}


def backup() -> Fields:
    """A small archive, and sizes."""
    entropy = RecordedEntropy("backup")
    phrase = draw_phrase(entropy)
    seal = ArchiveSeal(phrase, entropy, Cost(1, 64 << 10))
    entries = encode_entry(EntryKind.SETTING, {"name": "theme", "value": "nord"})
    entries += encode_entry(EntryKind.END, {"contacts": 0, "lines": 0})
    sizes = (0, 262_145, 1_000_000, 99_999_999, 5_000_000_000)
    return {
        "phrase": phrase,
        "header": seal.header,
        "entries": entries,
        "chunk": seal.seal_chunk(entries, last=True),
        "padded": [[size, padded_size(size)] for size in sizes],
    }


def onions() -> Fields:
    """Make three onions, and peel them at every hop."""
    entropy = RecordedEntropy("onion")
    keys = [onion.OnionKey.generate(entropy) for _ in range(5)]
    ids = [HopId(entropy.draw_bytes(onion.ID_BYTES)) for _ in keys]
    hops = [onion.Hop(id, key.public) for id, key in zip(ids, keys, strict=True)]
    made: list[Fields] = []
    for command, length, delay in (
        (onion.HopCommand.BROADCAST, 3, 0),
        (onion.HopCommand.LOOP, 5, 2),
        (onion.HopCommand.DROP, 1, 1),
    ):
        drawn, payload = RecordedEntropy(("onion", length)), entropy.draw_bytes(GEOMETRY.cell)
        packet = onion.wrap(hops[:length], command, payload, drawn, delay)
        scalar, last_id, last_gamma, noise = drawn.given
        wrapped: Fields = {
            "scalar": scalar,
            "last": {"id": last_id, "gamma": last_gamma},
            "noise": noise,
            "payload": payload,
            "hops": length,
        }
        made.append({**wrapped, "delay": delay, "steps": list(_peeled(keys[:length], packet))})
    shown = [{"id": hop.id, "scalar": key.scalar} for hop, key in zip(hops, keys, strict=True)]
    return {"hops": shown, "onions": made}


def _peeled(keys: Sequence[onion.OnionKey], packet: bytes) -> Iterator[Fields]:
    for key in keys:
        peeled = onion.peel(key, packet)
        step: Fields = {"packet": packet, "command": peeled.command, "replay": peeled.replay}
        yield {**step, "next": peeled.next} if peeled.next else step
        packet = peeled.packet


def records() -> Fields:
    """A node's record of an epoch, its proof on a link, and its answer to a walk."""
    entropy = RecordedEntropy("record")
    seed, onion_key, binding = (
        entropy.draw_bytes(32),
        onion.OnionKey.generate(entropy),
        entropy.draw_bytes(32),
    )
    key, links = DescriptorKey(seed), (HopId(entropy.draw_bytes(8)), HopId(entropy.draw_bytes(8)))
    record = NodeDescriptor(key.public, onion_key.public, EPOCH, 7, links)
    walk_key, own_key = entropy.draw_bytes(32), entropy.draw_bytes(32)
    told: Fields = {
        "seed": seed,
        "onion_key": onion_key.public,
        "epoch": EPOCH,
        "serial": 7,
        "links": list(links),
    }
    signed = {"record": key.sign(record), "name": key.id}
    proved: Fields = {"binding": binding, "proof": key.sign_binding(binding)}
    ticket: Fields = {"walk_key": walk_key, "own_key": own_key, "vacant": True}
    return {
        **told,
        **signed,
        "link": proved,
        "ticket": {**ticket, "proof": key.sign_ticket(walk_key, own_key, vacant=True)},
    }


def offer(drawn: Drawn) -> Fields:
    """Two ways to a link: at a seat and at the end of a walk; and a refusal."""
    secret = RecordedEntropy("offer").draw_bytes(32)
    walk = RecordedEntropy("walk").draw_bytes(32)
    seat = SeatRef(URL, mesh_topic(secret, EPOCH), Seat(bytes(8)))
    tries = (
        _tried(secret, seat, "seat", drawn, relayed=False),
        _tried(secret, WalkRef(LinkId(1), bytes(8), walk), "walk", drawn, relayed=True),
    )
    place: Fields = {"epoch": EPOCH, "topic": seat.topic, "walk_secret": walk}
    return {"mesh_secret": secret, **place, "exchanges": list(tries)}


def _tried(secret: bytes, place: SeatRef | WalkRef, name: str, drawn: Drawn, relayed: bool) -> Fields:
    ours, theirs = RecordedEntropy((name, "offerer")), RecordedEntropy((name, "answerer"))
    offerer = OfferExchange(secret, NodeId(ours.draw_bytes(8)), ours)
    answerer = OfferExchange(secret, NodeId(theirs.draw_bytes(8)), theirs)
    with patch.object(exchange, "MLKEM768PublicKey", drawn.kem()):
        opened = offerer.seal_offer(place, _description("actpass", ours), relayed=relayed)
        read = answerer.read_offer(place, opened.blob)
        description = _description("active", theirs)
        blob, keys = answerer.seal_answer(place, opened.blob, read, description)
    declined = answerer.seal_decline(place, opened.blob, linked=True)
    reply, agreed = offerer.read_reply(place, opened, blob)
    assert isinstance(reply, Answer) and agreed is not None
    probe = bytes(32), bytes(32)
    assert agreed.make_confirmation("offerer", *probe) == keys.make_confirmation("offerer", *probe)
    return {
        "place": name,
        "offerer": {"node": read.node, "x25519": _scalar(ours), "ml_kem_seed": ours.of(64)},
        "answerer": {"node": reply.node, "x25519": _scalar(theirs)},
        "relayed": relayed,
        "descriptions": {"offer": _shown(read.description), "answer": _shown(reply.description)},
        "offer": opened.blob,
        "answer": blob,
        "decline": declined,
        "fingerprints": list(probe),
        "confirmation": keys.make_confirmation("offerer", *probe),
    }


def _scalar(entropy: RecordedEntropy) -> bytes:
    """The last draw of 32 bytes: the one before it is a fingerprint."""
    return [value for value in entropy.given if len(value) == 32][-1]


def _description(setup: str, entropy: RecordedEntropy) -> Description:
    candidates = (
        Candidate("host", "udp", "192.0.2.7", 50_000, 2_130_706_431),
        Candidate("srflx", "udp", "198.51.100.9", 50_001, 1_694_498_815),
        Candidate("relay", "udp", "2001:db8::7", 3478, 16_777_215),
    )
    fingerprint = entropy.draw_bytes(32)
    if setup == "actpass":
        return Description("actpass", "Ua1/", "offerspassword0123456+", fingerprint, candidates, Nat.CONE)
    return Description("active", "Ub2+", "answerspassword012345/", fingerprint, candidates[:1], Nat.OPEN)


def _shown(description: Description) -> Fields:
    return {
        "setup": description.setup,
        "nat": description.nat,
        "fingerprint": description.fingerprint,
        "ufrag": description.ufrag,
        "pwd": description.pwd,
        "candidates": [
            [each.kind, each.protocol, each.address, each.port, each.priority]
            for each in description.candidates
        ],
    }


def _fragment(fragment: Fragment) -> Fields:
    return {
        "lane": fragment.lane,
        "number": fragment.number,
        "floor": fragment.floor,
        "index": fragment.index,
        "count": fragment.count,
        "seen_epoch": fragment.seen_epoch,
        "seen_index": fragment.seen_index,
        "data": fragment.data,
    }
