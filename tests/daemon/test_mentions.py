"""Whom a text mentions."""

import pytest

from p2pchat.daemon.mentions import find_mentions
from p2pchat.types import ContactId

BOB, EVE = ContactId("b" * 64), ContactId("e" * 64)
NAMES = {"bob": BOB, "Eve Adams": EVE}


@pytest.mark.parametrize(
    ("text", "mentioned"),
    [
        ("@bob when?", (BOB,)),
        ("when, @BOB?", (BOB,)),
        ("(@bob)", (BOB,)),
        ("@eve adams and @bob", (BOB, EVE)),
        ("@bobby", ()),
        ("@bobby, not @bob", (BOB,)),
        ("write to ann@bob.example", ()),
        ("bob", ()),
        ("@", ()),
        ("", ()),
    ],
)
def test_a_name_after_an_at_sign_mentions_that_contact(text: str, mentioned: tuple[ContactId, ...]) -> None:
    assert find_mentions(text, NAMES) == mentioned


def test_of_two_names_that_fit_the_longer_one_is_meant() -> None:
    names = {"Bob": ContactId("b" * 64), "Bob Builder": ContactId("c" * 64)}
    bob, builder = names.values()
    for text, meant in (
        ("@bob builder, when?", (builder,)),
        ("@bob, when?", (bob,)),
        ("@bob builders build", (bob,)),
        ("@bob and @Bob Builder", (bob, builder)),
    ):
        assert find_mentions(text, names) == meant
