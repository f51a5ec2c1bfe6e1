"""A node in this process: made, unlocked, and run until it is asked to stop.

Knows: how a passphrase is asked for, and what a node here is told. Does not know: whether there is another.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from p2pchat.control.events import ListenEvents
from p2pchat.errors import UsageError

if TYPE_CHECKING:
    from p2pchat.daemon.node import RunningNode
    from p2pchat.store import Unlock as StoreUnlock

AskPassphrase = Callable[[], str]
"""Called when, and only when, a home needs its passphrase."""

ASK_TIMES: Final = 3
"""For a passphrase; most people know by then whether they know it."""


async def run_node(
    home: Path,
    passphrase: AskPassphrase | None = None,
    ready: Callable[[], None] = lambda: None,
    complain: Callable[[str], None] = lambda line: None,
    *,
    relay_only: bool = False,
    lan: bool = False,
    tell: Callable[[ListenEvents], None] = lambda event: None,
) -> None:
    """Run the node of ``home`` until it is asked to stop. ``tell`` is given every event. Raises UsageError
    when one runs already.

    A disk that refuses to write does not end it: nothing leaves until the disk takes it, and the node starts
    anew from what it last kept, trying again every few seconds.
    """
    from p2pchat.daemon.service import serve

    unlock = Unlock(passphrase)

    def make() -> RunningNode:
        return new_node(home, unlock, relay_only, lan=lan, stays=True)

    await serve(make, ready, complain, unlock.ask_once_more, tell)


class Typed(str):
    """A typed passphrase; a second attempt may give another."""


class Unlock:
    """Asks for the passphrase until it is right, and then never again, even if the node restarts. Keeps it
    only until the store is open."""

    def __init__(self, ask: AskPassphrase | None) -> None:
        self._ask = ask
        self._key: StoreUnlock | None = None
        self._times = 1

    def ask_once_more(self) -> bool:
        """Ask again after a wrong passphrase. False when the same was given again, or it was asked for often
        enough."""
        from p2pchat.store import Passphrase

        wrong, self._key = self._key, None
        if self._ask is None or self._times == ASK_TIMES:
            return False
        self._times += 1
        answer = self._ask()
        self._key = Passphrase(answer)
        return isinstance(answer, Typed) or self._key != wrong

    def __call__(self, home: Path) -> StoreUnlock:
        from p2pchat.store import KeyFile, Passphrase, needs_passphrase

        if self._key is None:
            self._key = Passphrase(self._ask_passphrase()) if needs_passphrase(home) else KeyFile()
        return self._key

    def keep_key(self, key: StoreUnlock) -> None:
        """Keep the key of the store, so that the person is not asked again."""
        self._key, self._ask = key, None

    def _ask_passphrase(self) -> str:
        if self._ask is None:
            raise UsageError("this home is locked with a passphrase; give it with --passphrase-file")
        return self._ask()


def new_node(
    home: Path,
    unlock: Unlock,
    relay_only: bool,
    *,
    lan: bool = False,
    stays: bool = False,
    still: bool = False,
) -> RunningNode:
    """Make a node that is not started yet. Raises UsageError if this program's own settings do not fit."""
    from p2pchat.config.choices import Overrides, choose
    from p2pchat.daemon.node import RunningNode
    from p2pchat.daemon.settings_node import SettingsNode

    told = Overrides.of_this_program(relay_only, lan)
    choose(told, {}).check_separately()  # before a passphrase is asked for
    return (SettingsNode if still else RunningNode)(home, unlock(home), told, stays, unlock.keep_key)
