"""The passphrase in the keyring of the desktop.

Knows: how a home's passphrase is kept there, and whether it is (a file in the home says so, because a keyring
may answer late, or ask). Does not know: which keyring it is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from p2pchat.errors import P2PChatError, UsageError

SERVICE: Final = "p2pchat"
MARK: Final = "keyring"
"""The file that says that the keyring has the passphrase."""


def remember(home: Path, passphrase: str) -> None:
    """Store the passphrase. Raises UsageError without a keyring."""
    _call_keyring("set_password", home, passphrase)
    (home / MARK).touch(mode=0o600)


def recalled(home: Path) -> str | None:
    """The stored passphrase, or None: there is none, or the keyring does not answer."""
    if not (home / MARK).exists():
        return None
    try:
        found = _call_keyring("get_password", home)
    except P2PChatError:
        return None
    return found if isinstance(found, str) else None


def forget(home: Path) -> None:
    """Delete the passphrase, if it was stored."""
    if (home / MARK).exists():
        (home / MARK).unlink()
        _call_keyring("delete_password", home)


def _call_keyring(what: str, home: Path, *more: str) -> Any:
    try:
        import keyring
    except ImportError:
        raise UsageError("keyrings need a library: pip install keyring") from None
    try:
        return getattr(keyring, what)(SERVICE, str(home.resolve()), *more)
    except Exception as error:  # noqa: BLE001  (every backend fails in its own way)
        raise UsageError(f"the keyring here does not work ({type(error).__name__}: {error})") from None
