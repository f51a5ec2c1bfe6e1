"""The authorities that we trust over TLS: the system's, and those that the person has named.

Knows: how both are loaded. Does not know: what connects.
"""

from __future__ import annotations

import functools
import ssl
import sys

from p2pchat.errors import NetworkError
from rendezvous.tls_records import CountingContext


@functools.cache
def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Make a context for connections to rendezvous and TURN servers. Raises NetworkError."""
    context = CountingContext(ssl.PROTOCOL_TLS_CLIENT)
    context.options |= ssl.OP_NO_RENEGOTIATION
    if sys.version_info >= (3, 13):  # as ssl.create_default_context has it
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_STRICT
    context.load_default_certs()
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:
            raise NetworkError(f"cannot use the certificates of ca-file, {ca_file}: {error}") from None
    return context
