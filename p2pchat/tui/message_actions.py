"""What a person does with one message: reply, react, correct, withdraw, copy, rewrite, delete, open its link.

Knows: the effect of each action. Does not know: how a message was selected.
"""

from __future__ import annotations

from typing import Final

from p2pchat.chat.lines import ChatLine
from p2pchat.chat.question import withdrawal_question
from p2pchat.chat.referring import SIGNS
from p2pchat.errors import UsageError
from p2pchat.text import harmless, harmless_name, one_line
from p2pchat.tui.dialogs import Choose, Confirm, Correct, Rewrite
from p2pchat.tui.window import ChatWindow

TAKE_BACK: Final = "off"

TITLE_MAX: Final = 40
"""Characters of a message that names it."""

ON_MESSAGE: Final = (
    ("reply", "Reply"),
    ("react", "React …"),
    ("copy", "Copy its text"),
    ("whole", "Show all of it, or fold it"),
    ("open", "Open its link"),
    ("correct", "Correct it, for all …"),
    ("withdraw", "Withdraw it, for all …"),
    ("rewrite", "Rewrite my copy …"),
    ("forget", "Delete it here …"),
)
"""What can be done with a message, by verb."""

OF_ITS_AUTHOR: Final = ("correct", "withdraw")
WITHOUT_TEXT: Final = ("react", "copy", "whole", "correct", "withdraw")
"""Nothing of this is possible after a withdrawal."""


class MessageActions:
    """Bound to one chat."""

    def __init__(self, window: ChatWindow) -> None:
        self._window = window

    def _choose(self, message: ChatLine, link: str) -> None:
        """Show what can be done with a message."""
        missing: tuple[str, ...] = () if link else ("open",)
        if not message.outgoing:
            missing += OF_ITS_AUTHOR
        if message.withdrawn:
            missing += WITHOUT_TEXT
        verbs = [(verb, label) for verb, label in ON_MESSAGE if verb not in missing]
        title = one_line(harmless(message.text[: 4 * TITLE_MAX]))[:TITLE_MAX]
        self._window.prompts.open_dialog(Choose(title, verbs), lambda verb: self.act_on(verb, message, link))

    def act_on(self, verb: str, message: ChatLine | None, link: str) -> None:
        """Reply to it, react to it, correct, withdraw, copy or unfold it, rewrite or delete it here, open its
        link. Raises UsageError."""
        if verb == "open":
            self._open(link)
        elif message is not None:
            self._act_on_message(verb, message, link)

    def _act_on_message(self, verb: str, message: ChatLine, link: str) -> None:
        match verb:
            case "menu":
                self._choose(message, link)
            case "copy":
                self._window.copy_to_clipboard(harmless(message.text))
                self._window.notify("copied, if the terminal allows it")
            case "reply":
                self._window.main.begin_reply(message)
            case "react":
                self._react(message)
            case "correct":
                self._correct(message)
            case "withdraw":
                self._withdraw(message)
            case "whole":
                self._window.main.pane.scrollback.action_unfold()
            case "rewrite":
                self._rewrite(message)
            case _:
                self._forget_one(message)

    def _open(self, link: str) -> None:
        if not link:
            raise UsageError("there is no link in this message")
        self._window.open_url(link)
        self._window.notify(f"opened, if there is a browser here: {link}", timeout=8, markup=False)

    def _react(self, message: ChatLine) -> None:
        node, have_node = self._window.model.node, self._window.verbs.have_node
        signs = [(sign, sign) for sign in SIGNS]
        self._window.prompts.open_dialog(
            Choose("react (/react takes any sign)", [*signs, (TAKE_BACK, "Take mine back")]),
            lambda sign: have_node(
                node.react_to(message.id, "" if sign == TAKE_BACK else sign, wait="queued")
            ),
        )

    def _correct(self, message: ChatLine) -> None:
        if not message.outgoing:
            raise UsageError("only the author of a message can correct it; you can rewrite your own copy")
        node, have_node = self._window.model.node, self._window.verbs.have_node
        self._window.prompts.open_dialog(
            Correct(message.text),
            lambda text: have_node(node.correct_message(message.id, text, wait="queued")),
        )

    def _withdraw(self, message: ChatLine) -> None:
        if not message.outgoing:
            raise UsageError("only the author of a message can withdraw it; you can delete your own copy")
        node, have_node = self._window.model.node, self._window.verbs.have_node
        self._window.prompts.ask_person(
            withdrawal_question(message.in_room),
            lambda: have_node(node.withdraw_message(message.id, wait="queued")),
        )

    def _rewrite(self, message: ChatLine) -> None:
        def answered(text: str) -> None:
            rewriting = self._window.model.node.edit(message.id, text)
            self._window.verbs.have_node(rewriting, "only your copy is rewritten")

        self._window.prompts.open_dialog(Rewrite(message.text), answered)

    def _forget_one(self, message: ChatLine) -> None:
        node, have_node = self._window.model.node, self._window.verbs.have_node
        shown = harmless_name(message.contact)
        keeps = "The members keep" if message.in_room else f"{shown} keeps"
        dialog = Confirm("delete", f"Delete this message here? {keeps} a copy.", "Delete", "Keep it")
        self._window.prompts.open_dialog(
            dialog, lambda _: have_node(node.forget_message(message.id), "deleted here")
        )
