"""A demonstration: a whole mesh on this machine, every part of it real, and the chat in it.

Knows: how such a mesh is put together, and how it is shown. Does not know: flags.
"""
