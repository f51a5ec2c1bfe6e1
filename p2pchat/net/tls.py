"""The authorities that we trust over TLS: the system's, and those that the person has named.

Knows: how both are loaded. Does not know: what connects.
"""

from __future__ import annotations

import functools
import os
import ssl
import sys

from p2pchat.errors import NetworkError, UsageError
from rendezvous.tls_records import CountingContext


def check_certificates(ca_file: str) -> None:
    """Raise UsageError if nothing can be trusted that such a file names."""
    if not os.path.isfile(ca_file):
        raise UsageError(f"ca-file: there is no file {ca_file}")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(ca_file)
    except ssl.SSLError:
        raise UsageError(f"ca-file: there are no certificates (PEM) in {ca_file}") from None
    except OSError as error:
        raise UsageError(f"ca-file: {ca_file} cannot be read: {error.strerror}") from None


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
