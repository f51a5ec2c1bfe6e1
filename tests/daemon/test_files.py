"""The methods about files refuse what makes no sense, in words; the rest is tested with real nodes."""

from __future__ import annotations

import pytest

from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.daemon.files import _absolute
from p2pchat.daemon.refusals import raise_refusal
from p2pchat.errors import Ended, LimitError, P2PChatError, UsageError


@pytest.mark.parametrize("path", ["report.pdf", "~/report.pdf", "", "/a\0b"])
def test_a_path_begins_at_the_root(path: str) -> None:
    with pytest.raises(UsageError, match="root"):
        _absolute(path)


@pytest.mark.parametrize(
    ("reason", "error"),
    [
        (Reason.NO_SUCH_FILE, UsageError),
        (Reason.FILE_OVER, Ended),
        (Reason.FILE_TOO_LARGE, LimitError),
        (Reason.FILES_FULL, LimitError),
    ],
)
def test_each_refusal_has_its_words(reason: Reason, error: type[P2PChatError]) -> None:
    with pytest.raises(error):
        raise_refusal(Rejected(reason))
