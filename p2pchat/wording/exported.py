"""A history as Markdown.

Knows: how to escape a line so that no part of it is read as Markdown or HTML. Does not know: where it goes.

A viewer of the file must not load a picture that a contact named in a message: that would tell the contact
when and from where the file is read.
"""

from __future__ import annotations

import re

from p2pchat.control.events import HistoryLine
from p2pchat.text import harmless, harmless_name
from p2pchat.wording.lines import local_time
from p2pchat.wording.references import answered_words, line_marks

_MEANS_SOMETHING = re.compile(r"[\\`*_{}\[\]()<>#+\-.!|~&:@]")
"""Characters that Markdown or GitHub's Markdown interprets; automatic links need ``:``, ``.`` or ``@``."""


def markdown_heading(name: str) -> str:
    """The heading above the messages with one contact."""
    return f"# {_plain(harmless_name(name))}\n"


def markdown_line(message: HistoryLine) -> str:
    """One message."""
    at = local_time(message.at).strftime("%Y-%m-%d %H:%M:%S")
    text = _plain(harmless(message.text)).replace("\n", "\\\n  ")
    answers = f"\\[{_plain(answered_words(message.reply_to))}\\] " if message.reply_to is not None else ""
    marks = "".join(f" *{_plain(mark)}*" for mark in _kept_marks(message))
    return f"- `{at}` **{_plain(harmless_name(message.sender))}**: {answers}{text}{marks}"


def _kept_marks(message: HistoryLine) -> list[str]:
    """The marks of a line without its delivery state: an export outlives that state."""
    return [mark for mark in line_marks(message) if mark != message.state]


def _plain(text: str) -> str:
    return _MEANS_SOMETHING.sub(lambda sign: "\\" + sign[0], text)
