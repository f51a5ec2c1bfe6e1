"""The words and marks that both the command line and the full-screen chat use.

Knows: the words for messages, states, invites and exposures. Does not know: where they are shown.
"""
