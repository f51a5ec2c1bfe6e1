"""Pictures of a node's state and the doctor's results, for the shell, the full screen and line mode.

Knows: rich. Does not know: how the state was read, or where the picture is shown.
"""
