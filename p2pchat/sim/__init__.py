"""A mesh of the very nodes that ship, in virtual time: seeded, replayable, up to ten thousand of them.

Knows: what a network does to nodes. Does not know: any rule of the protocol.
"""
