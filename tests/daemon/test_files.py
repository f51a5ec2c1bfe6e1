"""A path that a caller names is one of this machine; the rest is tested with real nodes."""

from __future__ import annotations

import pytest

from p2pchat.daemon.files import _absolute
from p2pchat.errors import UsageError


@pytest.mark.parametrize("path", ["report.pdf", "~/report.pdf", "", "/a\0b"])
def test_a_path_begins_at_the_root(path: str) -> None:
    with pytest.raises(UsageError, match="root"):
        _absolute(path)
