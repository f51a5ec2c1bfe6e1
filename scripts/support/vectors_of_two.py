"""Vectors of two people: a pairing, and the session that comes of it.

As ``vectors``, whose clock and seeds these share.
"""

from __future__ import annotations

from unittest.mock import patch

from p2pchat.core.membership.neighbour import SeatRef
from p2pchat.core.pairing import Guest, Host, LocalParty
from p2pchat.core.pairing.party import Output
from p2pchat.core.session.ordered_payloads import SALT_BYTES
from p2pchat.core.session.renewal import AGE_S, Renewal
from p2pchat.core.session.session import Session
from p2pchat.core.values.effects import Signal
from p2pchat.core.values.paired import Paired
from p2pchat.crypto import exchange
from p2pchat.crypto.identity import safety_number
from p2pchat.types import ContactId, MessageId, Seat
from p2pchat.wire.cell import decode_cell
from p2pchat.wire.content import Text
from p2pchat.wire.fragment import Fragment, Lane, split
from p2pchat.wire.invite import InviteCode
from p2pchat.wire.payload import (
    Payload,
    RekeyAnswer,
    RekeyOffer,
    Retention,
    decode_payload,
    encode_notice,
    encode_payload,
)
from p2pchat.wire.signalling import Pass
from scripts.support.drawn import Drawn, DrawnAccount
from scripts.support.vectors import EPOCH, NOW, URL, Fields, RecordedEntropy


def pairing(drawn: Drawn) -> tuple[Fields, Paired, Paired]:
    """Pair the host and the guest of a code, from the first blob to the keys; return both ends."""
    secret, of_host, of_guest = (
        RecordedEntropy("mesh").draw_bytes(32),
        RecordedEntropy("host"),
        RecordedEntropy("guest"),
    )
    hana, gus = DrawnAccount(drawn), DrawnAccount(drawn)
    host = Host(LocalParty("hana", hana, secret, (URL,), (URL,)), False, NOW + 600.0, of_host)
    host.start()
    assert isinstance(host.code, InviteCode)
    guest = Guest(LocalParty("gus", gus, b"", (URL,), (URL,)), host.code, NOW + 600.0, of_guest)
    guest.start()
    with patch.object(exchange, "MLKEM768PublicKey", drawn.kem()):
        blobs, ends = _paired(host, guest)
    fields: Fields = {
        "code": str(host.code),
        "topic": host.topic,
        "mesh_secret": secret,
        "epoch": EPOCH,
        "host": {
            "identity": hana.identity_key,
            "cpace_scalar": of_host.of(32),
            "ml_kem_seed": of_host.of(64),
            "account": hana.published,
        },
        "guest": {
            "identity": gus.identity_key,
            "cpace_scalar": of_guest.of(32),
            "cpace_sid": of_guest.of(16),
            "session": gus.begun,
        },
        "blobs": [{"from": role, "blob": blob} for role, blob in blobs],
        "renewal_key": ends["host"].renewal_key,
        "first_tags": {role: ends[role].sending.peek_tags(1)[0] for role in ("host", "guest")},
        "safety_number": safety_number(hana.identity_key, gus.identity_key),
    }
    return fields, ends["host"], ends["guest"]


def _paired(host: Host, guest: Guest) -> tuple[list[tuple[str, bytes]], dict[str, Paired]]:
    """Collect all that the two send to each other, and what each has at the end."""
    at_host, at_guest = (SeatRef(URL, host.topic, Seat(name)) for name in (b"the host", b"theguest"))
    host.on_seated(at_host, (), NOW)
    blobs: list[tuple[str, bytes]] = []
    ends: dict[str, Paired] = {}
    out: list[Output] = guest.on_seated(at_guest, (at_host.seat,), NOW)
    role = "guest"
    while True:
        for each in out:
            if isinstance(each, Paired):
                ends[role] = each
        passed = [each.message for each in out if isinstance(each, Signal)]
        if not passed:
            return blobs, ends
        (message,) = passed
        assert isinstance(message, Pass)
        blobs.append((role, message.blob))
        if role == "guest":
            role, out = "host", host.on_blob(at_guest, message.blob, NOW)
        else:
            role, out = "guest", guest.on_blob(at_host, message.blob, NOW)


def session(drawn: Drawn, host: Paired, guest: Paired) -> Fields:
    """What the two of a pairing say after it: texts, receipts, a timer, and new roots a day later."""
    talk = _Talk(host, guest)
    with patch.object(exchange, "MLKEM768PublicKey", drawn.kem()):
        talk.says("host", _text(1, "hello, Gus"))
        talk.says("guest", _text(2, "hello, Hana \N{WAVING HAND SIGN}"))
        talk.says("host", _text(3, "what takes more than one cell. " * 60))
        talk.notes("guest")
        talk.says("guest", Retention(604_800.0, 1))
        answer = talk.renew()
        talk.says("guest", answer)
        talk.completed(answer)
        talk.says("host", _text(4, "under new roots"))
        talk.notes("guest")
    return {"continues": "pairing", "name": talk.ends["host"].name, "steps": talk.steps}


class _Talk:
    """Two ends, and every step between them."""

    def __init__(self, host: Paired, guest: Paired) -> None:
        self.now = NOW
        self.steps: list[Fields] = []
        self.ends: dict[str, Session] = {}
        for role, paired in (("host", host), ("guest", guest)):
            renewal = Renewal(paired.leads, paired.renewal_key, NOW)
            ratchet, chains = paired.olm, (paired.sending, [paired.receiving])
            self.ends[role] = Session(ContactId(""), ratchet, *chains, renewal)
        self._olm = {"host": host.olm, "guest": guest.olm}
        self._salts = RecordedEntropy("salts")

    def says(self, role: str, payload: Payload) -> None:
        """An ordered payload, which the other end opens."""
        other, salt = _other(role), self._salts.draw_bytes(SALT_BYTES)
        number, ciphertext = self.ends[role].encrypt(encode_payload(payload), salt)
        pieces = split(ciphertext)
        cells = [
            self._cell(role, Lane.ORDERED, number, index, len(pieces), piece)
            for index, piece in enumerate(pieces)
        ]
        state = self._olm[other].pickle()
        assert b"".join(self._read(other, each).data for each in cells) == ciphertext
        assert self.ends[other].payloads.follows_last(ciphertext)
        plain = self.ends[other].decrypt(ciphertext)
        assert decode_payload(plain) == payload
        self.ends[other].payloads.count_taken(ciphertext, kept=True)
        self._step(role, "ordered", number, cells, {"payload": plain, "olm_session": state})

    def notes(self, role: str) -> None:
        """A receipt."""
        said = encode_notice(self.ends[role].payloads.make_receipt(b""))
        number = self.ends[role].payloads.next_number
        cells = [self._cell(role, Lane.NOTICE, number, 0, 1, said)]
        assert self._read(_other(role), cells[0]).data == said
        self._step(role, "notice", number, cells, {"notice": said})

    def renew(self) -> RekeyAnswer:
        """The host's offer of a new key; the guest's answer, which is yet to be said."""
        seed = RecordedEntropy("renewal")
        self.now += AGE_S
        offer = self.ends["host"].offer_renewal(seed, self.now)
        assert isinstance(offer, RekeyOffer)
        self.says("host", offer)
        self.steps[-1]["ml_kem_seed"] = seed.of(64)
        answered = self.ends["guest"].answer_renewal(offer, self.now)
        assert answered is not None
        return answered[0]

    def completed(self, answer: RekeyAnswer) -> None:
        """The host has the answer."""
        assert self.ends["host"].complete_renewal(answer, self.now) is not None

    def _cell(self, role: str, lane: Lane, number: int, index: int, count: int, data: bytes) -> bytes:
        end = self.ends[role]
        end.follow_epochs(self.now)
        return end.seal_fragment(end.make_fragment(lane, number, number, index, count, data), self.now)

    def _read(self, role: str, sealed: bytes) -> Fragment:
        end = self.ends[role]
        end.follow_epochs(self.now)
        plain, _ = end.open_cell(decode_cell(sealed))
        return end.read(plain)

    def _step(self, role: str, how: str, number: int, cells: list[bytes], rest: Fields) -> None:
        self.steps.append({"from": role, "lane": how, "number": number, "cells": cells, **rest})


def _other(role: str) -> str:
    return "guest" if role == "host" else "host"


def _text(number: int, text: str) -> Text:
    return Text(MessageId(f"{number:032x}"), NOW + number, text)
