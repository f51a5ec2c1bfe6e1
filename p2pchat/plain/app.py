"""The chat in line mode at a terminal: what is typed stays at the bottom while lines come in above it.

Knows: how the chat, the line being written and the terminal go together. Does not know: how they work.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING

from p2pchat.plain.chat import PlainChat
from p2pchat.plain.editor import LineEditor
from p2pchat.plain.terminal import Terminal
from p2pchat.wording.signs import signs

if TYPE_CHECKING:
    from p2pchat.client import Node


async def chat_in_lines(node: Node, name: str, coloured: bool) -> str:
    """Chat with ``name`` until Ctrl-D or /quit; what to say when it is over. Raises P2PChatError."""
    left = asyncio.Event()
    editor = LineEditor(lambda text: chat.complete_line(text))
    terminal = Terminal(editor, lambda: chat.prompt, lambda: chat.status_line, coloured)
    chat = PlainChat(
        node,
        terminal.show_line,
        terminal.draw_rows,
        left.set,
        editor.put_back,
        signs(os.environ, sys.stdout.encoding),
    )
    terminal.on_line, terminal.on_leave, terminal.on_edit = chat.take_line, left.set, chat.note_begun
    await chat.begin_chat(name)
    with terminal.take_rows():
        running = asyncio.ensure_future(chat.run_chat())
        leaving = asyncio.ensure_future(left.wait())
        try:
            await asyncio.wait((running, leaving), return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()
            await chat.model.leave_chat()
        finally:
            await chat.screen.take_back_invite()
            running.cancel()
            leaving.cancel()
            await asyncio.gather(running, leaving, return_exceptions=True)
    return chat.model.sent.farewell_text()
