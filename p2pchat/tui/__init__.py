"""The full-screen chat.

Knows: Textual. Does not know: what a node is made of; it talks to one only through the client.
"""
