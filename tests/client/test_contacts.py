"""What is asked of a contact who is not known is refused in words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from p2pchat.client import Node
from p2pchat.errors import UsageError
from tests.support.nodes import friends

pytestmark = pytest.mark.real

ASKED: list[Callable[[Node], Awaitable[object]]] = [
    lambda node: node.contact("bob"),
    lambda node: node.verify("bob"),
    lambda node: node.rename("bob", "rob"),
    lambda node: node.block("bob"),
    lambda node: node.mute("bob"),
    lambda node: node.disappear("bob", 60.0),
    lambda node: node.renew("bob"),
    lambda node: node.remove("bob"),
]


async def test_a_new_home_has_no_contacts(lone: Node) -> None:
    assert await lone.contacts() == []
    for ask in ASKED:
        with pytest.raises(UsageError, match="bob"):
            await ask(lone)


async def test_what_is_noted_of_a_contact_is_told_of_them(tmp_path_factory: pytest.TempPathFactory) -> None:
    async with friends(tmp_path_factory.mktemp("homes"), "ana", "bob") as (ana, _):
        assert (await ana.verify("bob")).verified
        assert (await ana.mute("bob")).muted
        assert (await ana.block("bob")).blocked
        assert (await ana.rename("bob", "rob")).name == "rob"
        (contact,) = await ana.contacts()
        assert (contact.name, contact.verified, contact.muted, contact.blocked) == ("rob", True, True, True)
        assert len((await ana.contact("rob")).safety_number.split()) == 12
        assert (await ana.remove("rob")).left_mesh
        assert await ana.contacts() == []
