"""The authorities that we trust over TLS: the system's, and those that the person has named.

Knows: how both are loaded. Does not know: what connects.
"""

from __future__ import annotations

import functools
import ssl

from p2pchat.errors import NetworkError


@functools.cache
def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Make a context for connections to rendezvous and TURN servers. Raises NetworkError."""
    context = ssl.create_default_context()
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:
            raise NetworkError(f"cannot use the certificates of ca-file, {ca_file}: {error}") from None
    return context
