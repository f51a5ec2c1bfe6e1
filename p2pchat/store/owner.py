"""Whose a home is, and what a refused permission means.

Knows: owners of files. Does not know: what is in them.

One run as another user, as by ``sudo``, would leave files that the owner cannot open again. So a home is used
by its owner alone.
"""

from __future__ import annotations

import os
from pathlib import Path

from p2pchat.errors import UsageError


def refuse_others(home: Path) -> None:
    """Raise UsageError where the home belongs to another user."""
    try:
        owner = home.stat().st_uid
    except OSError:
        return  # the caller that needs it reports what is wrong
    if home.is_dir() and owner != os.geteuid():
        name = _name(owner)
        raise UsageError(
            f"the home {home} belongs to {name}; run p2pchat as {name}, or choose another with --home"
        )


def unusable(path: Path, error: OSError) -> str:
    """Say why a file cannot be used, and name its owner where that is the reason."""
    why = error.strerror or str(error)
    if not isinstance(error, PermissionError):
        return why
    try:
        owner = path.stat().st_uid
    except OSError:
        return why
    if owner == os.geteuid():
        return f"{why}: see the mode of {path}"
    return f"{why}: {path.name} belongs to {_name(owner)}; have it given back with 'chown'"


def _name(user: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"
