"""A terminal that does not show all of Unicode gets signs that differ all the same."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from p2pchat.wording.signs import ASCII, UNICODE, Signs, signs


@pytest.mark.parametrize(
    ("environment", "encoding", "shown"),
    [
        ({"LANG": "de_DE.UTF-8"}, "utf-8", UNICODE),
        ({"LANG": "de_DE.utf8@euro"}, "utf-8", UNICODE),
        ({"LC_CTYPE": "C.UTF-8"}, "utf-8", UNICODE),
        ({"LANG": "C.UTF-8"}, "utf-8", UNICODE),
        ({}, "utf-8", UNICODE),
        ({"LANG": "C"}, "utf-8", ASCII),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, "utf-8", ASCII),  # as Python makes of it
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "C"}, "utf-8", ASCII),
        ({"LC_ALL": "POSIX"}, "utf-8", ASCII),
        ({"LANG": "de_DE.ISO-8859-15@euro"}, "utf-8", ASCII),
        ({"LANG": "de_DE.UTF-8"}, "ascii", ASCII),
    ],
)
def test_the_locale_chooses_the_signs(environment: Mapping[str, str], encoding: str, shown: Signs) -> None:
    assert signs(environment, encoding) is shown


def test_signs_of_ascii_are_ascii_and_tell_apart_what_must_be() -> None:
    told = [ASCII.mark_of(state) for state in ("sending", "queued", "relayed", "delivered", "expired")]
    assert len(set(told)) == len(told)
    assert "".join([*told, *ASCII.dots.values(), ASCII.rule]).isascii()
    assert set(ASCII.marks) == set(UNICODE.marks)
