"""Which value each setting has, and from where: a flag goes before the environment, the environment before
what the home keeps, the home before the default.

Knows: precedence, and what does not go together. Does not know: where the home keeps a value.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from p2pchat.config.kinds import FILE
from p2pchat.config.paths import Paths
from p2pchat.config.table import SETTINGS, Effect, Setting
from p2pchat.core.settings import Settings
from p2pchat.core.stem.profile import PROFILES
from p2pchat.errors import UsageError
from p2pchat.wire.vicinity import LINKS_MAX

Texts = Mapping[str, str]
"""Values as they were written, by the setting's name."""


class Source(StrEnum):
    """Where a value comes from; the first that has one counts."""

    FLAG = "flag"
    ENVIRONMENT = "environment"
    HOME = "home"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Told:
    """What one program was told from outside when it was started."""

    flags: Texts = field(default_factory=dict)
    environment: Texts = field(default_factory=dict)

    @classmethod
    def here(cls, relay_only: bool = False, lan: bool = False) -> Told:
        """What this program was told. A variable that is set to nothing is not set. What concerns chats alone
        is left out: each chat has an environment of its own."""
        of_nodes = (each for each in SETTINGS.values() if each.effect is not Effect.CHAT)
        written = {each: os.environ.get(each.variable, "") for each in of_nodes}
        flags = {name: "yes" for name, given in (("relay-only", relay_only), ("lan", lan)) if given}
        return cls(flags, {each.name: from_here(each, text) for each, text in written.items() if text})


@dataclass(frozen=True, slots=True)
class Choice:
    """One setting's value."""

    setting: Setting
    source: Source
    text: str
    value: Any
    problem: str = ""
    """What is wrong with it; then the value is None."""

    @property
    def shown(self) -> str:
        """The text, without passwords."""
        return self.setting.kind.shown(self.text)


@dataclass(frozen=True, slots=True)
class Choices:
    """Every setting's value."""

    by_name: Mapping[str, Choice]

    def __getitem__(self, name: str) -> Choice:
        return self.by_name[name]

    def __iter__(self) -> Iterator[Choice]:
        return iter(self.by_name.values())

    def problem(self) -> str:
        """The first thing that is wrong with them, each by itself or together; empty if nothing."""
        return self._problem_of_one() or self._settings_problem() or self.paths().conflict()

    def check(self) -> Choices:
        """Raises UsageError if anything is wrong with them."""
        if problem := self.problem():
            raise UsageError(problem)
        return self

    def check_each(self) -> Choices:
        """Raises UsageError if any is wrong by itself."""
        if problem := self._problem_of_one():
            raise UsageError(problem)
        return self

    def told(self, name: str) -> bool:
        """Whether this program was told it from outside."""
        return self[name].source in (Source.FLAG, Source.ENVIRONMENT)

    def settings(self) -> Settings:
        """What concerns a node's place in the mesh. They must have been checked."""
        wanted: int = self["links"].value
        most: int | None = self["links-max"].value
        return Settings(
            links_wanted=wanted,
            links_max=max(Settings().links_max, min(2 * wanted, LINKS_MAX)) if most is None else most,
            walks=self["walks"].value,
            stamp_bits=self["stamp-bits"].value,
            hold_bytes=self["hold-mb"].value << 20,
            contact_bytes=self["contact-mb"].value << 20,
            profile=PROFILES[self["profile"].value],
            separate=self.separate,
            lan=self["lan"].value,
            listen=self["listen"].value,
            visits=not self["relay-only"].value,
        )

    @property
    def separate(self) -> bool:
        """Whether each topic at a rendezvous has a connection of its own."""
        chosen: bool | None = self["separate"].value
        return self["proxy"].value is not None if chosen is None else chosen

    def paths(self) -> Paths:
        """By which ways a node reaches others. They must have been checked."""
        return Paths(
            self["ice"].value,
            self["relay-only"].value,
            self["proxy"].value,
            self["ca-file"].value,
            self["lan"].value,
            self["listen"].value,
            self["engine"].value,
        )

    def _problem_of_one(self) -> str:
        return next((each.problem for each in self if each.problem), "")

    def _settings_problem(self) -> str:
        wanted, most = self["links"], self["links-max"]
        if most.value is not None and most.value < wanted.value:
            return f"links-max ({most.text}) must not be less than links ({wanted.text})"
        return ""


def from_here(setting: Setting, text: str) -> str:
    """A text that was written in this program's folder, as it has to be written elsewhere."""
    return str(Path(text).expanduser().absolute()) if text and setting.kind is FILE else text


def choose(told: Told, kept: Texts) -> Choices:
    """Decide every value. What is wrong with one is said when it is checked."""
    return Choices({name: _choose(setting, told, kept) for name, setting in SETTINGS.items()})


def _choose(setting: Setting, told: Told, kept: Texts) -> Choice:
    sources = (
        (Source.FLAG, told.flags),
        (Source.ENVIRONMENT, told.environment),
        (Source.HOME, kept),
    )
    for source, texts in sources:
        if (text := texts.get(setting.name)) is not None:
            return read(setting, text, source)
    return read(setting, setting.default, Source.DEFAULT)


def read(setting: Setting, text: str, source: Source) -> Choice:
    """Take a text as a setting's value, or say what is wrong with it."""
    try:
        return Choice(setting, source, text, setting.kind.read(text))
    except ValueError as error:
        called = setting.variable if source is Source.ENVIRONMENT else setting.name
        written = "" if setting.secret else f", not {text!r}"
        why = str(error)
        what = f"{called}: {why}" if why else f"{called} must be {setting.kind.allowed}{written}"
        return Choice(setting, source, text, None, what)
