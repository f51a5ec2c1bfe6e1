"""What a program has of settings that is started here."""

from __future__ import annotations

from p2pchat.config.choices import Choices, Overrides, choose


def here(flag: bool = False, /, **kept: str) -> Choices:
    """What a program started here would have, with what its home keeps."""
    written = {name.replace("_", "-"): text for name, text in kept.items()}
    return choose(Overrides.of_this_program(flag), written).check_all()
