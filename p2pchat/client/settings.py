"""Settings of a home.

Knows: parameters and answers. Does not know: what a setting means.
"""

from __future__ import annotations

from p2pchat.client.node_connection import NodeConnection
from p2pchat.control import answers, methods, parameters


class SettingCalls(NodeConnection):
    """The methods about settings."""

    async def settings(self) -> list[answers.SettingInfo]:
        """Every setting: ``key``, ``value`` (passwords masked), ``source`` (``flag``, ``environment``,
        ``home`` or ``default``), ``default``, ``variable``, what is ``allowed``, what it is ``about``."""
        return await self._call(methods.SETTINGS, parameters.NoParams())

    async def setting(self, key: str) -> answers.SettingInfo:
        """Return one setting, with its passwords readable."""
        return await self._call(methods.SETTING, parameters.SettingParams(key=key))

    async def change_setting(self, key: str, value: str) -> answers.ChangeSettingResult:
        """Keep a value in the home; the setting, with its ``effect``: ``now``, ``anew`` (the node restarts
        in its place, at once), ``at start`` (none runs), ``overruled`` (by what the node was told from
        outside), or ``unchanged``. Raises UsageError."""
        return await self._call(methods.CHANGE_SETTING, parameters.ChangeSettingParams(key=key, value=value))

    async def forget_setting(self, key: str) -> answers.ChangeSettingResult:
        """Remove a value from the home; answers like ``change_setting``."""
        return await self._call(methods.FORGET_SETTING, parameters.SettingParams(key=key))
