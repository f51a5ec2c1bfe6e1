"""One side of a pairing at a time, opposite a side that breaks the rules."""

from __future__ import annotations

import pytest

from p2pchat.core.membership.neighbour import SeatRef
from p2pchat.core.pairing import Guest, Host, LocalParty, Output, PairingFailed, Ready
from p2pchat.core.values.effects import Signal
from p2pchat.core.values.refusals import NO_ANSWER, InviteFailure, NoContact
from p2pchat.crypto.kdf import derive
from p2pchat.crypto.olm import create_account
from p2pchat.crypto.sealing import open_blob, seal_blob
from p2pchat.errors import RefusedInput
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import Seat, Topic
from p2pchat.wire import pairing as wire
from p2pchat.wire.codec import length_prefixed, pack
from p2pchat.wire.invite import InviteCode
from p2pchat.wire.signalling import Pass, Refusal
from p2pchat.wire.version import VERSION
from p2pchat.wire.words import WORDS

URL = "ws://meeting.test"
CODE = InviteCode(7, (WORDS[0], WORDS[1], WORDS[2]))
NONCE = b"n" * 24
LOW_ORDER = bytes(32)


def ours(name: str) -> LocalParty:
    return LocalParty(name, create_account(b"k" * 32), b"s" * 32, (URL,), (URL,))


def opposite(topic: Topic) -> SeatRef:
    return SeatRef(URL, topic, Seat(b"opposite"))


def sealed(topic: Topic, role: str, message: wire.PairingMessage) -> bytes:
    plain = wire.encode_pairing(message)
    return seal_blob(derive(topic, "pairing before key"), NONCE, plain, role.encode() + topic)


def said(out: list[Output], topic: Topic, role: str) -> list[wire.PairingMessage]:
    passed = [each.message for each in out if isinstance(each, Signal)]
    key = derive(topic, "pairing before key")
    blobs = [message.blob for message in passed if isinstance(message, Pass)]
    return [wire.decode_pairing(open_blob(key, blob, role.encode() + topic)) for blob in blobs]


def failures(out: list[Output]) -> list[NoContact]:
    return [each.failure.reason for each in out if isinstance(each, PairingFailed)]


@pytest.fixture
def host() -> Host:
    host = Host(ours("host"), False, 600.0, SeededEntropy("host"))
    host.start()
    (ready,) = host.on_seated(opposite(host.topic), (), 0.0)
    assert isinstance(ready, Ready)
    return host


@pytest.fixture
def guest() -> Guest:
    guest = Guest(ours("guest"), CODE, 60.0, SeededEntropy("guest"))
    guest.start()
    (start,) = said(guest.on_seated(opposite(guest.topic), (Seat(b"opposite"),), 0.0), guest.topic, "guest")
    assert isinstance(start, wire.PakeStart)
    return guest


def test_a_host_burns_the_code_of_a_guest_with_a_worthless_share(host: Host) -> None:
    blob = sealed(host.topic, "guest", wire.PakeStart(b"s" * 16, LOW_ORDER))
    out = host.on_blob(opposite(host.topic), blob, 0.0)
    assert said(out, host.topic, "host") == [wire.Burnt()]
    assert failures(out) == [NoContact.WRONG_GUESS]
    assert host.over


def test_a_guest_leaves_a_host_with_a_worthless_share(guest: Guest) -> None:
    blob = sealed(guest.topic, "host", wire.PakeReply(LOW_ORDER))
    out = guest.on_blob(opposite(guest.topic), blob, 0.0)
    assert failures(out) == [NoContact.WRONG_WORDS]


def test_a_guest_who_is_told_that_the_code_is_burnt_says_so(guest: Guest) -> None:
    burnt = sealed(guest.topic, "host", wire.Burnt())
    assert failures(guest.on_blob(opposite(guest.topic), burnt, 0.0)) == [NoContact.WRONG_WORDS]


@pytest.mark.parametrize(
    "message",
    [wire.PakeConfirm(b"c" * 32), wire.PairingWelcome(b"x"), wire.PakeReply(b"y" * 32), wire.Burnt()],
)
def test_a_host_answers_nothing_that_is_out_of_turn(host: Host, message: wire.PairingMessage) -> None:
    assert host.on_blob(opposite(host.topic), sealed(host.topic, "guest", message), 0.0) == []
    assert not host.over


@pytest.mark.parametrize(
    "message", [wire.PakeConfirm(b"c" * 32), wire.PairingWelcome(b"x"), wire.PakeStart(b"s" * 16, b"y" * 32)]
)
def test_a_guest_answers_nothing_that_is_out_of_turn(guest: Guest, message: wire.PairingMessage) -> None:
    assert guest.on_blob(opposite(guest.topic), sealed(guest.topic, "host", message), 0.0) == []
    assert not guest.over


def other_version(topic: Topic, role: str, version: int) -> bytes:
    """A first message of the future: of its fields, only its type and version are known."""
    plain = length_prefixed(pack({"t": 1 if role == "guest" else 2, "v": version}), 2008)
    return seal_blob(derive(topic, "pairing before key"), NONCE, plain, role.encode() + topic)


def versions(out: list[Output]) -> list[int]:
    return [each.failure.version for each in out if isinstance(each, PairingFailed)]


def test_a_guest_of_another_version_is_told_ours_and_the_host_is_told_theirs(host: Host) -> None:
    out = host.on_blob(opposite(host.topic), other_version(host.topic, "guest", 9), 0.0)
    assert said(out, host.topic, "host") == [wire.Speaks(VERSION)]
    assert failures(out) == [NoContact.OTHER_VERSION]
    assert versions(out) == [9]


@pytest.mark.parametrize("told", [True, False], ids=["host says so", "guest finds out"])
def test_a_host_of_another_version_is_named_to_the_guest(guest: Guest, told: bool) -> None:
    says_so = sealed(guest.topic, "host", wire.Speaks(1))
    blob = says_so if told else other_version(guest.topic, "host", 1)
    out = guest.on_blob(opposite(guest.topic), blob, 0.0)
    assert failures(out) == [NoContact.OTHER_VERSION]
    assert versions(out) == [1]


def test_no_later_message_is_taken_for_one_of_another_version(host: Host, guest: Guest) -> None:
    start = sealed(host.topic, "guest", wire.PakeStart(b"s" * 16, b"\x09" + bytes(31)))
    host.on_blob(opposite(host.topic), start, 0.0)
    assert host.on_blob(opposite(host.topic), other_version(host.topic, "guest", 9), 0.0) == []
    assert not host.over


def test_one_s_own_words_thrown_back_do_not_open(host: Host, guest: Guest) -> None:
    for party, role, message in (
        (host, "host", wire.PakeReply(b"y" * 32)),
        (guest, "guest", wire.PakeStart(b"s" * 16, b"y" * 32)),
    ):
        with pytest.raises(RefusedInput):
            party.on_blob(opposite(party.topic), sealed(party.topic, role, message), 0.0)


def test_a_seat_shown_empty_or_twice_changes_nothing(guest: Guest) -> None:
    assert guest.on_seated(opposite(guest.topic), (Seat(b"another."),), 0.0) == []
    fresh = Guest(ours("guest"), CODE, 60.0, SeededEntropy("fresh"))
    fresh.start()
    assert fresh.on_seated(opposite(fresh.topic), (), 0.0) == []


def test_refusals_from_elsewhere_do_not_disturb_a_pairing_under_way(host: Host, guest: Guest) -> None:
    host.on_blob(
        opposite(host.topic), sealed(host.topic, "guest", wire.PakeStart(b"s" * 16, b"\x09" + bytes(31))), 0.0
    )
    for party in (host, guest):
        assert party.on_refused("ws://elsewhere.test", Refusal.BUSY, 0.0) == []
        assert party.on_unreachable("ws://elsewhere.test", "gone") == []
        assert not party.over


def test_a_host_in_conversation_asks_for_no_other_seat(host: Host) -> None:
    elsewhere = "ws://elsewhere.test"
    assert host.on_refused(elsewhere, Refusal.TAKEN, 0.0) == []
    start = wire.PakeStart(b"s" * 16, b"\x09" + bytes(31))
    host.on_blob(opposite(host.topic), sealed(host.topic, "guest", start), 0.0)
    assert host.tick(59.0) == []
    assert host.on_refused(URL, Refusal.TAKEN, 0.0) == []
    assert not host.over


def test_patience_ends_once(host: Host, guest: Guest) -> None:
    parties: list[tuple[Host | Guest, NoContact]] = [
        (host, NoContact.NOT_IN_TIME),
        (guest, NoContact.FELL_SILENT),
    ]
    for party, reason in parties:
        assert party.tick(party.next_wakeup() - 1.0) == []
        assert failures(party.tick(party.next_wakeup())) == [reason]
        assert party.tick(1e9) == []


def test_who_got_no_seat_in_time_blames_the_servers_and_no_friend() -> None:
    host = Host(ours("host"), False, 4.0, SeededEntropy("host"))
    guest = Guest(ours("guest"), CODE, 4.0, SeededEntropy("guest"))
    for party in (host, guest):
        party.start()
        assert party.tick(3.9) == []
        (failed,) = [each for each in party.tick(4.0) if isinstance(each, PairingFailed)]
        assert failed.failure == InviteFailure(NoContact.UNREACHABLE, ((URL, NO_ANSWER),))


def test_a_guest_whose_place_stays_taken_hears_that_at_the_end() -> None:
    guest = Guest(ours("guest"), CODE, 4.0, SeededEntropy("guest"))
    guest.start()
    assert guest.on_refused(URL, Refusal.FULL, 3.5) == []
    assert failures(guest.tick(4.0)) == [NoContact.TAKEN]


def test_a_full_server_is_said_to_a_guest() -> None:
    guest = Guest(ours("guest"), CODE, 60.0, SeededEntropy("g"))
    guest.start()
    assert failures(guest.on_refused(URL, Refusal.BUSY, 0.0)) == [NoContact.RENDEZVOUS_BUSY]
