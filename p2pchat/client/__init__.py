"""Talk to a node: the public Python interface, and all that the command line and the chat use.

Knows: the control socket's protocol, how to find a node, how to become one when there is none. Does not know:
what a node is made of (it is imported only when one must be run here).

::

    async with p2pchat.connect() as node:
        await node.send("bob", "hi")

The node that a home's programs share may run in any of them. When it goes away, those left find the new one,
or run it: calls under way go on, and nothing is sent or shown twice.
"""

from __future__ import annotations

from pathlib import Path

from p2pchat.client.embedded import AskPassphrase, run_node
from p2pchat.client.homes import (
    absolute,
    change_passphrase,
    check_backup,
    create_home,
    default_home,
    draw_phrase,
    home_exists,
    needs_passphrase,
    node_runs,
    restore_home,
    settle_phrase,
    wipe_home,
)
from p2pchat.client.messages import KEY_MAX
from p2pchat.client.node import Node
from p2pchat.client.node_connection import NodeBack
from p2pchat.control.events import Event
from p2pchat.control.events import MessageEvent as Message
from p2pchat.control.events import ReceiptEvent as Receipt
from p2pchat.control.offline import ForgeryInfo
from p2pchat.control.parameters import Wait
from p2pchat.errors import ControlError, P2PChatError


def connect(
    home: Path | str | None = None,
    *,
    passphrase: AskPassphrase | str | None = None,
    run: bool = True,
    relay_only: bool = False,
    lan: bool = False,
    patience: float | None = None,
) -> Node:
    """Return a node to be entered with ``async with``.

    Attaches to the node that runs in ``home``; if none does, runs one in this process for as long as the
    block lasts, or, with ``run=False``, raises NetworkError. What is set in the home counts; with
    ``relay_only``, as with ``P2PCHAT_RELAY_ONLY`` or ``P2PCHAT_PROXY``, a running node that keeps to less is
    a UsageError; so is one without ``lan``, with which others are found on the machine's own network.

    ``patience``: seconds in which a node must be found (20), and must answer what takes no time (10); one
    that does not is a ControlError.
    """
    ask = (lambda: passphrase) if isinstance(passphrase, str) else passphrase
    where = absolute(Path(home)) if home is not None else default_home()
    return Node(where, ask, run, relay_only, patience, lan=lan)


def open_settings(
    home: Path | str | None = None,
    *,
    passphrase: AskPassphrase | str | None = None,
    relay_only: bool = False,
    lan: bool = False,
) -> Node:
    """Return a node to be entered with ``async with`` of which settings alone may be had.

    Attaches to the node that runs in ``home``; if none does, the home is opened and nothing else is done: no
    connection is made before a proxy is set.
    """
    ask = (lambda: passphrase) if isinstance(passphrase, str) else passphrase
    where = absolute(Path(home)) if home is not None else default_home()
    return Node(where, ask, True, relay_only, still=True, lan=lan)


def forge(words: str | None = None) -> ForgeryInfo:
    """Show, on throw-away accounts, that one side alone can make a transcript up: ``transcripts`` by
    ``name``, and whether one judge ``accepted`` each. ``words``: what is put into the guest's mouth."""
    from p2pchat.daemon.forgery import demonstrate

    return demonstrate(words)


__all__ = [
    "KEY_MAX",
    "AskPassphrase",
    "ControlError",
    "Event",
    "Message",
    "Node",
    "NodeBack",
    "P2PChatError",
    "Receipt",
    "Wait",
    "change_passphrase",
    "check_backup",
    "connect",
    "create_home",
    "default_home",
    "draw_phrase",
    "forge",
    "home_exists",
    "needs_passphrase",
    "node_runs",
    "open_settings",
    "restore_home",
    "run_node",
    "settle_phrase",
    "wipe_home",
]
