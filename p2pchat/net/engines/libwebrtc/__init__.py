"""WebRTC by libwebrtc, as browsers have it: the only package that imports wrtc.

Knows: the engine (``connection``), what its candidates tell (``gathering``). Does not know: links, or what
messages hold.
"""

from p2pchat.net.engines.libwebrtc.connection import Libwebrtc as make

__all__ = ["make"]
