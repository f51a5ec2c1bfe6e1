"""The command line: what is typed, what is printed.

Knows: flags, prompts, layouts, exit codes. Does not know: nodes, stores or keys, except through the client.

Every command is a module here and is imported only when it runs, so that help and completion stay quick.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run one command and exit with its code."""
    from p2pchat.cli.run import run

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal of another encoding shows, not fails
    sys.exit(run(sys.argv[1:]))
