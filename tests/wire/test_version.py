"""A greeting of another version is told from nonsense, and both ends can say which is older."""

from __future__ import annotations

import pytest

from p2pchat.errors import Malformed, OtherVersion
from p2pchat.wire.codec import Reader
from p2pchat.wire.version import VERSION, VERSION_KEY, check_version, other_version, read_version


def test_our_own_version_passes() -> None:
    check_version(Reader({VERSION_KEY: VERSION}))


def test_another_version_is_named() -> None:
    with pytest.raises(OtherVersion) as refused:
        check_version(Reader({VERSION_KEY: VERSION + 1}))
    assert refused.value.version == VERSION + 1


def test_the_first_version_did_not_say() -> None:
    assert read_version(Reader({})) == 1


@pytest.mark.parametrize("value", [-1, 256, "3", True, None])
def test_nonsense_is_no_version(value: object) -> None:
    with pytest.raises(Malformed):
        check_version(Reader({VERSION_KEY: value}))


@pytest.mark.parametrize(
    ("version", "older"), [(VERSION + 1, "this p2pchat must"), (VERSION - 1, "the other must")]
)
def test_the_older_one_is_to_be_upgraded(version: int, older: str) -> None:
    assert older in other_version(version)
