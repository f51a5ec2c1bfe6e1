"""Every command, as it is typed.

Knows: what each must be given. Does not know: what it says to that.
"""

from __future__ import annotations

from typing import Final

NEEDS_NO_HOME: Final = frozenset({"completion bash", "demo --headless", "forge"})

LINES: Final = (
    "backup make /nowhere/ana.backup",
    "backup revoke",
    "chat Zed",
    "completion bash",
    "config get profile",
    "config list",
    "config set profile fast",
    "config unset profile",
    "contacts block Zed",
    "contacts disappear Zed 1d",
    "contacts list",
    "contacts mute Zed",
    "contacts remove Zed --yes",
    "contacts renew Zed",
    "contacts rename Zed Zoe",
    "contacts show Zed",
    "contacts verify Zed --yes",
    "correct 9f86d081884c7d659a2feaa0c55ad015 new",
    "demo --headless",
    "doctor",
    "forge",
    "history drafts",
    "history edit 12 new",
    "history export",
    "history forget Zed --yes",
    "history search bridge",
    "history show Zed",
    "init --name Ana",
    "invite --timeout 0.1",
    "join 42-tango-marble-orbit --timeout 0.1",
    "listen --timeout 0",
    "mesh leave 3f2a",
    "mesh list",
    "node run",
    "node status",
    "node stop",
    "passphrase",
    "react 9f86d081884c7d659a2feaa0c55ad015 +1",
    "rendezvous add ws://127.0.0.1:1",
    "rendezvous list",
    "rendezvous remove ws://127.0.0.1:1 --yes",
    "restore /nowhere/ana.backup",
    "send Zed hi",
    "whoami",
    "wipe --yes",
    "withdraw 9f86d081884c7d659a2feaa0c55ad015 --yes",
)
"""Each command once, with all it must be given."""
