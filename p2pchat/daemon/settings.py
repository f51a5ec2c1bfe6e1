"""The methods about settings: list, show and change them; a change is on disk before the answer.

Knows: how a change takes effect here. Does not know: any setting, or the precedence of values.
"""

from __future__ import annotations

from p2pchat.config.choices import Choice, Choices, Overrides, Source, choose, read
from p2pchat.config.kinds import FILE
from p2pchat.config.table import Effect, SettingSpec, named
from p2pchat.control import answers, methods, parameters
from p2pchat.control.values import extended
from p2pchat.daemon import views
from p2pchat.daemon.control import Caller
from p2pchat.daemon.events import SettingSet
from p2pchat.daemon.handlers import Handlers
from p2pchat.daemon.needs import SettingNeeds
from p2pchat.errors import SettingRestart, UsageError
from p2pchat.net.tls import check_certificates
from p2pchat.store import Store

TEXT_MAX = 4096
"""Characters of a value: a longer text is a file that was given by mistake."""


class SettingMethods:
    """Handles requests about settings, for one running node."""

    def __init__(self, host: SettingNeeds, rests: bool = False) -> None:
        """``rests``: no node runs that a change could affect."""
        self._host = host
        self._rests = rests

    def add_handlers(self, handlers: Handlers) -> None:
        """Register the handlers of requests about settings."""
        handlers.add(methods.SETTINGS, self.list)
        handlers.add(methods.SETTING, self.get)
        handlers.add(methods.CHANGE_SETTING, self.set)
        handlers.add(methods.FORGET_SETTING, self.unset)

    async def list(self, params: parameters.NoParams, caller: Caller) -> list[answers.SettingInfo]:
        """List every setting: its value, without passwords, and the source of the value."""
        return [views.setting(choice) for choice in self._host.choices]

    async def get(self, params: parameters.SettingParams, caller: Caller) -> answers.SettingInfo:
        """Return one setting, with its passwords."""
        chosen = self._host.choices[named(params.key).name]
        return views.setting(chosen).with_changes(value=chosen.text)

    async def set(
        self, params: parameters.ChangeSettingParams, caller: Caller
    ) -> answers.ChangeSettingResult:
        """Save a value in the home."""
        setting, text = named(params.key), params.value.strip()
        if len(text) > TEXT_MAX or not text.isprintable():
            raise UsageError(f"{setting.name} must be a line of at most {TEXT_MAX} characters")
        if problem := read(setting, text, Source.HOME).problem:
            raise UsageError(problem)
        if setting.kind is FILE and text:
            check_certificates(text)
        return await self._keep(setting, text, caller)

    async def unset(self, params: parameters.SettingParams, caller: Caller) -> answers.ChangeSettingResult:
        """Remove a value from the home."""
        return await self._keep(named(params.key), None, caller)

    async def _keep(
        self, setting: SettingSpec, text: str | None, caller: Caller
    ) -> answers.ChangeSettingResult:
        """Raises UsageError if the home would no longer open with that value, by itself or with the values
        given to this node; then nothing was changed."""
        kept = await self._host.ask_store(Store.read_settings)
        changed = {name: value for name, value in kept.items() if name != setting.name}
        if text is not None:
            changed[setting.name] = text
        for told in (Overrides(), self._host.told):
            problem = choose(told, changed).find_problem()
            if problem and not choose(told, kept).find_problem():
                raise UsageError(f"{problem}; nothing was changed")
        if changed != kept:
            await self._host.ask_store(lambda store: store.keep_setting(setting.name, text))
        before, after = self._host.choices, choose(self._host.told, changed)
        effect = self._come_into_force(before, after, after[setting.name], caller)
        return extended(views.setting(after[setting.name]), answers.ChangeSettingResult, effect=effect)

    def _come_into_force(
        self, before: Choices, after: Choices, chosen: Choice, caller: Caller
    ) -> answers.Effect:
        """Apply a change, and name its effect: ``unchanged``, ``overruled`` (by a flag or the environment of
        this node), ``at start`` (no node runs), ``now``, or ``anew``."""
        setting = chosen.setting
        same = before[setting.name].text == chosen.text
        if not same:
            self._host.events.publish(SettingSet(setting.name))
        if setting.effect is Effect.ANEW and not (same or self._rests):
            why = SettingRestart(f"the setting {setting.name} was changed")
            caller.then.append(lambda: self._host.begin_anew(why))
            return "anew"
        if setting.effect is Effect.NOW and not (same or self._rests):
            self._host.take_choices(after)
        self._host.choices = after
        if after.is_overridden(setting.name):
            return "overruled"
        if same:
            return "unchanged"
        return "at start" if self._rests and setting.effect is not Effect.CHAT else "now"
