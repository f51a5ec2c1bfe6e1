"""Every setting is declared whole, and found by its name."""

from __future__ import annotations

import pytest

from p2pchat.config.table import SETTINGS, named
from p2pchat.errors import UsageError


def test_every_default_can_be_meant() -> None:
    for setting in SETTINGS.values():
        setting.kind.read(setting.default)
        assert setting.kind.allowed and setting.about and not setting.about.endswith(".")


def test_a_name_is_found_as_it_is_typed_or_something_like_it_is_offered() -> None:
    assert named("Relay_Only") is named("P2PCHAT_RELAY_ONLY") is SETTINGS["relay-only"]
    with pytest.raises(UsageError, match="no setting called 'profil'; did you mean profile"):
        named("profil")
    with pytest.raises(UsageError, match="see 'p2pchat config list'"):
        named("xyzzy")
