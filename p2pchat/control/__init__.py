"""The contract between a node and the programs of its owner: every method, answer and event, once.

Knows: the control socket's address, its lines, its errors, and the declared types of all that is said on it.
Does not know: how a method is carried out, or its callers.
"""
