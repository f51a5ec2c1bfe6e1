"""A history as Markdown.

Knows: how a line is written so that nothing in it counts as Markdown or HTML. Does not know: where it goes.

Whoever opens the file with a viewer must not load a picture that a contact named in a message: that would
tell the contact when and from where it is read.
"""

from __future__ import annotations

import re

from p2pchat.control.events import HistoryLine
from p2pchat.text import harmless, harmless_name
from p2pchat.wording.lines import local_time
from p2pchat.wording.references import answered_words, line_marks

_MEANS_SOMETHING = re.compile(r"[\\`*_{}\[\]()<>#+\-.!|~&:@]")
"""What Markdown, or GitHub's, gives a meaning to; links found by themselves need ``:``, ``.`` or ``@``."""


def markdown_heading(name: str) -> str:
    """Above what was said with one contact."""
    return f"# {_plain(harmless_name(name))}\n"


def markdown_line(message: HistoryLine) -> str:
    """One message."""
    at = local_time(message.at).strftime("%Y-%m-%d %H:%M:%S")
    text = _plain(harmless(message.text)).replace("\n", "\\\n  ")
    answers = f"\\[{_plain(answered_words(message.reply_to))}\\] " if message.reply_to is not None else ""
    marks = "".join(f" *{_plain(mark)}*" for mark in _kept_marks(message))
    return f"- `{at}` **{_plain(harmless_name(message.sender))}**: {answers}{text}{marks}"


def _kept_marks(message: HistoryLine) -> list[str]:
    """What is known of a line but for how far it has come: an export is kept for longer than that is true."""
    return [mark for mark in line_marks(message) if mark != message.state]


def _plain(text: str) -> str:
    return _MEANS_SOMETHING.sub(lambda sign: "\\" + sign[0], text)
