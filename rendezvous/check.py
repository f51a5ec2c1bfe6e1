"""Whether a configuration would do, tried before it is used.

Knows: what can be tried on this machine without starting. Does not know: how the server works.
"""

from __future__ import annotations

import contextlib
import resource
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path

import click

from rendezvous import config
from rendezvous.addresses import addresses
from rendezvous.door import HEALTH
from rendezvous.options import ServerOptions, settings_from
from rendezvous.proxy import UNIX_NAME
from rendezvous.tls import BadCertificate, Certificate, check_certificate
from rendezvous.turn_trial import TurnFails, lets_in

EXTRA_FILES = 64
"""File descriptors beside the connections: listening sockets, the event loop's, connections being turned
away."""

SOON_DAYS = 14
"""A certificate that ends sooner is pointed out: the usual ones are renewed a month before."""

ANSWER_SECONDS = 2.0

HANDED_OVER = Path("/run/credentials")
"""Where systemd puts what a unit loads (``LoadCredential``), while the service runs."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check."""

    good: bool
    what: str

    def __str__(self) -> str:
        return f"{'ok' if self.good else 'problem':<8} {self.what}"


def check(file: Path, command: click.Command) -> list[Finding]:
    """Look at a configuration file, and try what it names."""
    try:
        config.read(file, command.params)
        context = command.make_context("p2pchat-rendezvous", ["--config", str(file)])
        settings = settings_from(context.params)
    except config.BadConfig as error:
        return [Finding(False, str(fault)) for fault in error.faults]
    except click.UsageError as error:
        return [Finding(False, f"{file}: {error.format_message().rstrip('.')}")]
    return [Finding(True, f"{file}: every key is known"), *_trials(settings)]


def _trials(settings: ServerOptions) -> Iterator[Finding]:
    if settings.certificate is not None:
        yield _certificate(settings.certificate)
    yield _port(settings) if settings.socket is None else _socket(settings.socket)
    if settings.token_file is not None:
        yield _tokens(settings)
    yield from _proxies(settings)
    yield from _turn(settings)
    yield _files(settings)


def _comes_later(file: Path | None) -> bool:
    """Whether systemd hands a file over when the service starts, which it has not yet."""
    return file is not None and file.is_relative_to(HANDED_OVER) and not file.parent.exists()


def _later(key: str) -> Finding:
    return Finding(True, f"{key}: systemd hands it over when the service starts; not looked at")


def _certificate(certificate: Certificate) -> Finding:
    if _comes_later(certificate.chain) or _comes_later(certificate.key):
        return _later("tls-cert")
    try:
        names, until = check_certificate(certificate)
    except BadCertificate as error:
        return Finding(False, f"tls-cert: {error}")
    days = int((until - time.time()) / 86400)
    return Finding(
        days >= SOON_DAYS,
        f"tls-cert: the certificate for {', '.join(names) or 'no name'} expires in {days} days",
    )


def _port(settings: ServerOptions) -> Finding:
    try:
        for address in [""] if settings.host == "*" else addresses(settings.host, settings.port):
            _bind(address, settings.port)
    except OSError as error:
        if _answers(settings):
            return Finding(
                True, f"port {settings.port}: a rendezvous runs there already; restart it to change it"
            )
        why = error.strerror or error
        return Finding(False, f"port: cannot listen on {settings.host} port {settings.port}: {why}")
    return Finding(True, f"port {settings.port}: free")


def _bind(address: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        trial.bind((address, port))


def _answers(settings: ServerOptions) -> bool:
    """Whether what has taken the port says that it is well, as a rendezvous does."""
    host = "127.0.0.1" if settings.host == "*" else settings.host
    connection = (
        HTTPConnection(host, settings.port, timeout=ANSWER_SECONDS)
        if settings.certificate is None
        else HTTPSConnection(host, settings.port, timeout=ANSWER_SECONDS, context=_whoever())
    )
    with contextlib.closing(connection), contextlib.suppress(OSError, HTTPException):
        connection.request("GET", f"{settings.path}{HEALTH}")
        return connection.getresponse().read(64) == b"ok\n"
    return False


def _whoever() -> ssl.SSLContext:
    """Have a certificate for another name do: it is this machine that is asked, and for nothing secret."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _socket(path: Path) -> Finding:
    if not path.parent.is_dir():
        return Finding(False, f"unix-socket: there is no folder {path.parent}")
    if path.exists() and not path.is_socket():
        return Finding(False, f"unix-socket: {path} is there, and no socket")
    return Finding(True, f"unix-socket: {path}")


def _tokens(settings: ServerOptions) -> Finding:
    if _comes_later(settings.token_file):
        return _later("token-file")
    try:
        return Finding(True, f"token-file: {len(settings.read_tokens())} tokens")
    except click.UsageError as error:
        return Finding(False, error.format_message())


def _proxies(settings: ServerOptions) -> Iterator[Finding]:
    proxies = settings.proxies
    named = [*map(str, proxies.networks), *([UNIX_NAME] if proxies.unix else [])]
    if named:
        how = "the PROXY protocol" if proxies.header else "X-Forwarded-For"
        yield Finding(True, f"trust-proxy: {', '.join(named)}, by {how}")
    for network in proxies.networks:
        if network.is_global and network.num_addresses > 1 << 16:
            yield Finding(
                False, f"trust-proxy: {network} is {network.num_addresses} addresses of the Internet"
            )


def _turn(settings: ServerOptions) -> Iterator[Finding]:
    """Whether coturn serves our clients, and does not lead them into the operator's own network."""
    secret = settings.offered.secret_file
    if secret is not None and _comes_later(Path(secret)):
        yield _later("turn-secret-file")
        return
    try:
        reach = settings.resolve_ports()
    except click.UsageError as error:
        yield Finding(False, error.format_message())
        return
    host = settings.host if settings.socket is None and settings.host != "*" else "127.0.0.1"
    for port in reach.turn:
        try:
            open_to = lets_in(host, port, reach.secret)
        except TurnFails as error:
            yield Finding(False, f"turn-port {port}: {error}")
            continue
        if open_to:
            lines = "give coturn the lines denied-peer-ip and no-multicast-peers of the documents"
            yield Finding(False, f"turn-port {port}: it sends to {', '.join(open_to)} for anybody; {lines}")
        else:
            yield Finding(True, f"turn-port {port}: it refuses private addresses")


def _files(settings: ServerOptions) -> Finding:
    needed = settings.limits.connections + EXTRA_FILES
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        return Finding(
            False, f"connections: takes {needed} open files, of which {hard} are allowed (LimitNOFILE)"
        )
    return Finding(True, f"connections: {settings.limits.connections}")
