"""Run a script of ours with a Python that has what p2pchat needs.

Knows: the checkout's virtual environment. Does not know: what the script does.

Imported before any package that has to be installed. Runs on the standard library alone.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
OF_P2PCHAT: Final = ("click", "cryptography", "msgspec")
"""Some of its packages; where these are all of them are."""


def find() -> None:
    """Return where p2pchat's packages are. Elsewhere start again with the Python of .venv (or of what
    P2PCHAT_VENV names); where there is none, end with one line and exit code 1."""
    if all(importlib.util.find_spec(name) for name in OF_P2PCHAT):
        return
    venv = Path(os.environ.get("P2PCHAT_VENV") or ROOT / ".venv").absolute()
    python = venv / "bin" / "python"
    if not python.exists() or Path(sys.prefix).resolve() == venv.resolve():
        sys.exit(f"p2pchat's packages are not installed in {venv}; scripts/test installs them")
    os.execv(python, [str(python), *sys.argv])
