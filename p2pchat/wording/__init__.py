"""The words and marks that both the command line and the full-screen chat use.

Knows: how a message, a state, an invite or an exposure is put. Does not know: where it is shown.
"""
