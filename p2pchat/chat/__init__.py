"""One chat, whatever shows it: who there is, what was said, what becomes of what is said here.

Knows: the node's events and the commands of a chat. Does not know: any screen.
"""
