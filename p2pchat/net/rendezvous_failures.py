"""Why a connection to a rendezvous failed, in plain words.

Knows: what sockets, TLS, proxies and web servers raise. Does not know: when a connection is tried.
"""

from __future__ import annotations

import socket
import ssl
from typing import Final

from python_socks import ProxyConnectionError
from websockets.exceptions import (
    ConnectionClosed,
    InvalidMessage,
    InvalidStatus,
    InvalidUpgrade,
    InvalidURI,
    ProxyError,
    WebSocketException,
)
from websockets.frames import CloseCode

from p2pchat.errors import Malformed, NetworkError
from p2pchat.net.rendezvous_socket import NO_RENDEZVOUS

FAILURES = (OSError, WebSocketException, NetworkError, Malformed, ValueError)
"""What names, sockets, TLS, proxies and bad servers raise. (ValueError: a port or a host name that cannot
be.)"""

_STATUS: Final = {
    403: "it is private: its address ends with a token; ask its operator for the whole address",
    404: "there is a web server, but no rendezvous at this path; is the address whole?",
    502: "the web server before it answers, but the rendezvous itself does not run",
    503: "the rendezvous is full; try again later",
}
"""What a rendezvous, or what stands before it, says instead of letting us in."""


_HUNG_UP: Final = "it hung up at once: it is full, or no rendezvous; try again later"
_NO_TLS: Final = "no TLS there, or a broken one"


def is_scheme_doubtful(error: Exception) -> bool:
    """Whether a server may fail in this way because it speaks TLS and we do not, or the other way round."""
    if isinstance(error, InvalidStatus):
        return error.response.status_code == 400
    return isinstance(error, InvalidMessage) or explain(error) in (_HUNG_UP, _NO_TLS)


def explain(error: Exception) -> str:
    """Say in one line why a connection failed. Nothing a server wrote is shown but its printable
    characters."""
    match error:
        case NetworkError():
            return str(error)
        case InvalidMessage() if isinstance(error.__cause__, EOFError):
            return _HUNG_UP
        case Malformed() | InvalidMessage() | InvalidUpgrade():
            return NO_RENDEZVOUS
        case InvalidStatus():
            status = error.response.status_code
            return _STATUS.get(status, f"it answers with HTTP status {status}")
        case ConnectionClosed():
            return _explain_close(error)
        case InvalidURI():
            return "not an address that starts with ws:// or wss://"
        case ProxyConnectionError():
            return "the proxy does not answer; nothing is sent round it"
        case ProxyError():
            return f"the proxy could not reach it: {_printable(str(error.__cause__ or error))}"
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted: {error.verify_message}"
        case ssl.SSLError():
            return _NO_TLS
        case socket.gaierror():
            return "no such host, or no network"
        case ConnectionRefusedError():
            return "nothing listens there"
        case ConnectionResetError() | EOFError():
            return _HUNG_UP
        case OSError():
            return error.strerror or str(error)
        case _:
            return f"cannot connect: {_printable(str(error))}"


def _explain_close(error: ConnectionClosed) -> str:
    if error.rcvd is not None and error.rcvd.code == CloseCode.GOING_AWAY:
        return "it is shutting down"
    if error.rcvd is not None and error.rcvd.reason:
        return f'it hung up, and says "{_printable(error.rcvd.reason)}"'
    if error.sent is not None and error.sent.code == CloseCode.INTERNAL_ERROR:
        return "it stopped answering"
    if error.sent is not None and error.rcvd is None:
        return NO_RENDEZVOUS
    return "the connection was lost"


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable() and character != '"')
