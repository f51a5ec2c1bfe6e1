"""``p2pchat-rendezvous``: run a rendezvous until told to stop.

Knows: flags, signals, exit codes. Does not know: how the server works.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import resource
import signal
import ssl
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any, TypeVar

import click

from p2pchat import __version__
from rendezvous.broker import Census
from rendezvous.limits import Limits, Network, Rate
from rendezvous.server import running

DEFAULT_PORT = 8750

_NAME = "p2pchat-rendezvous"

SPARE_FILES = 64
"""File descriptors beside the connections: listening sockets, the event loop's, connections being turned
away."""

TLS_BUFFER = 16 * 1024
"""Bytes that asyncio sets aside for a TLS connection to read into: the longest record."""


class _Whole(click.IntRange):
    """A whole number; what is none is told in plain words."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Raises BadParameter."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            to = f" to {self.max}" if self.max is not None else " on"
            self.fail(f"{value!r} is not a whole number from {self.min}{to}", param, ctx)


_DEFAULT = Limits()
_Command = TypeVar("_Command", bound=Callable[..., Any])


def _cap(name: str, what: str) -> Callable[[_Command], _Command]:
    default = getattr(_DEFAULT, name)
    flag = f"--{name.replace('_', '-')}"
    return click.option(flag, name, type=_Whole(1), default=default, show_default=True, help=what)


def _rate(name: str, what: str) -> Callable[[_Command], _Command]:
    default = getattr(_DEFAULT, name).per_second
    flag = f"--{name.replace('_', '-')}"
    return click.option(
        flag, name, type=click.FloatRange(0.01), default=default, show_default=True, help=what
    )


def _scaled(rate: Rate, per_second: float) -> Rate:
    """The burst grows with the rate."""
    return Rate(max(1, round(rate.burst * per_second / rate.per_second)), per_second)


@click.command(
    context_settings={"auto_envvar_prefix": "P2PCHAT_RENDEZVOUS", "help_option_names": ["-h", "--help"]}
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on; * for all of them."
)
@click.option(
    "--port", type=_Whole(0, 65535), default=DEFAULT_PORT, show_default=True, help="0: any free one."
)
@click.option("--tls-cert", type=click.Path(dir_okay=False), help="Certificate chain, PEM. Reread on SIGHUP.")
@click.option("--tls-key", type=click.Path(dir_okay=False), help="Its private key, PEM.")
@_cap("connections", "Clients in all.")
@click.option(
    "--trust-proxy",
    "proxies",
    multiple=True,
    metavar="ADDRESS",
    help="Believe this address or network when it says X-Forwarded-For (repeatable).",
)
@_cap("connections_per_address", "Clients of one IPv4 address or IPv6 /64.")
@_cap("addresses_per_site", "So many addresses' worth for an IPv6 /56.")
@_cap("addresses_per_network", "So many addresses' worth for an IPv4 /24 or IPv6 /48.")
@_cap("seats", "Seats in all.")
@_cap("seats_per_address", "Seats of one IPv4 address or IPv6 /64.")
@_cap("topics", "Topics in all.")
@_rate("connects_per_address", "New connections a second of one address.")
@_rate("takes_per_address", "Seats a second that one address may ask for.")
@_rate("passes_per_address", "Blobs a second that one address may pass.")
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
def command(
    host: str,
    port: int,
    tls_cert: str | None,
    tls_key: str | None,
    proxies: tuple[str, ...],
    connects_per_address: float,
    takes_per_address: float,
    passes_per_address: float,
    **caps: Any,
) -> None:
    """Run a rendezvous: a place where p2pchat nodes find each other.

    It passes sealed blobs between seats. It stores nothing and logs nothing. The first line of stdout is
    the URL it listens on. Every flag has an environment variable: P2PCHAT_RENDEZVOUS_PORT for --port, and
    so on.

    \b
    Example:
      p2pchat-rendezvous --host '*' --port 8750
      p2pchat-rendezvous --host '*' --port 443 --tls-cert fullchain.pem --tls-key privkey.pem
    """
    if not host:
        raise click.UsageError("--host is empty; give an address, or * for all of this machine")
    limits = replace(
        _DEFAULT,
        connects_per_address=_scaled(_DEFAULT.connects_per_address, connects_per_address),
        takes_per_address=_scaled(_DEFAULT.takes_per_address, takes_per_address),
        passes_per_address=_scaled(_DEFAULT.passes_per_address, passes_per_address),
        **caps,
    )
    trusted = _networks(proxies)
    tls = _tls(tls_cert, tls_key)
    _allow_files(limits.connections + SPARE_FILES)

    def reread() -> None:
        if tls is not None and tls_cert is not None:
            _load(tls, tls_cert, tls_key)

    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(host, port, limits, tls, trusted, reread))
    except OSError as error:
        raise click.ClickException(
            f"cannot listen on {host} port {port}: {error.strerror or error}"
        ) from None


def main() -> None:
    """Run the command; every failure is one line."""
    _open_what_is_closed()
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    try:
        code = command.main(prog_name=_NAME, standalone_mode=False)
    except click.UsageError as error:
        click.echo(f"{_NAME}: {_line(error).rstrip('.')}; see '{_NAME} --help'", err=True)
        code = error.exit_code
    except click.ClickException as error:
        click.echo(f"{_NAME}: {_line(error)}", err=True)
        code = error.exit_code
    sys.exit(code)


def _open_what_is_closed() -> None:
    """A connection must not take the place of a standard stream that was closed (``<&-``)."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free descriptor: this one


def _line(error: click.ClickException) -> str:
    text = error.format_message()
    return text[:1].lower() + text[1:]


async def _serve(
    host: str,
    port: int,
    limits: Limits,
    tls: ssl.SSLContext | None,
    proxies: tuple[Network, ...],
    reread: Callable[[], None],
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_complain)
    for number in (signal.SIGTERM, signal.SIGINT):
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, _reread_or_complain, reread)
    async with running(host, port, limits=limits, tls=tls, proxies=proxies) as server:
        click.echo(f"listening on {server.url}")
        loop.add_signal_handler(signal.SIGUSR1, lambda: click.echo(_counts(server.broker.census())))
        await stop.wait()


def _complain(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Say that something failed, without what asyncio would add: the peer's address."""
    error = context.get("exception")
    click.echo(f"internal error: {type(error).__name__ if error else context.get('message')}", err=True)


def _counts(census: Census) -> str:
    """How many there are of each, without anybody's address."""
    return " ".join(f"{name} {count}" for name, count in asdict(census).items())


def _networks(given: tuple[str, ...]) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(each) for each in given)
    except ValueError as error:
        raise click.UsageError(f"--trust-proxy takes an address or a network: {error}") from None


def _reread_or_complain(reread: Callable[[], None]) -> None:
    try:
        reread()
    except click.ClickException as error:
        click.echo(f"keeping the old certificate: {error.format_message()}", err=True)


def _tls(cert: str | None, key: str | None) -> ssl.SSLContext | None:
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        raise click.UsageError("--tls-cert and --tls-key go together: give both or neither")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _load(context, cert, key)
    return context


def _load(context: ssl.SSLContext, cert: str, key: str | None) -> None:
    try:
        context.load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as error:
        raise click.UsageError(
            f"cannot use {cert} with {key}, which must be PEM and belong together: {error.strerror or error}"
        ) from None


def _allow_files(wanted: int) -> None:
    """Raise the soft limit of open files as far as it is ours to raise: 1024 is usual, and too few."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        # 256 kB for each TLS connection, else; a message has 2 kB.
        asyncio.sslproto.SSLProtocol.max_size = TLS_BUFFER  # type: ignore[attr-defined]
        return None
    return uvloop.new_event_loop


if __name__ == "__main__":
    main()
