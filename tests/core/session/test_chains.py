"""Both ends change to the chains of a renewal without losing a cell."""

from __future__ import annotations

import pytest

from p2pchat.core.session.chains import CATCH_UP_EPOCHS, Chains
from p2pchat.core.session.renewal import MESSAGES, Renewal
from p2pchat.crypto.envelope import EPOCH_SECONDS, FUTURE_EPOCHS, ReceiveChain, SendChain
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import Epoch
from p2pchat.wire.cell import Cell, decode_cell
from p2pchat.wire.codec import Reader
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.payload import RekeyAnswer, RekeyOffer

EPOCH = Epoch(1000)
NOW = float(EPOCH * EPOCH_SECONDS)


@pytest.fixture
def leader() -> Chains:
    return end(b"l" * 32, b"f" * 32, leads=True)


@pytest.fixture
def follower() -> Chains:
    return end(b"f" * 32, b"l" * 32, leads=False)


def end(own: bytes, theirs: bytes, leads: bool) -> Chains:
    chains = Chains(SendChain(own, EPOCH), [ReceiveChain(theirs, EPOCH)], Renewal(leads, b"r" * 32, NOW))
    chains.follow_clock(NOW)
    return chains


def cell_of(chains: Chains) -> Cell:
    return decode_cell(chains.sending.seal_cell(bytes(GEOMETRY.plain)))


def offered(leader: Chains) -> RekeyOffer:
    leader.renewal.count = MESSAGES
    offer = leader.offer_renewal(SeededEntropy("offer"), NOW)
    assert offer is not None
    return offer


def answered(follower: Chains, offer: RekeyOffer) -> RekeyAnswer:
    agreed = follower.answer_renewal(offer, NOW)
    assert agreed is not None
    return agreed[0]


def test_a_renewal_is_offered_when_it_is_due_and_by_one_end(leader: Chains, follower: Chains) -> None:
    assert leader.offer_renewal(SeededEntropy("offer"), NOW) is None
    follower.renewal.count = MESSAGES
    assert follower.offer_renewal(SeededEntropy("offer"), NOW) is None
    assert offered(leader).generation == 1


def test_the_follower_sends_under_new_chains_once_the_leader_does(leader: Chains, follower: Chains) -> None:
    answer = answered(follower, offered(leader))
    before, late = follower.sending, cell_of(leader)
    assert (follower.generation, leader.generation) == (0, 0)
    assert leader.complete_renewal(answer, NOW) is not None
    assert leader.generation == 1
    follower.open_cell(late)
    assert follower.sending is before, "a cell of the old generation shows nothing"
    follower.open_cell(cell_of(leader))
    assert follower.generation == 1 and follower.sending is not before


def test_cells_of_both_generations_open(leader: Chains, follower: Chains) -> None:
    old = cell_of(follower)
    leader.complete_renewal(answered(follower, offered(leader)), NOW)
    leader.open_cell(old)
    follower.open_cell(cell_of(leader))
    new = cell_of(follower)
    assert leader.has_tag(new.tag) and new.tag in leader.list_tags()
    leader.open_cell(new)


def test_what_was_seen_is_told_of_the_generation_under_which_we_send(
    leader: Chains, follower: Chains
) -> None:
    follower.open_cell(cell_of(leader))
    assert follower.latest_place() == (EPOCH, 0)
    leader.complete_renewal(answered(follower, offered(leader)), NOW)
    assert follower.latest_place() == (EPOCH, 0)
    follower.open_cell(cell_of(leader))
    assert follower.latest_place() == (leader.sending.epoch, 0)


@pytest.mark.parametrize("epoch", [EPOCH + FUTURE_EPOCHS + 1, EPOCH + FUTURE_EPOCHS - CATCH_UP_EPOCHS - 1])
def test_an_offer_of_another_time_is_passed_over(leader: Chains, follower: Chains, epoch: int) -> None:
    offer = offered(leader)
    far = RekeyOffer(offer.generation, Epoch(epoch), offer.encapsulation_key)
    assert follower.answer_renewal(far, NOW) is None


def test_what_answers_no_offer_changes_nothing(leader: Chains, follower: Chains) -> None:
    answer = answered(follower, offered(leader))
    assert follower.complete_renewal(answer, NOW) is None
    assert follower.answer_renewal(RekeyOffer(7, EPOCH, b""), NOW) is None


def test_what_is_kept_is_read_back_in_the_middle_of_a_renewal(leader: Chains, follower: Chains) -> None:
    leader.complete_renewal(answered(follower, offered(leader)), NOW)
    kept = Chains.read_kept(Reader(follower.as_values()))
    assert kept.as_values() == follower.as_values()
    kept.open_cell(cell_of(leader))
    assert kept.generation == 1
