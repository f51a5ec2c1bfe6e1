"""p2pchat: a peer-to-peer encrypted messenger for the terminal.

For programs::

    import p2pchat

    async with p2pchat.connect() as node:
        await node.send("bob", "hi")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from p2pchat.client import Event, Message, Node, Receipt, connect

__all__ = ["Event", "Message", "Node", "Receipt", "__version__", "connect"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import the client only when it is used: the version alone should cost nothing."""
    if name in ("Event", "Message", "Node", "Receipt", "connect"):
        from p2pchat import client

        return getattr(client, name)
    raise AttributeError(f"module 'p2pchat' has no attribute {name!r}")
