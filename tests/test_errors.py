"""Each failure has the exit code that scripts test, and a line of its own."""

from __future__ import annotations

import inspect
import re

import pytest

from p2pchat import errors
from p2pchat.errors import P2PChatError

CLASSES = [each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, P2PChatError)]
TREE = dict(re.findall(r"(\w+) +([\d-])? {3}", errors.__doc__ or ""))


@pytest.mark.parametrize("error", CLASSES)
def test_the_tree_at_the_head_has_every_failure_and_its_code(error: type[P2PChatError]) -> None:
    code = TREE[error.__name__]
    assert code in ("", "-", str(error.exit_code))


def test_the_tree_names_nothing_else() -> None:
    named = set(re.findall(r"^ .*?(\b[A-Z]\w+) {3}", errors.__doc__ or "", flags=re.MULTILINE))
    assert named == {each.__name__ for each in CLASSES}


def test_what_a_peer_sent_is_counted_by_its_kind() -> None:
    kinds = [each.kind for each in CLASSES if issubclass(each, errors.RefusedInput)]
    assert len(set(kinds)) == len(kinds)


def test_another_version_is_named() -> None:
    assert errors.OtherVersion(9).version == 9
    assert "9" in str(errors.OtherVersion(9))
