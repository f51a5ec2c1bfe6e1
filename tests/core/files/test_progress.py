"""A rate is of the last minute, and unknown at first."""

from p2pchat.core.files.progress import LATELY_S, TransferProgress


def test_the_first_amount_has_no_rate() -> None:
    assert TransferProgress().note_amount(1000, 5.0) == 0.0


def test_a_rate_is_of_lately() -> None:
    progress = TransferProgress()
    progress.note_amount(0, 0.0)
    assert progress.note_amount(1000, 10.0) == 100.0
    assert progress.note_amount(1000, 10.0 + LATELY_S) == 0.0, "what came before is forgotten"


def test_an_amount_that_shrinks_has_no_rate() -> None:
    progress = TransferProgress()
    progress.note_amount(1000, 0.0)
    assert progress.note_amount(0, 10.0) == 0.0
