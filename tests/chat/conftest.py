"""What tests of a chat share: its model over a fake node, and all that it tells."""

from __future__ import annotations

import pytest

from p2pchat.chat.happenings import Happening
from p2pchat.chat.model import ChatModel
from tests.support.fake_node import FakeNode


class Told:
    """A model, its node, and what it has told."""

    def __init__(self) -> None:
        self.node = FakeNode("bob", "carol")
        self.happened: list[Happening] = []
        self.model = ChatModel(self.node, self.happened.append)

    def of(self, kind: type[Happening]) -> list[Happening]:
        return [happened for happened in self.happened if isinstance(happened, kind)]


@pytest.fixture
async def told() -> Told:
    chat = Told()
    await chat.model.load_people()
    chat.model.open_conversation("bob")
    return chat
