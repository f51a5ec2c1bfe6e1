"""Each end tells the other its recovery key once for each session and each backup; both draw one line from
the first."""

from __future__ import annotations

import pytest

from p2pchat.core.session.kept_reunion import read_reunion
from p2pchat.core.session.key_announcement import KeyAnnouncement
from p2pchat.crypto.envelope import EPOCH_SECONDS
from p2pchat.errors import Unreadable
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import Tag
from p2pchat.wire.cell import decode_cell
from p2pchat.wire.codec import Reader
from p2pchat.wire.payload import RecoveryOffer
from p2pchat.wire.recovery import SessionPosition, Word

NOW = float(1000 * EPOCH_SECONDS)


def end(name: str) -> KeyAnnouncement:
    entropy = SeededEntropy(name)
    return KeyAnnouncement(entropy, read_reunion(None, entropy))


def offer_of(keys: KeyAnnouncement, now: float = NOW) -> RecoveryOffer:
    offer = keys.due_offer(now)
    assert offer is not None
    return offer


@pytest.fixture
def ends() -> tuple[KeyAnnouncement, KeyAnnouncement]:
    """Two ends that have told each other."""
    ana, bob = end("ana"), end("bob")
    offers = offer_of(ana), offer_of(bob)
    ana.learn_theirs(offers[1], NOW)
    bob.learn_theirs(offers[0], NOW)
    return ana, bob


def test_without_the_contact_s_key_there_is_no_line() -> None:
    ana = end("ana")
    assert ana.line is None and ana.list_tags() == [] and not ana.has_tag(Tag(b"tag"))
    assert ana.make_cells(SessionPosition(bytes(8), 1, 1), NOW) == [] and ana.follow_clock(NOW) is None


def test_a_key_is_told_once_and_once_more_in_another_session() -> None:
    ana = end("ana")
    told = offer_of(ana)
    assert ana.moved and ana.due_offer(NOW) is None
    ana.tell_anew()
    assert offer_of(ana) == told


def test_what_one_says_on_the_line_the_other_hears(ends: tuple[KeyAnnouncement, KeyAnnouncement]) -> None:
    ana, bob = ends
    said: Word = SessionPosition(b"12345678", 3, 4)
    cells = [decode_cell(raw) for raw in ana.make_cells(said, NOW)]
    assert all(bob.has_tag(cell.tag) for cell in cells)
    assert [bob.read_cell(cell) for cell in cells][-1] == said


def test_the_line_follows_the_epochs(ends: tuple[KeyAnnouncement, KeyAnnouncement]) -> None:
    ana, _ = ends
    delta = ana.follow_clock(NOW + EPOCH_SECONDS)
    assert delta is not None and delta.added and delta.removed
    assert set(delta.added) <= set(ana.list_tags())


def test_the_key_of_a_backup_is_told_at_its_time_and_then_is_the_newest(
    ends: tuple[KeyAnnouncement, KeyAnnouncement],
) -> None:
    ana, bob = ends
    before = ana.own.newest.public
    ana.draw_key()
    assert ana.own.newest.public == before, "the backup is not made yet"
    ana.tell_key(alone=False, at=NOW + 60.0)
    assert ana.due_offer(NOW) is None and ana.tell_at == NOW + 60.0
    ana.pass_time(NOW + 60.0)
    offer = offer_of(ana, NOW + 60.0)
    assert bob.learn_theirs(offer, NOW) is None, "the line stays"
    assert bob.theirs is not None and bob.theirs.newest == ana.own.newest.public != before


def test_the_end_of_earlier_keys_is_announced_until_it_is_known() -> None:
    ana = end("ana")
    ana.tell_key(alone=True, at=NOW)
    alone = offer_of(ana)
    ana.tell_anew()
    assert alone.alone and offer_of(ana).alone
    ana.note_known(alone)
    ana.tell_anew()
    assert not offer_of(ana).alone


def test_who_pairs_anew_has_other_keys_and_no_line(ends: tuple[KeyAnnouncement, KeyAnnouncement]) -> None:
    ana, _ = ends
    before = ana.own.newest.public
    ana.draw_first()
    assert ana.line is None and ana.theirs is None and ana.own.newest.public != before


def test_a_key_that_is_none_is_not_learned() -> None:
    ana = end("ana")
    with pytest.raises(Unreadable):
        ana.learn_theirs(RecoveryOffer(bytes(32), bytes(1184)), NOW)
    assert ana.theirs is None and ana.line is None


def test_what_is_kept_is_read_back(ends: tuple[KeyAnnouncement, KeyAnnouncement]) -> None:
    ana, _ = ends
    kept = KeyAnnouncement(SeededEntropy("next run"), Reader(ana.as_values()))
    assert kept.as_values() == ana.as_values() and not kept.moved
    kept.follow_clock(NOW)
    assert set(kept.list_tags()) == set(ana.list_tags())
