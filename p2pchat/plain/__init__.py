"""The chat in line mode: lines in, lines out, for screen readers and simple terminals.

Knows: a row for the text being written, and a row for presence. Does not know: the parts of a node.
"""
