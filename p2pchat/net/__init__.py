"""The thin shells between the core and the network.

Knows: asyncio, sockets, and the libraries that speak through them. Does not know: what is worth saying.
"""
