"""Each failure of a connection is one line that says what to do, and nothing a server wrote."""

from __future__ import annotations

import socket
import ssl

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError, InvalidMessage, InvalidStatus, InvalidURI, ProxyError
from websockets.frames import Close, CloseCode
from websockets.http11 import Response

from p2pchat.errors import Malformed, NetworkError
from p2pchat.net.rendezvous_failures import FAILURES, explain


def status(code: int) -> InvalidStatus:
    return InvalidStatus(Response(code, "whatever\x1b[2J", Headers()))


def closed(received: Close | None, sent: Close | None) -> ConnectionClosedError:
    return ConnectionClosedError(received, sent)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (NetworkError("as it is"), "as it is"),
        (Malformed("nonsense"), "what answers there is not a rendezvous"),
        (InvalidMessage("nonsense"), "what answers there is not a rendezvous"),
        (InvalidURI("http://x", "no"), "not an address that starts with ws:// or wss://"),
        (status(503), "the rendezvous is full; try again later"),
        (status(418), "it answers with HTTP status 418"),
        (closed(Close(CloseCode.GOING_AWAY, ""), None), "it is shutting down"),
        (closed(Close(1008, "too\x1b many"), None), 'it hung up, and says "too many"'),
        (closed(Close(1008, 'x" Call 555'), None), 'it hung up, and says "x Call 555"'),
        (closed(None, Close(CloseCode.INTERNAL_ERROR, "")), "it stopped answering"),
        (closed(None, None), "the connection was lost"),
        (ProxyError("no\x07 way"), "the proxy could not reach it: no way"),
        (ssl.SSLError(), "no TLS there, or a broken one"),
        (socket.gaierror(), "no such host, or no network"),
        (ConnectionRefusedError(), "nothing listens there"),
        (ConnectionResetError(), "it hung up at once: it is full, or no rendezvous; try again later"),
        (OSError(101, "Network is unreachable"), "Network is unreachable"),
        (ValueError("port out of\nrange"), "cannot connect: port out ofrange"),
    ],
)
def test_a_failure_is_one_line(error: Exception, line: str) -> None:
    assert explain(error) == line
    assert isinstance(error, FAILURES)
