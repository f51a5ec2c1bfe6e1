"""WebRTC by aiortc and aioice: the only package that imports them.

Knows: the engine, from outside (``connection``) and from inside (``patches``, ``gathering``). Does not know:
links, or what messages hold.
"""

from p2pchat.net.engines.aiortc.connection import Aiortc as make

__all__ = ["make"]
