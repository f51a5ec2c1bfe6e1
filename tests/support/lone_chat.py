"""The real full-screen chat, of a node that is none: run by tests at a terminal of its own.

    python -m tests.support.lone_chat SETTING

SETTING is JSON: ``names`` of contacts, ``said`` (messages as ``fake_node.message`` makes them), and ``sent``:
a file into which, when the chat ends, it writes what was ``sent`` and the history (``said``), as JSON.
Once the chat has sent a text, it is told the ``events``, if there are any.
"""

from __future__ import annotations

import asyncio
import json
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from p2pchat.control.answers import DeliveryInfo
from p2pchat.control.events import ListenEvents, MessageEvent, read_event
from p2pchat.control.values import plain, read_value
from p2pchat.tui.app import Chat
from tests.support.fake_node import FakeNode


class LoneNode(FakeNode):
    """Tells its events after the first text: a test sees the screen before and after."""

    def __init__(self, *names: str, later: Sequence[Mapping[str, object]]) -> None:
        super().__init__(*names)
        self._later = list(later)

    async def send(self, to: str, text: str, **rest: Any) -> DeliveryInfo:
        sent = await super().send(to, text, **rest)
        while self._later:
            event = read_event(self._later.pop(0))
            assert isinstance(event, ListenEvents), event
            self.happens(event)
        return sent


async def main(setting: dict[str, Any]) -> int:
    node = LoneNode(*setting["names"], later=setting.get("events", ()))
    node.said = [read_value(MessageEvent, each) for each in setting["said"]]
    chat = Chat(node, setting["names"][0])
    await chat.run_async()
    Path(setting["sent"]).write_text(
        json.dumps({"sent": node.sent, "said": [plain(each) for each in node.said]})
    )
    if (failure := chat.find_failure()) is not None:
        traceback.print_exception(failure)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(json.loads(sys.argv[1]))))
