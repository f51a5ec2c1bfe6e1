"""The envelope: every cell opens once, no key serves twice, the past is gone, the absent lose nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from p2pchat.errors import Unreadable
from p2pchat.wire.cell import Cell, decode_cell
from p2pchat.wire.geometry import GEOMETRY

ROOT = b"r" * 32
START = 83_333


def plain(number: int) -> bytes:
    return number.to_bytes(4, "big").ljust(GEOMETRY.plain, b".")


def chains(epoch: int = START) -> tuple[SendChain, ReceiveChain]:
    sending, receiving = SendChain(ROOT, epoch), ReceiveChain(ROOT, epoch)
    receiving.advance(epoch)
    return sending, receiving


def cell(sending: SendChain, number: int) -> Cell:
    return decode_cell(sending.seal(plain(number)))


def test_cells_open_in_order_and_only_once() -> None:
    sending, receiving = chains()
    for number in range(300):
        sealed = cell(sending, number)
        opened = receiving.open(sealed)
        assert (opened.plain, opened.epoch, opened.index) == (plain(number), START, number)
        with pytest.raises(Unreadable):
            receiving.open(sealed)
    assert receiving.latest() == (START, 299)


def test_a_cell_has_its_one_size_and_a_tag_of_its_own() -> None:
    sending, _ = chains()
    sealed = [sending.seal(plain(0)) for _ in range(100)]
    assert {len(each) for each in sealed} == {GEOMETRY.cell}
    assert len({each[:16] for each in sealed}) == 100


def test_any_order_within_the_look_ahead_is_fine() -> None:
    sending, receiving = chains()
    sealed = [cell(sending, number) for number in range(LOOKAHEAD)]
    for number in reversed(range(LOOKAHEAD)):
        assert receiving.open(sealed[number]).plain == plain(number)


def test_beyond_the_look_ahead_nobody_listens_until_the_window_moves() -> None:
    sending, receiving = chains()
    sealed = [cell(sending, number) for number in range(LOOKAHEAD + 1)]
    with pytest.raises(Unreadable):
        receiving.open(sealed[LOOKAHEAD])
    receiving.open(sealed[0])
    assert receiving.open(sealed[LOOKAHEAD]).index == LOOKAHEAD


def test_the_deltas_always_add_up_to_what_is_listened_for() -> None:
    sending, receiving = SendChain(ROOT, START), ReceiveChain(ROOT, START)
    listened: set[bytes] = set()
    for epoch in (START, START + 1, START + 9):
        delta = receiving.advance(epoch)
        listened = listened - set(delta.removed) | set(delta.added)
        sending.advance(epoch)
        for number in range(100):
            sealed = cell(sending, number)
            if number % 3 == 0:
                delta = receiving.open(sealed).delta
                listened = listened - set(delta.removed) | set(delta.added)
        assert listened == set(receiving.tags())
        assert all(receiving.knows(tag) for tag in listened)


@given(st.integers(0, GEOMETRY.cell * 8 - 1))
def test_any_flipped_bit_is_refused_and_changes_nothing(bit: int) -> None:
    sending, receiving = chains()
    sealed = bytearray(sending.seal(plain(1)))
    before = receiving.snapshot()
    stamp = range(20 * 8, 28 * 8)
    sealed[bit // 8] ^= 1 << bit % 8
    if bit in stamp:
        return  # the stamp is the mesh's business and not sealed
    with pytest.raises(Unreadable):
        receiving.open(decode_cell(bytes(sealed)))
    assert receiving.snapshot() == before
    sealed[bit // 8] ^= 1 << bit % 8
    assert receiving.open(decode_cell(bytes(sealed))).plain == plain(1)


@pytest.mark.parametrize("away", [1, 3, 5, 1000])
def test_an_absent_receiver_hears_the_present_epoch_when_it_is_back(away: int) -> None:
    sending, receiving = chains()
    for _ in range(LOOKAHEAD):
        sending.seal(plain(0))
    sending.advance(START + away)
    sealed = cell(sending, 7)
    receiving.advance(START + away)
    assert receiving.open(sealed).plain == plain(7)


def test_cells_of_living_epochs_open_late_and_those_of_dead_ones_never() -> None:
    sending, receiving = chains()
    early = cell(sending, 1)
    sending.advance(START + 1)
    late = cell(sending, 2)
    receiving.advance(START + 1 + PAST_EPOCHS)
    with pytest.raises(Unreadable):
        receiving.open(early)
    assert receiving.open(late).plain == plain(2)


def test_a_clock_ahead_is_heard_a_clock_behind_too() -> None:
    sending, receiving = chains()
    sending.advance(START + FUTURE_EPOCHS)
    assert receiving.open(cell(sending, 1)).epoch == START + FUTURE_EPOCHS
    behind = SendChain(ROOT, START)
    behind.advance(START - 5)
    assert behind.epoch == START


def test_skipped_keys_are_kept_up_to_a_cap() -> None:
    sending, receiving = chains()
    sealed = [cell(sending, number) for number in range(SKIPPED_CAP + 3 * LOOKAHEAD)]
    for number in range(LOOKAHEAD - 1, len(sealed), LOOKAHEAD):
        receiving.open(sealed[number])
    assert len(receiving.tags()) <= (1 + FUTURE_EPOCHS) * LOOKAHEAD + SKIPPED_CAP
    with pytest.raises(Unreadable):
        receiving.open(sealed[0])
    assert receiving.open(sealed[-2]).index == len(sealed) - 2


def test_snapshots_are_small_and_forget_what_was_used() -> None:
    sending, receiving = chains()
    used = [cell(sending, number) for number in range(1000)]
    for sealed in used:
        receiving.open(sealed)
    assert len(receiving.snapshot()) < 700
    assert len(sending.snapshot()) < 100
    restored = ReceiveChain.restore(receiving.snapshot())
    for sealed in used:
        with pytest.raises(Unreadable):
            restored.open(sealed)
    assert restored.open(cell(sending, 5)).index == 1000


def test_a_stolen_snapshot_opens_nothing_of_the_past() -> None:
    sending, receiving = chains()
    old = cell(sending, 1)
    receiving.open(old)
    stolen_sender = SendChain.restore(sending.snapshot())
    stolen_receiver = ReceiveChain.restore(receiving.snapshot())
    assert stolen_sender.seal(plain(1))[:16] != old.tag
    assert not stolen_receiver.knows(old.tag)


class Step:
    """What can happen between a sender and a receiver."""

    ALL = st.lists(
        st.one_of(
            st.tuples(st.just("seal"), st.integers(1, 20)),
            st.tuples(st.just("deliver"), st.integers(0, 30)),
            st.tuples(st.just("epoch"), st.integers(1, 3)),
            st.tuples(st.just("restart"), st.integers(0, 1)),
        ),
        max_size=40,
    )


@settings(max_examples=60, deadline=None)
@given(Step.ALL)
def test_whatever_happens_no_tag_serves_twice_and_no_cell_opens_twice(steps: list[tuple[str, int]]) -> None:
    sending, receiving = chains()
    epoch, made = START, 0
    under_way: list[Cell] = []
    tags: set[bytes] = set()
    opened: set[bytes] = set()
    for what, amount in steps:
        if what == "seal":
            for _ in range(amount):
                sealed = cell(sending, made)
                made += 1
                assert sealed.tag not in tags
                tags.add(sealed.tag)
                under_way.append(sealed)
        elif what == "deliver" and under_way:
            sealed = under_way[amount % len(under_way)]
            try:
                receiving.open(sealed)
            except Unreadable:
                continue
            assert sealed.tag not in opened
            opened.add(sealed.tag)
        elif what == "epoch":
            epoch += amount
            sending.advance(epoch)
            receiving.advance(epoch)
        elif what == "restart":
            if amount:
                sending = SendChain.restore(sending.snapshot())
            else:
                tags_before = set(receiving.tags())
                receiving = ReceiveChain.restore(receiving.snapshot())
                assert set(receiving.tags()) == tags_before


def test_roots_differ_by_side_and_by_all_that_was_exchanged() -> None:
    host, guest = roots(b"s" * 32, b"a", b"b")
    assert host != guest
    assert roots(b"s" * 32, b"ab", b"") != (host, guest)
    assert roots(b"t" * 32, b"a", b"b") != (host, guest)


def test_an_epoch_is_six_hours() -> None:
    assert epoch_at(0.0) == 0
    assert epoch_at(EPOCH_SECONDS - 0.001) == 0
    assert epoch_at(EPOCH_SECONDS) == 1


def test_keys_do_not_show_in_representations() -> None:
    sending, receiving = chains()
    assert repr(sending) == f"SendChain(epoch={START}, index=0)"
    assert "root" not in repr(receiving).lower()
    assert ROOT.hex() not in repr(receiving)
