"""Which recovery keys are ours, and which of the contact's are good."""

from __future__ import annotations

import pytest

from p2pchat.core.session.halves import BEFORE_S, OLDER_MAX, OwnKeys, TheirKeys
from p2pchat.crypto.recovery import PublicKey, RecoveryKey
from p2pchat.errors import Unreadable
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.wire import codec
from p2pchat.wire.payload import RecoveryOffer
from p2pchat.wire.recovery import KEY_NAME_BYTES, KEYS_NAMED_MAX

ENTROPY = SeededEntropy("halves")
NOW = 1_800_000_000.0
FIRST = RecoveryKey.generate(ENTROPY)
KEYS = [FIRST.draw_next(ENTROPY) for _ in range(4)]


def offer(key: RecoveryKey, alone: bool = False) -> RecoveryOffer:
    return RecoveryOffer(key.public.x25519, key.public.encapsulation_key, alone)


def good(theirs: TheirKeys, now: float) -> list[int]:
    """Which of KEYS are accepted."""
    return [number for number, key in enumerate(KEYS) if theirs.choose_key(key.public.name, now) is not None]


def restored(keys: OwnKeys) -> OwnKeys:
    return OwnKeys.read_kept(codec.Reader(codec.unpack(codec.pack(keys.as_values()), 1 << 20)))


def named(keys: OwnKeys) -> list[bytes]:
    names = keys.list_names()
    return [names[at : at + KEY_NAME_BYTES] for at in range(0, len(names), KEY_NAME_BYTES)]


def test_a_key_is_told_only_when_its_backup_is_made_and_older_ones_are_kept() -> None:
    keys = OwnKeys(FIRST)
    keys.draw_next(ENTROPY)
    assert keys.newest.public == FIRST.public
    assert len(named(keys)) == 2  # the backup that is being made may be all that is left
    keys.use_drawn()
    assert keys.newest.public != FIRST.public
    assert keys.newest.public.x25519 == FIRST.public.x25519
    found = keys.find_key(FIRST.public.name)
    assert found is not None
    assert found.public == FIRST.public
    keys.use_drawn()  # nothing was drawn since
    assert len(named(keys)) == 2
    assert named(restored(keys)) == named(keys)
    assert keys.find_key(b"nobody's") is None


def test_a_knock_names_all_keys_since_the_one_that_the_contact_has_and_few_of_many() -> None:
    keys = OwnKeys(FIRST)
    for _ in range(3):
        keys.draw_next(ENTROPY)
        keys.use_drawn()
    keys.note_known(keys.newest.public.encapsulation_key)
    assert named(keys) == [keys.newest.public.name]
    known = keys.newest.public.name
    for _ in range(20):
        keys.draw_next(ENTROPY)
        keys.use_drawn()
    names = named(restored(keys))
    assert len(names) == KEYS_NAMED_MAX
    assert names[0] == keys.newest.public.name
    assert names[-1] == known


def test_a_limited_number_of_older_keys_is_kept() -> None:
    keys = OwnKeys(FIRST)
    for _ in range(OLDER_MAX + 2):
        keys.draw_next(ENTROPY)
        keys.use_drawn()
    assert keys.find_key(FIRST.public.name) is None
    assert len(keys.as_values()["older"]) == OLDER_MAX * 64


def test_of_the_contacts_keys_the_newest_is_good_and_for_a_week_the_one_before() -> None:
    theirs = TheirKeys(KEYS[0].public)
    assert theirs.take_offer(offer(KEYS[1]), NOW)
    assert good(theirs, NOW + 1) == [0, 1]
    assert theirs.take_offer(offer(KEYS[2]), NOW + 10)
    assert good(theirs, NOW + 20) == [0, 2]
    assert good(theirs, NOW + BEFORE_S) == [2]
    assert theirs.take_offer(offer(KEYS[3]), NOW + BEFORE_S)
    assert good(theirs, NOW + BEFORE_S + 1) == [2, 3]
    both = KEYS[2].public.name + KEYS[3].public.name
    assert theirs.choose_key(both, NOW + BEFORE_S + 1) == KEYS[3].public


def test_a_revoked_key_is_no_longer_valid_and_a_restored_home_has_its_own_back() -> None:
    theirs = TheirKeys(KEYS[0].public)
    theirs.take_offer(offer(KEYS[1]), NOW)
    theirs.take_offer(offer(KEYS[0]), NOW + 1)  # put back to before the last backup
    assert good(theirs, NOW + 2) == [0]
    theirs.take_offer(offer(KEYS[1]), NOW + 3)
    assert theirs.take_offer(offer(KEYS[2], alone=True), NOW + 4)
    assert good(theirs, NOW + 5) == [2]
    assert not theirs.take_offer(offer(KEYS[2]), NOW + 6)


def test_a_key_of_another_line_or_one_that_is_none_changes_nothing() -> None:
    theirs = TheirKeys(KEYS[0].public)
    assert not theirs.take_offer(offer(RecoveryKey.generate(ENTROPY)), NOW)
    with pytest.raises(Unreadable):
        theirs.take_offer(RecoveryOffer(KEYS[0].public.x25519, b"\xff" * 1184), NOW)
    with pytest.raises(Unreadable):
        TheirKeys(PublicKey(KEYS[0].public.x25519, b"\xff" * 1184))
    assert good(theirs, NOW) == [0]


def test_a_clock_that_was_ahead_makes_no_key_good_for_longer() -> None:
    theirs = TheirKeys(KEYS[0].public)
    theirs.take_offer(offer(KEYS[1]), NOW + 100 * BEFORE_S)
    assert good(theirs, NOW) == [1]


def test_what_is_known_of_their_keys_comes_back() -> None:
    theirs = TheirKeys(KEYS[0].public)
    theirs.take_offer(offer(KEYS[1]), NOW)
    read = codec.Reader(codec.unpack(codec.pack(theirs.as_values()), 1 << 20))
    again = TheirKeys.read_kept(read)
    assert again is not None
    assert good(again, NOW + 1) == [0, 1]
    assert TheirKeys.read_kept(codec.Reader({"theirs": b""})) is None
