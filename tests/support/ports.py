"""Ports that a test may bind a moment later."""

from __future__ import annotations

import random
import socket

KEPT = range(20_000, 32_000)
"""Systems give none of these to a socket that names no port, so no test that runs beside gets one by
chance."""


def free_port(address: str = "127.0.0.1") -> int:
    """Return a port of this address that is free now, by TCP and by UDP."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    while True:
        port = random.choice(KEPT)
        try:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(family, kind) as trial:
                    trial.bind((address, port))
        except OSError:
            continue
        return port
