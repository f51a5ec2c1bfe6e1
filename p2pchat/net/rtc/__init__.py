"""WebRTC links: the only package that imports aiortc and aioice.

Knows: the engine, from outside (``engine``) and from inside (``mending``). Does not know: what frames hold.
"""

from p2pchat.net.rtc.engine import Engine

__all__ = ["Engine"]
