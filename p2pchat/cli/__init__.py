"""The command line: what is typed, what is printed.

Knows: flags, prompts, layouts, exit codes. Does not know: nodes, stores or keys, except through the client.

Every command is a module here and is imported only when it runs, so that help and completion stay quick.
"""

from __future__ import annotations

import os
import sys

from p2pchat import cores


def main() -> None:
    """Run one command and exit with its code."""
    _open_what_is_closed()
    cores.leave_none()
    from p2pchat.cli.run import run

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(
                errors="backslashreplace"
            )  # characters that the terminal cannot show are replaced
    sys.exit(run(sys.argv[1:]))


def _open_what_is_closed() -> None:
    """Fill the descriptors of standard streams that were closed (``>&-``). Otherwise a socket could take one,
    and our output would be written to that socket."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)  # the lowest free descriptor: this one
            setattr(sys, name, os.fdopen(opened, "w" if number else "r"))
