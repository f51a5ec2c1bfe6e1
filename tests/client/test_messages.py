"""A message has one name, whatever a caller calls it."""

from __future__ import annotations

import pytest

from p2pchat.client import KEY_MAX, Node
from p2pchat.client.messages import MessageName, message_name
from p2pchat.errors import UsageError


def test_a_key_of_the_callers_own_stands_for_one_message() -> None:
    assert message_name("a" * 32) == MessageName(id="a" * 32)
    assert message_name("A" * 32) == MessageName(key="41" * 32)
    assert message_name("naïve\udcff") == MessageName(key="naïve".encode().hex() + "ff")


@pytest.mark.parametrize("key", ["", "x" * (KEY_MAX + 1), "é" * (KEY_MAX // 2 + 1)])
def test_a_key_that_is_empty_or_too_long_is_refused(key: str) -> None:
    with pytest.raises(UsageError, match="an id has 1 to 256 bytes"):
        message_name(key)


@pytest.mark.real
async def test_what_cannot_be_sent_is_refused_at_once(lone: Node) -> None:
    with pytest.raises(UsageError, match="bob"):
        await lone.send("bob", "hi")
    with pytest.raises(UsageError, match="use queued, relayed or delivered"):
        await lone.send("bob", "hi", wait="read")  # type: ignore[arg-type]
