"""What the tests of this engine share."""

from __future__ import annotations

from tests.support.aiortc_links import sides

__all__ = ["sides"]
