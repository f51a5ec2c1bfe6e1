"""``python -m p2pchat``.

Knows: where the program starts. Does not know: anything else.
"""

from __future__ import annotations

from p2pchat.cli import main

if __name__ == "__main__":
    main()
