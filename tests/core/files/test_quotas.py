"""No contact fills the disk by files, nor by many small ones."""

from __future__ import annotations

from dataclasses import replace

import pytest

from p2pchat.core.files.quotas import HELD_MAX, OFFERS_MAX, FileLimits, FileQuotas
from p2pchat.core.values.files import FileState
from p2pchat.core.values.refusals import Reason
from p2pchat.types import ContactId
from tests.support.file_records import make_file
from tests.support.homes import BOB

QUOTAS = FileQuotas(FileLimits(mesh=1000, contact=2500, home=4000))
EVE = ContactId("e" * 64)
COMING = make_file(bytes(1000))


def test_a_file_of_the_largest_size_is_taken_and_no_larger() -> None:
    assert QUOTAS.refuse_size(1000) is None
    assert QUOTAS.refuse_size(1001) is Reason.FILE_TOO_LARGE


@pytest.mark.parametrize("state", [FileState.ACCEPTED, FileState.WHOLE])
def test_a_contact_has_a_share_of_the_disk(state: FileState) -> None:
    held = [replace(COMING, state=state)] * 2
    assert QUOTAS.refuse_accepting(held, make_file(bytes(500))) is None
    assert QUOTAS.refuse_accepting(held, make_file(bytes(501))) is Reason.FILES_FULL
    assert QUOTAS.refuse_accepting(held, replace(COMING, contact=EVE)) is None
    assert QUOTAS.refuse_accepting([*held, *held], replace(COMING, contact=EVE)) is Reason.FILES_FULL


@pytest.mark.parametrize("state", [FileState.SAVED, FileState.DECLINED, FileState.OFFERED])
def test_what_takes_no_room_does_not_count(state: FileState) -> None:
    assert QUOTAS.refuse_accepting([replace(COMING, state=state)] * 9, COMING) is None


def test_so_many_small_files_are_held() -> None:
    assert QUOTAS.refuse_accepting([make_file(b"")] * HELD_MAX, make_file(b"")) is Reason.FILES_FULL


def test_so_many_offers_of_a_contact_wait() -> None:
    offers = [make_file(b"", state=FileState.OFFERED)] * (OFFERS_MAX - 1)
    assert QUOTAS.has_room_for_offer(offers, BOB.id)
    assert not QUOTAS.has_room_for_offer([*offers, *offers[:1]], BOB.id)
    assert QUOTAS.has_room_for_offer([*offers, *offers[:1]], EVE)


def test_so_many_of_ours_wait() -> None:
    ours = make_file(bytes(1000), outgoing=True, state=FileState.OFFERED)
    assert QUOTAS.refuse_outgoing([ours] * 3, BOB.id, 1000) is None
    assert QUOTAS.refuse_outgoing([ours] * 4, BOB.id, 1) is Reason.FILES_FULL
    small = replace(ours, size=0)
    assert QUOTAS.refuse_outgoing([small] * OFFERS_MAX, BOB.id, 0) is Reason.FILES_FULL
    assert QUOTAS.refuse_outgoing([small] * OFFERS_MAX, EVE, 0) is None
    assert QUOTAS.refuse_outgoing([small] * HELD_MAX, EVE, 0) is Reason.FILES_FULL
    assert QUOTAS.refuse_outgoing([], BOB.id, 1001) is Reason.FILE_TOO_LARGE
