"""Moments of the node's clock, in seconds."""

from __future__ import annotations

NEVER = float("inf")
"""No moment: a timer that is not set."""
