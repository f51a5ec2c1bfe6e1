"""The rooms of a home, between their machines and the rest of the node."""
