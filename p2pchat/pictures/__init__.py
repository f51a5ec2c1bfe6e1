"""How a node is and what its doctor found, drawn: the same for the shell, the whole screen and lines.

Knows: rich. Does not know: how the state was asked for, or where the picture hangs.
"""
