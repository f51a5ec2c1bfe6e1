"""The envelope: every cell opens once, no key serves twice, the past is gone, the absent lose nothing."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from hypothesis import given, settings
from hypothesis import strategies as st

from p2pchat.crypto.clock_leap import BACK_EPOCHS
from p2pchat.crypto.envelope import (
    EPOCH_SECONDS,
    FUTURE_EPOCHS,
    LOOKAHEAD,
    PAST_EPOCHS,
    SKIPPED_CAP,
    ReceiveChain,
    SendChain,
    epoch_at,
    roots,
)
from p2pchat.crypto.kdf import derive
from p2pchat.errors import Unreadable
from p2pchat.types import Epoch
from p2pchat.wire.cell import Cell, decode_cell
from p2pchat.wire.geometry import GEOMETRY

ROOT = b"r" * 32
START = Epoch(83_333)


def plain(number: int) -> bytes:
    return number.to_bytes(4, "big").ljust(GEOMETRY.plain, b".")


def chains(epoch: Epoch = START) -> tuple[SendChain, ReceiveChain]:
    sending, receiving = SendChain(ROOT, epoch), ReceiveChain(ROOT, epoch)
    receiving.advance_to(epoch)
    return sending, receiving


def cell(sending: SendChain, number: int) -> Cell:
    return decode_cell(sending.seal_cell(plain(number)))


def root_of(epoch: int) -> bytes:
    """The schedule as the protocol writes it, beside the code that walks it."""
    root = ROOT
    for _ in range(epoch - START):
        root = derive(root, "epoch")
    return root


def chain_key(epoch: int, index: int) -> bytes:
    key = derive(root_of(epoch), "chain")
    for _ in range(index):
        key = derive(key, "next")
    return key


def tag(epoch: int, index: int) -> bytes:
    return derive(derive(root_of(epoch), "tags"), "tag", index.to_bytes(4, "big"), size=16)


def message_key(epoch: int, index: int) -> bytes:
    return derive(chain_key(epoch, index), "message")


def test_tags_and_keys_follow_the_written_schedule() -> None:
    sending, _ = chains()
    for epoch in map(Epoch, (START, START + 3)):
        sending.advance_to(epoch)
        for index in range(3):
            sealed = cell(sending, index)
            assert (sealed.tag, sealed.epoch) == (tag(epoch, index), epoch)
            bound = sealed.tag + epoch.to_bytes(4, "big")
            siv = AESSIV(derive(message_key(epoch, index), "box", size=64))
            assert siv.decrypt(sealed.box, [bound]) == plain(index)


def test_a_copy_that_seals_under_the_same_key_gives_nothing_of_either_cell_away() -> None:
    sending, _ = chains()
    copy = SendChain.from_snapshot(sending.take_snapshot())
    one, two = plain(1), plain(1)[:-1] + b"!"
    mine, theirs = decode_cell(sending.seal_cell(one)), decode_cell(copy.seal_cell(two))
    assert mine.tag == theirs.tag
    differing = bytes(a ^ b for a, b in zip(mine.box, theirs.box, strict=True))
    assert sum(byte != 0 for byte in differing) > len(differing) * 0.95  # as of two random strings


def test_cells_open_in_order_and_only_once() -> None:
    sending, receiving = chains()
    for number in range(300):
        sealed = cell(sending, number)
        opened = receiving.open_cell(sealed)
        assert (opened.plain, opened.epoch, opened.index) == (plain(number), START, number)
        with pytest.raises(Unreadable):
            receiving.open_cell(sealed)
    assert receiving.latest_place() == (START, 299)


def test_a_cell_has_its_one_size_and_a_tag_of_its_own() -> None:
    sending, _ = chains()
    sealed = [sending.seal_cell(plain(0)) for _ in range(100)]
    assert {len(each) for each in sealed} == {GEOMETRY.cell}
    assert len({each[:16] for each in sealed}) == 100


def test_any_order_within_the_look_ahead_is_fine() -> None:
    sending, receiving = chains()
    sealed = [cell(sending, number) for number in range(LOOKAHEAD)]
    for number in reversed(range(LOOKAHEAD)):
        assert receiving.open_cell(sealed[number]).plain == plain(number)


def test_beyond_the_look_ahead_no_tag_is_listened_for_until_the_window_moves() -> None:
    sending, receiving = chains()
    sealed = [cell(sending, number) for number in range(LOOKAHEAD + 1)]
    with pytest.raises(Unreadable):
        receiving.open_cell(sealed[LOOKAHEAD])
    receiving.open_cell(sealed[0])
    assert receiving.open_cell(sealed[LOOKAHEAD]).index == LOOKAHEAD


def test_the_deltas_always_add_up_to_what_is_listened_for() -> None:
    sending, receiving = SendChain(ROOT, START), ReceiveChain(ROOT, START)
    listened = set(receiving.list_tags())
    for epoch in map(Epoch, (START, START + 1, START + 9)):
        delta = receiving.advance_to(epoch)
        listened = listened - set(delta.removed) | set(delta.added)
        sending.advance_to(epoch)
        for number in range(100):
            sealed = cell(sending, number)
            if number % 3 == 0:
                delta = receiving.open_cell(sealed).delta
                listened = listened - set(delta.removed) | set(delta.added)
        assert listened == set(receiving.list_tags())
        assert all(receiving.has_tag(tag) for tag in listened)


@given(st.integers(0, GEOMETRY.cell * 8 - 1))
def test_any_flipped_bit_is_refused_and_changes_nothing(bit: int) -> None:
    sending, receiving = chains()
    sealed = bytearray(sending.seal_cell(plain(1)))
    before = receiving.take_snapshot()
    stamp = range(20 * 8, 28 * 8)
    sealed[bit // 8] ^= 1 << bit % 8
    if bit in stamp:
        return  # the stamp is the mesh's business and not sealed
    with pytest.raises(Unreadable):
        receiving.open_cell(decode_cell(bytes(sealed)))
    assert receiving.take_snapshot() == before
    sealed[bit // 8] ^= 1 << bit % 8
    assert receiving.open_cell(decode_cell(bytes(sealed))).plain == plain(1)


@pytest.mark.parametrize("away", [1, 3, 5, 1000])
def test_an_absent_receiver_hears_the_present_epoch_when_it_is_back(away: int) -> None:
    sending, receiving = chains()
    for _ in range(LOOKAHEAD):
        sending.seal_cell(plain(0))
    sending.advance_to(Epoch(START + away))
    sealed = cell(sending, 7)
    receiving.advance_to(Epoch(START + away))
    assert receiving.open_cell(sealed).plain == plain(7)


def test_cells_of_living_epochs_open_late_and_those_of_dead_ones_never() -> None:
    sending, receiving = chains()
    early = cell(sending, 1)
    sending.advance_to(Epoch(START + 1))
    late = cell(sending, 2)
    receiving.advance_to(Epoch(START + 1 + PAST_EPOCHS))
    with pytest.raises(Unreadable):
        receiving.open_cell(early)
    assert receiving.open_cell(late).plain == plain(2)


def test_a_clock_ahead_is_heard_a_clock_behind_too() -> None:
    sending, receiving = chains()
    sending.advance_to(Epoch(START + FUTURE_EPOCHS))
    assert receiving.open_cell(cell(sending, 1)).epoch == START + FUTURE_EPOCHS
    behind = SendChain(ROOT, START)
    behind.advance_to(Epoch(START - 5))
    assert behind.epoch == START


def test_skipped_keys_are_kept_up_to_a_cap() -> None:
    sending, receiving = chains()
    sealed = [cell(sending, number) for number in range(SKIPPED_CAP + 3 * LOOKAHEAD)]
    for number in range(LOOKAHEAD - 1, len(sealed), LOOKAHEAD):
        receiving.open_cell(sealed[number])
    assert len(receiving.list_tags()) <= (1 + FUTURE_EPOCHS) * LOOKAHEAD + SKIPPED_CAP
    with pytest.raises(Unreadable):
        receiving.open_cell(sealed[0])
    assert receiving.open_cell(sealed[-2]).index == len(sealed) - 2


def test_snapshots_are_small_and_forget_what_was_used() -> None:
    sending, receiving = chains()
    used = [cell(sending, number) for number in range(1000)]
    for sealed in used:
        receiving.open_cell(sealed)
    assert len(receiving.take_snapshot()) < 700
    assert len(sending.take_snapshot()) < 140
    restored = ReceiveChain.from_snapshot(receiving.take_snapshot())
    for sealed in used:
        with pytest.raises(Unreadable):
            restored.open_cell(sealed)
    assert restored.open_cell(cell(sending, 5)).index == 1000


def test_a_stolen_snapshot_holds_no_key_from_which_the_past_can_be_derived() -> None:
    """A thief of the state after three cells gets neither their keys nor values that lead to them."""
    sending, receiving = chains()
    receiving.open_cell(cell(sending, 0))
    present = Epoch(START + 1 + PAST_EPOCHS)
    for epoch in map(Epoch, range(START, present + 1)):
        sending.advance_to(epoch)
        receiving.advance_to(epoch)
    for number in range(3):
        receiving.open_cell(cell(sending, number))
    sending.confirm_epoch(present)
    passed = [root_of(epoch) for epoch in range(START, present + 1)]
    passed += [
        chain_key(epoch, index) for epoch in (START, present) for index in range(3 if epoch == present else 1)
    ]
    passed += [message_key(present, index) for index in range(3)]
    for snapshot in (sending.take_snapshot(), receiving.take_snapshot()):
        assert [key for key in passed if key in snapshot] == []
        assert chain_key(present, 3) in snapshot, "the present key is what a snapshot is for"


def test_a_restored_sender_goes_on_where_it_was() -> None:
    sending, receiving = chains()
    for number in range(3):
        sending.seal_cell(plain(number))
    restored = SendChain.from_snapshot(sending.take_snapshot())
    assert (restored.epoch, restored.index) == (START, 3)
    assert restored.take_snapshot() == sending.take_snapshot()
    assert receiving.open_cell(cell(restored, 3)).index == 3
    for chain in (sending, restored):
        chain.advance_to(Epoch(START + 2))
    assert restored.seal_cell(plain(0)) == sending.seal_cell(plain(0))


def test_a_receiver_full_of_skipped_keys_comes_back_whole() -> None:
    """The worst a contact can do to our store: every living epoch full of holes."""
    sending, receiving = chains()
    for epoch in map(Epoch, range(START, START + 1 + PAST_EPOCHS + FUTURE_EPOCHS)):
        sending.advance_to(epoch)
        receiving.advance_to(epoch)
        for number in range(SKIPPED_CAP + 2 * LOOKAHEAD):
            sealed = cell(sending, number)
            if number % LOOKAHEAD == LOOKAHEAD - 1:
                receiving.open_cell(sealed)
    snapshot = receiving.take_snapshot()
    assert len(snapshot) < 200_000
    restored = ReceiveChain.from_snapshot(snapshot)
    assert restored.take_snapshot() == snapshot
    assert sorted(restored.list_tags()) == sorted(receiving.list_tags())


class Expected:
    """Which cells a receiver must open, said without keys. The steps below stay under SKIPPED_CAP."""

    def __init__(self) -> None:
        self.present = START
        self.opened: set[tuple[int, int]] = set()

    def opens(self, epoch: int, index: int) -> bool:
        lives = self.present - PAST_EPOCHS <= epoch <= self.present + FUTURE_EPOCHS
        seen = max((i for e, i in self.opened if e == epoch), default=-1)
        return lives and index <= seen + LOOKAHEAD and (epoch, index) not in self.opened


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("seal"), st.integers(1, 24)),
        st.tuples(st.just("skip"), st.integers(1, 24)),
        st.tuples(st.just("deliver"), st.integers(0, 999)),
        st.tuples(st.just("sender's epoch"), st.integers(-2, 1)),
        st.tuples(st.just("receiver's epoch"), st.integers(-2, 1)),
        st.tuples(st.just("sender restarts"), st.just(0)),
        st.tuples(st.just("receiver restarts"), st.just(0)),
    ),
    max_size=40,
)


@settings(max_examples=80, deadline=None)
@given(STEPS)
def test_no_key_ever_serves_twice_and_what_should_open_opens_once(
    steps: list[tuple[str, int]],
) -> None:
    sending, receiving = chains()
    expected, clock = Expected(), START
    under_way: list[tuple[Epoch, int, Cell]] = []
    sealed: list[Cell] = []
    for what, amount in steps:
        match what:
            case "seal" | "skip":
                for _ in range(amount):
                    place = (sending.epoch, sending.index)
                    sealed.append(cell(sending, 0))
                    if what == "seal":
                        under_way.append((*place, sealed[-1]))
            case "deliver" if under_way:
                epoch, index, arrived = under_way[amount % len(under_way)]
                if expected.opens(epoch, index):
                    opened = receiving.open_cell(arrived)
                    assert (opened.plain, opened.epoch, opened.index) == (plain(0), epoch, index)
                    expected.opened.add((epoch, index))
                else:
                    before = receiving.take_snapshot()
                    with pytest.raises(Unreadable):
                        receiving.open_cell(arrived)
                    assert receiving.take_snapshot() == before
            case "sender's epoch":
                clock = Epoch(clock + amount)
                sending.advance_to(clock)
            case "receiver's epoch":
                epoch = Epoch(expected.present + amount)
                receiving.advance_to(epoch)
                expected.present = max(expected.present, epoch)
            case "sender restarts":
                sending = SendChain.from_snapshot(sending.take_snapshot())
            case "receiver restarts":
                tags = sorted(receiving.list_tags())
                receiving = ReceiveChain.from_snapshot(receiving.take_snapshot())
                assert sorted(receiving.list_tags()) == tags
    assert len({each.tag for each in sealed}) == len(sealed)
    # All hold the same plaintext, so two boxes under one key would begin alike.
    assert len({each.box[:32] for each in sealed}) == len(sealed)


@pytest.mark.parametrize("leap", [2, BACK_EPOCHS, 60, 5000])
@pytest.mark.parametrize("restarts", [False, True])
def test_a_clock_that_leapt_and_is_put_right_finds_the_keys_that_were_there(
    leap: int, restarts: bool
) -> None:
    sending, receiving = chains()
    back, hearing = SendChain(b"b" * 32, START), ReceiveChain(b"b" * 32, START)
    hearing.advance_to(START)
    early = cell(sending, 0)
    receiving.open_cell(cell(sending, 1))
    hearing.open_cell(cell(back, 0))
    for _ in range(3):  # the wrong clock goes on, and the machine is started again
        receiving.advance_to(Epoch(START + leap))
        back.advance_to(Epoch(START + leap))
        if restarts:
            receiving = ReceiveChain.from_snapshot(receiving.take_snapshot())
            back = SendChain.from_snapshot(back.take_snapshot())
        back.seal_cell(plain(9))
        leap += 1
    delta = receiving.advance_to(START)
    assert set(delta.added) == set(receiving.list_tags()), "what is listened for is what it was"
    back.advance_to(START)
    assert receiving.open_cell(early).plain == plain(0)
    assert receiving.open_cell(cell(sending, 2)).plain == plain(2)
    assert receiving.latest_place() == (START, 2)
    assert hearing.open_cell(cell(back, 1)).index == 1


@pytest.mark.parametrize("leap", [2, BACK_EPOCHS, 5, 30, 1600])
@pytest.mark.parametrize("stay", [0, BACK_EPOCHS])
def test_two_ends_with_clocks_that_leapt_together_find_the_way_back_for_a_day(leap: int, stay: int) -> None:
    sending, receiving = chains()
    for epoch in map(Epoch, (START, *range(START + leap, START + leap + stay + 1), START)):
        sending.advance_to(epoch)
        receiving.advance_to(epoch)
        for number in range(5):
            assert receiving.open_cell(cell(sending, number)).plain == plain(number)
        sending.confirm_epoch(epoch)


def test_what_was_before_a_leap_is_forgotten_when_the_other_side_was_heard_and_a_day_has_passed() -> None:
    sending, receiving = chains()
    present = Epoch(START + 30)
    sending.advance_to(present)
    receiving.advance_to(present)
    old = root_of(START + 1)
    assert old in sending.take_snapshot() and root_of(START + 2) in receiving.take_snapshot()
    receiving.open_cell(cell(sending, 0))
    for later in map(Epoch, range(present, present + BACK_EPOCHS + 2)):
        assert old in sending.take_snapshot() and root_of(START + 2) in receiving.take_snapshot()
        sending.advance_to(later)
        receiving.advance_to(later)
        receiving.open_cell(cell(sending, 1))
        sending.confirm_epoch(later)
    assert old not in sending.take_snapshot() and root_of(START + 2) not in receiving.take_snapshot()
    sending.advance_to(START)
    assert sending.epoch == later


def test_a_clock_that_goes_on_epoch_by_epoch_keeps_nothing_of_what_was() -> None:
    sending, receiving = chains()
    for epoch in map(Epoch, range(START, START + 8)):
        sending.advance_to(epoch)
        receiving.advance_to(epoch)
        for chain in (sending, receiving):
            assert root_of(epoch) not in chain.take_snapshot()
    sending.advance_to(START)
    assert sending.epoch == START + 7


def test_roots_differ_by_side_and_by_all_that_was_exchanged() -> None:
    host, guest = roots(b"s" * 32, b"a", b"b")
    assert host != guest and roots(b"s" * 32, b"ab", b"") != (host, guest)
    assert roots(b"t" * 32, b"a", b"b") != (host, guest)


def test_an_epoch_is_six_hours() -> None:
    assert epoch_at(0.0) == epoch_at(EPOCH_SECONDS - 0.001) == 0
    assert epoch_at(EPOCH_SECONDS) == 1


def test_keys_do_not_show_in_representations() -> None:
    sending, receiving = chains()
    assert repr(sending) == f"SendChain(epoch={START}, index=0)"
    assert "root" not in repr(receiving).lower()
    assert ROOT.hex() not in repr(receiving)
