"""The chat in line mode: lines in, lines out, for screen readers and simple terminals.

Knows: one row that is being written, and one about who is there. Does not know: what a node is made of.
"""
