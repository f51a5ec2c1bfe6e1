"""The model of a chat, without its display: contacts, messages, and the state of sent messages.

Knows: the node's events and the commands of a chat. Does not know: any screen.
"""
