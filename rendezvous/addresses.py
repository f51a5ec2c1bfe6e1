"""What of a host's addresses a server can have.

Knows: names, families that are switched off. Does not know: what is served there.
"""

from __future__ import annotations

import errno
import socket


def addresses(host: str, port: int) -> list[str]:
    """Return those of a host's addresses that can be had here; all of them where none can.

    A name may have one of a family that is switched off, as ``localhost`` in many containers. With port 0
    there is one at most: each would get a port of its own. Raises OSError on an unknown name.
    """
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    named = list(dict.fromkeys((family, str(address[0])) for family, _, _, _, address in found))
    had = [address for family, address in named if _can_be_had(family, address)]
    return (had or [address for _, address in named])[: None if port else 1]


def _can_be_had(family: int, address: str) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.bind((address, 0))
    except OSError as error:
        return error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
    return True
