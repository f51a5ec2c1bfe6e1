"""The page of settings: what each is, where that comes from, and how to change it.

Knows: how it looks, and which dialog asks for which kind of value. Does not know: any setting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from p2pchat.chat.verbs import keep_setting
from p2pchat.config.kinds import Number
from p2pchat.config.table import SETTINGS, SettingSpec
from p2pchat.control import answers
from p2pchat.control.values import extended
from p2pchat.errors import P2PChatError
from p2pchat.text import one_line
from p2pchat.tui.dialogs import Dialog
from p2pchat.wording.settings import effect_line, origin

if TYPE_CHECKING:
    from p2pchat.client import Node

DETAIL: Final = 6
"""Lines for what the chosen setting is about."""

AROUND: Final = DETAIL + 5
"""Lines of the page that are no list: frame, detail, keys."""


class SettingsPage(Dialog[None]):
    """All settings; Enter changes one, Delete takes its default."""

    title_text = "settings"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("delete,backspace", "unset", "default", show=False),
    ]

    def __init__(self, node: Node, chat_has: Mapping[str, answers.SettingInfo]) -> None:
        """``chat_has``: what concerns this chat alone and comes from its own environment, by key."""
        super().__init__()
        self._node = node
        self._chat_has = chat_has
        self._found: dict[str, answers.SettingInfo] = {}

    def compose_content(self) -> ComposeResult:
        yield OptionList(id="settings", markup=False)
        with VerticalScroll(id="detail", can_focus=False):
            yield Static(Text("one moment …"), id="about", markup=False)
        yield Label(Text("Enter changes it · Delete: its default · Esc closes"), classes="wide dim")

    def on_mount(self) -> None:
        self.query_one("#settings").focus()
        self.show_anew()

    def on_resize(self, event: events.Resize) -> None:
        """The list takes what is left."""
        listed = self.query_one("#settings", OptionList)
        listed.styles.max_height = max(3, event.size.height - AROUND)
        self.query_one("#detail").styles.height = min(DETAIL, max(2, event.size.height - 8))
        self._draw()

    def show_anew(self) -> None:
        """Ask the node again for what is set."""
        self.run_worker(self._load(), exclusive=True, group="settings", exit_on_error=False)

    async def _load(self) -> None:
        try:
            found = {info.key: info for info in await self._node.settings()}
        except P2PChatError as error:
            self._say(str(error))
            return
        self._found = {**found, **{key: info for key, info in self._chat_has.items() if key in found}}
        self._draw()

    def _draw(self) -> None:
        listed = self.query_one("#settings", OptionList)
        chosen = listed.highlighted
        width = max(20, self.size.width * 96 // 100 - 8) if self.size.width < 80 else 66
        listed.clear_options()
        names = max(map(cell_len, self._found), default=0)
        origins = max((cell_len(origin(info)) for info in self._found.values()), default=0)
        rows = {key: _row(info, width, names, origins) for key, info in self._found.items()}
        listed.add_options([Option(row, id=key) for key, row in rows.items()])
        if self._found:
            listed.highlighted = min(chosen or 0, len(self._found) - 1)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_id in self._found:
            self.query_one("#about", Static).update(_about(self._found[event.option_id]))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        if event.option_id is not None:
            self._change(event.option_id)

    def _change(self, key: str) -> None:
        setting = SETTINGS.get(key)
        if setting is None:
            self.app.notify(f"'p2pchat config set {key} …' changes it", markup=False)
            return
        info = self._found[key]
        dialog: _ValueDialog = _Pick(setting, info) if _has_menu(setting) else _Write(setting, info)

        def answered(value: str | None) -> None:
            if value is None:
                return
            if value == info.value and info.source == "default":  # nothing was chosen that could be stored
                self._tell_change(extended(info, answers.ChangeSettingResult, effect="unchanged"))
            else:
                self._have(key, value)

        self.app.push_screen(dialog, answered)

    def action_unset(self) -> None:
        """Have the default of the chosen one again."""
        place = self.query_one("#settings", OptionList).highlighted
        if place is not None and self._found:
            self._have(list(self._found)[place], None)

    def _have(self, key: str, value: str | None) -> None:
        async def have() -> None:
            try:
                changed = await keep_setting(self._node, key, value)
            except P2PChatError as error:
                self._say(str(error))
                return
            await self._load()
            self._tell_change(changed)

        self.run_worker(have(), group="setting", exit_on_error=False)

    def _tell_change(self, changed: answers.ChangeSettingResult) -> None:
        self.app.notify(one_line(effect_line(changed)), timeout=8, markup=False)

    def _say(self, line: str) -> None:
        self.app.notify(one_line(line), severity="warning", timeout=8, markup=False)


class _ValueDialog(Dialog[str]):
    """A value of one setting, which is ``now`` another."""

    def __init__(self, setting: SettingSpec, now: answers.SettingInfo) -> None:
        super().__init__()
        self.title_text = setting.name
        self._setting = setting
        self._now = now


class _Pick(_ValueDialog):
    """One of the values there are."""

    def compose_content(self) -> ComposeResult:
        yield Label(Text(_sentence(self._setting.about)), classes="wide dim")
        words = self._setting.kind.words
        yield OptionList(*(Option(self._label(word), id=word) for word in words), id="values", markup=False)

    def _label(self, word: str) -> str:
        notes = (("now", self._now.value), ("the default", self._setting.default))
        marks = [note for note, marked in notes if word == marked]
        return f"{word}  ({', '.join(marks)})" if marks else word

    def on_mount(self) -> None:
        listed = self.query_one("#values", OptionList)
        words = list(self._setting.kind.words)
        listed.highlighted = words.index(self._now.value) if self._now.value in words else 0
        listed.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_id)


class _Write(_ValueDialog):
    """A value to be written. What holds a password is not shown: one writes all of it anew."""

    def compose_content(self) -> ComposeResult:
        yield Label(Text(_sentence(self._setting.about)), classes="wide dim")
        yield Label(Text(f"It must be {self._setting.kind.allowed}."), classes="wide")
        now = one_line(self._now.value)
        hidden = self._setting.secret and "***" in now
        if hidden:
            yield Label(Text(f"Now: {now}"), classes="wide dim")
        yield Input("" if hidden else now, compact=True)
        yield Label("", id="wrong", classes="wide")
        yield Label(Text("Enter sets it · Esc leaves it as it is"), classes="wide dim")

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def on_input_changed(self) -> None:
        """What was wrong may be right now."""
        self.query_one("#wrong", Label).update("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        try:
            self._setting.kind.read(text)
        except ValueError as error:
            why = str(error) or f"{self._setting.name} must be {self._setting.kind.allowed}"
            self.query_one("#wrong", Label).update(Text(one_line(why), "bold"))
        else:
            self.dismiss(text)


def _has_menu(setting: SettingSpec) -> bool:
    words: Sequence[str] = setting.kind.words
    return bool(words) and not isinstance(setting.kind, Number) and not words[0].endswith("=")


def _row(info: answers.SettingInfo, width: int, names: int, origins: int) -> Text:
    """Return a row with the name in ``names`` cells, the value, and its source in ``origins`` cells. The
    value is cut if it does not fit."""
    space = max(4, width - names - origins - 2)
    row = Text(no_wrap=True, overflow="ellipsis", end="")
    row.append(f"{info.key:<{names}} ", "bold" if info.source != "default" else "")
    value = Text(one_line(info.value) or "-", "bold" if info.source != "default" else "")
    value.truncate(space, overflow="ellipsis", pad=True)
    row.append_text(value)
    row.append(f" {origin(info)}", "dim")
    return row


def _about(info: answers.SettingInfo) -> Text:
    text = Text(_sentence(info.about))
    if info.problem:
        text = Text(f"{one_line(info.problem)}. ", "bold").append_text(text)
    text.append(f" A change takes effect: {info.takes_effect}.", "dim")
    return text


def _sentence(about: str) -> str:
    return f"{about[:1].upper()}{about[1:]}."
