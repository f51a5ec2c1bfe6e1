"""Which value each setting has, and from where: a flag goes before the environment, the environment before
what the home keeps, the home before the default.

Knows: precedence, and what does not go together. Does not know: where the home keeps a value.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import field
from enum import StrEnum
from pathlib import Path
from typing import Any

from p2pchat.config.kinds import FILE
from p2pchat.config.paths import NetworkPolicy
from p2pchat.config.table import SETTINGS, Effect, SettingSpec
from p2pchat.core.values.profile import PROFILES
from p2pchat.core.values.settings import Settings
from p2pchat.data import dataclass
from p2pchat.errors import UsageError
from p2pchat.wire.topology import LINKS_MAX

Texts = Mapping[str, str]
"""Values as they were written, by the setting's name."""


class Source(StrEnum):
    """Where a value comes from; the first that has one counts."""

    FLAG = "flag"
    ENVIRONMENT = "environment"
    HOME = "home"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Overrides:
    """The values that one program was started with, by flags and by its environment."""

    flags: Texts = field(default_factory=dict)
    environment: Texts = field(default_factory=dict)

    @classmethod
    def of_this_program(cls, relay_only: bool = False, lan: bool = False) -> Overrides:
        """Read those of this program. An empty variable counts as not set. Settings of chats are left out:
        each chat has an environment of its own."""
        of_nodes = (setting for setting in SETTINGS.values() if setting.effect is not Effect.CHAT)
        written = {setting: os.environ.get(setting.variable, "") for setting in of_nodes}
        flags = {name: "yes" for name, given in (("relay-only", relay_only), ("lan", lan)) if given}
        return cls(
            flags, {setting.name: from_here(setting, text) for setting, text in written.items() if text}
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """One setting's value."""

    setting: SettingSpec
    source: Source
    text: str
    value: Any
    problem: str = ""
    """Why the text cannot be used; then the value is None."""

    @property
    def shown(self) -> str:
        """The text, without passwords."""
        return self.setting.kind.mask_secrets(self.text)


@dataclass(frozen=True, slots=True)
class Choices:
    """Every setting's value."""

    by_name: Mapping[str, Choice]

    def __getitem__(self, name: str) -> Choice:
        return self.by_name[name]

    def __iter__(self) -> Iterator[Choice]:
        return iter(self.by_name.values())

    def find_problem(self) -> str:
        """Return the first problem of a value, or of several together; empty if there is none."""
        return self._problem_of_one() or self._settings_problem() or self.network_policy().find_conflict()

    def check_all(self) -> Choices:
        """Raise UsageError if a value, or several together, cannot be used."""
        if problem := self.find_problem():
            raise UsageError(problem)
        return self

    def check_separately(self) -> Choices:
        """Raise UsageError if one value cannot be used by itself."""
        if problem := self._problem_of_one():
            raise UsageError(problem)
        return self

    def is_overridden(self, name: str) -> bool:
        """Whether a flag or the environment overrides the home's value."""
        return self[name].source in (Source.FLAG, Source.ENVIRONMENT)

    def node_settings(self) -> Settings:
        """Return what concerns a node's place in the mesh, of checked values."""
        links: int = self["links"].value
        most: int | None = self["links-max"].value
        return Settings(
            links_wanted=links,
            links_max=max(Settings().links_max, min(2 * links, LINKS_MAX)) if most is None else most,
            walks=self["walks"].value,
            stamp_bits=self["stamp-bits"].value,
            hold_bytes=self["hold-mb"].value << 20,
            contact_bytes=self["contact-mb"].value << 20,
            profile=PROFILES[self["profile"].value],
            separate=self.separate,
            lan=self["lan"].value,
            listen=self["listen"].value,
            keep_versions=self["keep-versions"].value,
            visits=not self["relay-only"].value,
        )

    @property
    def separate(self) -> bool:
        """Whether each topic at a rendezvous has a connection of its own."""
        chosen: bool | None = self["separate"].value
        return self["proxy"].value is not None if chosen is None else chosen

    def network_policy(self) -> NetworkPolicy:
        """Return how a node reaches others, of checked values."""
        return NetworkPolicy(
            self["ice"].value,
            self["relay-only"].value,
            self["proxy"].value,
            self["ca-file"].value,
            self["lan"].value,
            self["listen"].value,
            self["engine"].value,
        )

    def _problem_of_one(self) -> str:
        return next((choice.problem for choice in self if choice.problem), "")

    def _settings_problem(self) -> str:
        least, most = self["links"], self["links-max"]
        if most.value is not None and most.value < least.value:
            return f"links-max ({most.text}) must not be less than links ({least.text})"
        return ""


def from_here(setting: SettingSpec, text: str) -> str:
    """A text that was written in this program's folder, as it has to be written elsewhere."""
    return str(Path(text).expanduser().absolute()) if text and setting.kind is FILE else text


def choose(told: Overrides, kept: Texts) -> Choices:
    """Decide every value. What is wrong with one is said when it is checked."""
    return Choices({name: _choose(setting, told, kept) for name, setting in SETTINGS.items()})


def _choose(setting: SettingSpec, told: Overrides, kept: Texts) -> Choice:
    sources = (
        (Source.FLAG, told.flags),
        (Source.ENVIRONMENT, told.environment),
        (Source.HOME, kept),
    )
    for source, texts in sources:
        if (text := texts.get(setting.name)) is not None:
            return read(setting, text, source)
    return read(setting, setting.default, Source.DEFAULT)


def read(setting: SettingSpec, text: str, source: Source) -> Choice:
    """Take a text as a setting's value, or say what is wrong with it."""
    try:
        return Choice(setting, source, text, setting.kind.read(text))
    except ValueError as error:
        called = setting.variable if source is Source.ENVIRONMENT else setting.name
        written = "" if setting.secret else f", not {text!r}"
        why = str(error)
        what = f"{called}: {why}" if why else f"{called} must be {setting.kind.allowed}{written}"
        return Choice(setting, source, text, None, what)
