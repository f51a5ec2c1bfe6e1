"""The full-screen chat: shows the node's events, and carries out what a person does.

Knows: which part gets which event. Does not know: how a part looks, the keys, or the parts of a node.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from textual import on

from p2pchat.chat import happenings
from p2pchat.chat.lines import ChatLine
from p2pchat.chat.model import LOOK_S, ChatModel
from p2pchat.chat.verbs import Verbs
from p2pchat.control.answers import SettingInfo
from p2pchat.errors import P2PChatError
from p2pchat.text import harmless_name
from p2pchat.tui import alerts
from p2pchat.tui.compose import Compose
from p2pchat.tui.message_actions import MessageActions
from p2pchat.tui.preferences import keymap, preferences, theme_here
from p2pchat.tui.screens import Screens
from p2pchat.tui.scrollback import Scrollback
from p2pchat.tui.settings import SettingsPage
from p2pchat.tui.window import ChatWindow
from p2pchat.wording.settings import of_this_chat

if TYPE_CHECKING:
    from p2pchat.client import Node


class Chat(ChatWindow):
    """The chat of one home. ``whom``: the conversation to open first; by default the latest."""

    def __init__(self, node: Node, whom: str = "") -> None:
        super().__init__(ChatModel(node, self._on_happening))
        self.verbs = Verbs(self.model, Screens(self))
        self._message_actions = MessageActions(self)
        self._whom = whom

    async def on_mount(self) -> None:
        await self._prefer()
        await self.model.load_people()
        self.run_worker(self.model.follow_events(), name="follow")
        self.run_worker(self.model.sent.send_texts(), name="send")
        self.run_worker(self.model.requests.run_all(), name="act")
        self.run_worker(self.model.drafts.keep_changes(), name="drafts")
        self.set_interval(LOOK_S, self.main.look_at_node)
        self.main.look_at_node()
        people = self.model.in_order()
        if self._whom or people:
            self.main.open_conversation(self._whom or people[0].name)
        self.main.show_parts()
        self.main.pane.writing.focus()

    # --- events

    def _on_happening(self, what: happenings.Happening) -> None:
        """Show an event of the conversations."""
        if not self.is_running or not self.screen_stack:
            return
        main, messages = self.main, self.main.pane.scrollback.messages
        match what:
            case happenings.LineAdded(message):
                self._on_line(message)
            case happenings.LineRewritten(message):
                messages.replace_message(message)
            case happenings.ReferenceAdded(message):
                main.pane.show_reference(message)
            case happenings.LineForgotten(name, id):
                main.pane.forget_messages(name, id)
            case happenings.Moved(id, stage):
                messages.change_message(id, stage=stage)
            case happenings.ReachedMembers(id, reached, of):
                messages.change_message(id, reached=reached, of=of)
            case happenings.RoomChanged():
                self._on_room_changed(what)
            case happenings.Refused():
                main.pane.take_back(what)
            case happenings.NodeLost(line):
                main.trouble = line
            case happenings.NodeFound(line):
                main.trouble = ""
                self.notify(line, timeout=3)
                if main.pane.unloaded:
                    main.pane.reload_messages()
                self._show_settings_anew()
            case happenings.Decided(line) | happenings.Reminded(line):
                self.prompts.tell_person(line)
            case happenings.Preferred():
                self.run_worker(self._prefer(), group="prefer", exclusive=True, exit_on_error=False)
            case happenings.Altered() | happenings.Changed():
                pass
        main.show_parts()

    def _on_line(self, message: ChatLine) -> None:
        name, looking = message.contact, self.model.looking
        if name == self.model.current:
            self.main.pane.show_message(message)
        known = self.model.known.find_by_name(name)
        loud = known is not None and known.is_loud(message)
        if message.outgoing or not loud or (name == self.model.current and looking):
            return
        shown = f"{message.sender} in {name}" if message.in_room else name
        self._alert_person(shown)
        if looking:
            did = "mentions you" if message.for_us and message.in_room else "wrote"
            self.prompts.tell_person(f"{harmless_name(shown)} {did}", seconds=3)

    def _on_room_changed(self, what: happenings.RoomChanged) -> None:
        """Show what changed in a room: in its conversation if that is open, and at once if it is urgent."""
        room = what.notice.contact
        if room == self.model.current:
            self.main.pane.scrollback.add(what.notice)
        elif what.urgent:
            self.prompts.tell_person(f"{harmless_name(room)}: {what.notice.text}")

    def _alert_person(self, name: str) -> None:
        if self._driver is not None and not self.is_headless:
            self._driver.write(alerts.sequences(name, self.preferences.notifications))
            self._driver.flush()
            if self.preferences.notifications == "all":
                alerts.notify_desktop(name)

    async def _prefer(self) -> None:
        """Apply the settings of chats, now and after each change; do not wait for a node that cannot tell
        them."""
        found: Sequence[SettingInfo] = []
        with suppress(P2PChatError):
            found = await self.model.node.settings()
        self.told_here = {
            setting.key: ours for setting in found if (ours := of_this_chat(setting, os.environ)) != setting
        }
        self.preferences = chosen = preferences(found, os.environ)
        for problem in chosen.problems:
            self.prompts.tell_failure(problem)
        colours = None if self.is_headless else self.console.color_system
        self.theme = theme_here(chosen.theme, colours, os.environ)
        self.main.pane.scrollback.messages.set_look(clock=chosen.clock)
        self.set_keymap(keymap(chosen.keys))
        self._show_settings_anew()

    def _show_settings_anew(self) -> None:
        """Have an open page of settings show what was changed elsewhere."""
        for screen in self.screen_stack:
            if isinstance(screen, SettingsPage):
                screen.show_anew()

    # --- what a person does

    @on(Compose.Submitted)
    def _on_submitted(self, event: Compose.Submitted) -> None:
        writing = self.main.pane.writing
        if not self.prompts.try_act(lambda: self.verbs.take_line(event.text)) and not writing.text:
            writing.continue_text(event.text)

    @on(Scrollback.Chosen)
    def _on_chosen(self, event: Scrollback.Chosen) -> None:
        self.prompts.try_act(lambda: self._message_actions.act_on(event.verb, event.message, event.link))

    def on_descendant_focus(self) -> None:
        """Show the keys that now have a meaning."""
        self.main.show_parts()

    def on_app_focus(self) -> None:
        """The person looks at the screen again."""
        self.model.looking = True
        self.main.pane.mark_shown()

    def on_app_blur(self) -> None:
        """The person looks elsewhere: new messages notify, and stay unread."""
        self.model.looking = False
