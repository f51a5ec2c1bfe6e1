"""Moments of the node's clock, in seconds."""

from __future__ import annotations

NEVER = float("inf")
"""No moment: a timer that is not set."""

LATEST = 2.0**53
"""Beyond every moment that is written down, and what stands there for never."""
