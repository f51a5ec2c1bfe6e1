"""Both ends come to one share, in any order of arrival."""

from __future__ import annotations

from dataclasses import replace

import pytest

from p2pchat.core.room.pairs import KEPT_S, OWN_MAX, MemberPairs
from p2pchat.crypto.exchange import KemKey
from p2pchat.crypto.room_keys import NO_SHARE, MemberKey
from p2pchat.errors import Unreadable
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import MemberId, RoomId
from p2pchat.wire.codec import Reader

ROOM = RoomId(b"r" * 32)
ANN, BOB, EVE = (MemberId(name * 32) for name in (b"a", b"b", b"e"))
BASE = b"base of ann and bob, of 32 bytes"
NOW = 1_800_000_000.0


def pairs(own: MemberId) -> MemberPairs:
    return MemberPairs(ROOM, own, KemKey.generate(SeededEntropy(own.decode())))


def ek(member: MemberId) -> bytes:
    return pairs(member)._kem.encapsulation_key


def opens(sender: MemberPairs, receiver: MemberPairs, now: float = NOW) -> bool:
    """Whether what one makes for the other is found right; and the other learns by it."""
    made = sender.sending_key(BASE, receiver.own)
    for key in receiver.possible_keys(BASE, sender.own, now):
        if key == made:
            receiver.on_key_used(sender.own, key, now)
            return True
    return False


def test_a_share_is_used_by_its_receiver_and_then_by_both() -> None:
    ann, bob = pairs(ANN), pairs(BOB)
    share = ann.make_share(BASE, BOB, ek(BOB))
    assert ann.sending_key(BASE, BOB).share == NO_SHARE, "it may be lost"
    assert opens(ann, bob) and opens(bob, ann)
    bob.take_share(BASE, ANN, share, NOW)
    assert opens(ann, bob), "what ann made before she knows"
    assert ann.lacks_share(BOB)
    assert opens(bob, ann) and opens(ann, bob)
    assert ann.sending_key(BASE, BOB) == bob.sending_key(BASE, ANN)
    assert ann.sending_key(BASE, BOB).share != NO_SHARE and not ann.lacks_share(BOB)


def test_what_was_made_before_is_accepted_for_thirty_days() -> None:
    ann, bob = pairs(ANN), pairs(BOB)
    before = ann.sending_key(BASE, BOB)
    bob.take_share(BASE, ANN, ann.make_share(BASE, BOB, ek(BOB)), NOW)
    assert before in bob.possible_keys(BASE, ANN, NOW + KEPT_S - 1)
    assert before not in bob.possible_keys(BASE, ANN, NOW + KEPT_S)


def test_a_share_is_sent_again_as_it_was() -> None:
    ann = pairs(ANN)
    assert ann.make_share(BASE, BOB, ek(BOB)) == ann.make_share(BASE, BOB, ek(BOB))


@pytest.mark.parametrize("second", [ANN, BOB])
def test_of_two_that_cross_that_of_the_lower_id_counts(second: MemberId) -> None:
    ann, bob = pairs(ANN), pairs(BOB)
    of_ann, of_bob = ann.make_share(BASE, BOB, ek(BOB)), bob.make_share(BASE, ANN, ek(ANN))
    with pytest.raises(Unreadable):
        ann.take_share(BASE, BOB, of_bob, NOW)
    bob.take_share(BASE, ANN, of_ann, NOW)
    ends = [ann, bob] if second == BOB else [bob, ann]
    assert opens(ends[0], ends[1]) and opens(ends[1], ends[0])
    assert opens(bob, ann) and opens(ann, bob)
    assert ann.sending_key(BASE, BOB) == bob.sending_key(BASE, ANN)


def test_a_share_by_another_for_another_or_a_second_one_is_refused() -> None:
    ann, bob, eve = pairs(ANN), pairs(BOB), pairs(EVE)
    share = ann.make_share(BASE, BOB, ek(BOB))
    forged = eve.make_share(b"some other base, of 32 bytes ..", BOB, ek(BOB))
    for bad in (forged, replace(share, ciphertext=bytes(1088)), replace(share, receiver=EVE)):
        with pytest.raises(Unreadable):
            bob.take_share(BASE, ANN, bad, NOW)
    bob.take_share(BASE, ANN, share, NOW)
    with pytest.raises(Unreadable):
        bob.take_share(BASE, ANN, share, NOW)


def test_own_keys_of_periods_that_are_gone_are_forgotten() -> None:
    ann = pairs(ANN)
    made = [MemberKey.generate(SeededEntropy(f"{number}")) for number in range(OWN_MAX + 5)]
    for key in made:
        ann.add_own(key)
    assert ann.find_own(made[0].public) is None and ann.find_own(made[-1].public) is not None
    ann.keep_only({made[-1].public})
    assert ann.find_own(made[-2].public) is None
    with pytest.raises(Unreadable):
        ann.make_base(made[0].public, BOB, made[1].public)


def test_a_key_counts_as_used_once_it_was_in_a_period() -> None:
    ann, key = pairs(ANN), MemberKey.generate(SeededEntropy("used")).public
    ann.check_new(key)
    ann.note_used(key)
    with pytest.raises(Unreadable):
        ann.check_new(key)


def test_what_is_kept_is_read_back() -> None:
    ann, bob = pairs(ANN), pairs(BOB)
    ann.add_own(MemberKey.generate(SeededEntropy("own")))
    ann.note_used(b"k" * 32)
    ann.make_share(BASE, BOB, ek(BOB))
    bob.take_share(BASE, ANN, ann.make_share(BASE, BOB, ek(BOB)), NOW)
    for end in (ann, bob):
        again = MemberPairs.read_kept(ROOM, end.own, Reader(end.as_values()))
        assert again.as_values() == end.as_values()
        assert again.sending_key(BASE, BOB) == end.sending_key(BASE, BOB)
