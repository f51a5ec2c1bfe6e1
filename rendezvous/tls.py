"""The certificate of a rendezvous.

Knows: how it is loaded, loaded anew, and tried. Does not know: the clients.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rendezvous.tls_records import CountingContext

BUFFER_BYTES = 4 * 1024
"""That asyncio sets aside for a TLS connection to read into: 256 kB by itself. Two messages fit; a longer
record is read in parts."""


class BadCertificate(Exception):
    """Says in words for the operator what is wrong."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM files: the chain, the server's own first, and its private key."""

    chain: Path
    key: Path

    def make_context(self) -> ssl.SSLContext:
        """Make what a server needs. Raises BadCertificate."""
        context = CountingContext(ssl.PROTOCOL_TLS_SERVER)
        context.options |= ssl.OP_NO_RENEGOTIATION
        self.load_into(context)
        return context

    def load_into(self, context: ssl.SSLContext) -> None:
        """Use the certificate for connections from now on. Raises BadCertificate, and then has changed
        nothing."""
        try:
            # In a context of its own first: a chain without its key would be half taken.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self.chain, self.key)
            context.load_cert_chain(self.chain, self.key)
        except (OSError, ssl.SSLError) as error:
            raise BadCertificate(
                f"cannot use {self.chain} with {self.key}, which must be PEM and belong together: "
                f"{error.strerror or error}"
            ) from None


def check_certificate(certificate: Certificate) -> tuple[tuple[str, ...], float]:
    """Shake hands with ourselves, as a client would that trusts this certificate; return the names that it is
    for, and until when, Unix seconds. Raises BadCertificate, also when it is out of date."""
    server_side = certificate.make_context()
    client_side = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client_side.check_hostname = False
    client_side.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        client_side.load_verify_locations(certificate.chain)
        shown = _shake_hands(client_side, server_side)
    except (OSError, ssl.SSLError) as error:
        why = getattr(error, "verify_message", "") or getattr(error, "reason", "") or str(error)
        raise BadCertificate(f"no client would accept {certificate.chain}: {why}") from None
    names = tuple(str(name[1]) for name in shown.get("subjectAltName", ()))
    return names, ssl.cert_time_to_seconds(str(shown["notAfter"]))


def _shake_hands(client_side: ssl.SSLContext, server_side: ssl.SSLContext) -> dict[str, Any]:
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_side.wrap_bio(down, up)
    server = server_side.wrap_bio(up, down, server_side=True)
    for side in (client, server, client, server):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    shown = client.getpeercert()
    assert shown is not None, "after the handshake"
    return dict(shown)
