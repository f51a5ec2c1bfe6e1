"""Two names that a person cannot tell apart are taken for one."""

from __future__ import annotations

import pytest

from p2pchat.looks import alike, keys, same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("bob", "BOB"),
        ("paypal", "p\u0430yp\u0430l"),
        ("Ana", "\u0410na"),
        ("modern", "modem"),
        ("Il1", "lI|"),
        ("O0", "oo"),
        ("caf\u00e9", "cafe\u0301"),
        ("\u24b6lice", "alice"),
    ],
)
def test_names_that_look_alike(one: str, other: str) -> None:
    assert alike(one, other)
    assert alike(other, one)


@pytest.mark.parametrize(
    ("one", "other"), [("ana", "anna"), ("bob", "rob"), ("\u592a\u90ce", "\u82b1\u5b50")]
)
def test_names_that_do_not(one: str, other: str) -> None:
    assert not alike(one, other)
    assert keys(one).isdisjoint(keys(other))


def test_one_name_is_more_than_one_look() -> None:
    assert same("Zo\u00eb", "ZOE\u0308")
    assert not same("modern", "modem")
