"""The real full-screen chat, of a node that is none: run by tests at a terminal of its own.

    python -m tests.support.lone_chat SETTING

SETTING is JSON: ``names`` of contacts, ``said`` (messages as ``fake_node.message`` makes them), and ``sent``:
a file into which, when the chat ends, it writes what was ``sent`` and the history (``said``), as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import traceback
from pathlib import Path
from typing import Any

from p2pchat.control.events import MessageEvent
from p2pchat.control.values import plain, read_value
from p2pchat.tui.app import Chat
from tests.support.fake_node import FakeNode


async def main(setting: dict[str, Any]) -> int:
    node = FakeNode(*setting["names"])
    node.said = [read_value(MessageEvent, each) for each in setting["said"]]
    chat = Chat(node, setting["names"][0])
    await chat.run_async()
    Path(setting["sent"]).write_text(
        json.dumps({"sent": node.sent, "said": [plain(each) for each in node.said]})
    )
    if (failure := chat.failed()) is not None:
        traceback.print_exception(failure)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(json.loads(sys.argv[1]))))
