"""Bytes to values and back.

Knows: every format that travels. Does not know: keys, sockets, time, or what a value leads to.
"""
