"""Introductions: through a room, or by a friend, two become contacts without a code."""
