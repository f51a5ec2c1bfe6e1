"""The options of ``p2pchat-rendezvous``, and what they come to.

Knows: flags, their defaults and their help; which of them go together. Does not know: what is done with them.

Each has an environment variable and a key in the configuration file by itself: flag > environment > file >
default.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click

from rendezvous import config
from rendezvous.door import checked_path, read_tokens
from rendezvous.hints import HintedPorts, HintOptions
from rendezvous.limits import Limits, Rate
from rendezvous.proxy import UNIX_NAME, Network, Proxies
from rendezvous.tls import Certificate

DEFAULT_PORT = 8750

_DEFAULT = Limits()
_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """What a rendezvous is told. Paths are not looked at yet."""

    host: str
    port: int
    socket: Path | None
    """Listen on this Unix socket, and on no port."""
    certificate: Certificate | None
    path: str
    token_file: Path | None
    proxies: Proxies
    limits: Limits
    bus: str | None
    metrics_host: str
    metrics_port: int | None
    drain_seconds: float
    offered: HintOptions

    def resolve_ports(self, stun: tuple[int, ...] = ()) -> HintedPorts:
        """What to tell clients, which can ask by STUN at these ports. Raises UsageError."""
        try:
            return self.offered.resolve_ports(stun)
        except (OSError, ValueError) as error:
            why = (error.strerror if isinstance(error, OSError) else None) or error
            file = self.offered.secret_file
            where = f"cannot use --turn-secret-file {file}: " if file else ""
            raise click.UsageError(f"{where}{why}") from None

    def read_tokens(self) -> tuple[str, ...]:
        """Read the token file. Raises UsageError."""
        if self.token_file is None:
            return ()
        try:
            return read_tokens(self.token_file.read_text())
        except (OSError, ValueError) as error:
            why = (error.strerror if isinstance(error, OSError) else None) or error
            raise click.UsageError(f"cannot use --token-file {self.token_file}: {why}") from None


def settings_from(given: dict[str, Any]) -> ServerOptions:
    """Put together what click has parsed. Raises UsageError on what does not go together."""
    if not given["host"]:
        raise click.UsageError("--host is empty; give an address, or * for all of this machine")
    if (given["tls_cert"] is None) is not (given["tls_key"] is None):
        raise click.UsageError("--tls-cert and --tls-key go together: give both or neither")
    trusted = given["trust_proxy"]
    proxies = Proxies(
        tuple(proxy for proxy in trusted if proxy != UNIX_NAME), UNIX_NAME in trusted, given["proxy_protocol"]
    )
    if proxies.header and not trusted:
        raise click.UsageError("--proxy-protocol needs --trust-proxy, which names the proxies to trust")
    if proxies.unix and given["unix_socket"] is None:
        raise click.UsageError("--trust-proxy unix needs --unix-socket")
    return ServerOptions(
        host=given["host"],
        port=given["port"],
        socket=_path(given["unix_socket"]),
        certificate=Certificate(Path(given["tls_cert"]), Path(given["tls_key"]))
        if given["tls_cert"]
        else None,
        path=given["path"] or "",
        token_file=_path(given["token_file"]),
        proxies=proxies,
        offered=HintOptions(
            given["stun"],
            given["stun_port"],
            given["turn_secret_file"],
            given["turn_port"],
            given["turn_tls_port"],
        ),
        limits=replace(
            _DEFAULT,
            **{name: given[name] for name in _CAPS},
            **{name: _scaled(getattr(_DEFAULT, name), given[name]) for name in _RATES},  # type: ignore[arg-type]
        ),
        bus=given["bus"],
        metrics_host=given["metrics_host"],
        metrics_port=given["metrics_port"],
        drain_seconds=given["drain_seconds"],
    )


def _path(given: str | None) -> Path | None:
    return None if given is None else Path(given)


def _scaled(rate: Rate, per_second: float) -> Rate:
    """The burst grows with the rate."""
    return Rate(max(1, round(rate.burst * per_second / rate.per_second)), per_second)


# --- kinds of values


class WholeNumber(click.IntRange):
    """A whole number, with a plain error for any other text."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Raises BadParameter."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            to = f" to {self.max}" if self.max is not None else " on"
            self.fail(f"{value!r} is not a whole number from {self.min}{to}", param, ctx)


class _Proxy(click.ParamType[Any]):
    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Network | str:
        """Raises BadParameter."""
        if value == UNIX_NAME:
            return UNIX_NAME
        try:
            network: Network = ipaddress.ip_network(value)
        except ValueError:
            self.fail(
                f"{value!r} is neither an address nor a network nor {UNIX_NAME}{_meant(value)}", param, ctx
            )
        if not network.prefixlen:
            self.fail(f"{value} is every address: any client could then claim any other address", param, ctx)
        return network


def _meant(value: str) -> str:
    try:
        return f"; did you mean {ipaddress.ip_network(value, strict=False)}?"
    except ValueError:
        return ""


class _UrlPath(click.ParamType[str]):
    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Raises BadParameter."""
        try:
            return checked_path(value) if value else ""
        except ValueError as error:
            self.fail(str(error), param, ctx)


class _Bus(click.ParamType[str]):
    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Raises BadParameter."""
        urls = [urlsplit(url.strip()) for url in value.split(",")]
        if not all(url.scheme in ("nats", "tls") and url.hostname for url in urls):
            self.fail(
                "it looks like nats://10.0.0.1:4222, or tls://…; several with commas between", param, ctx
            )
        return str(value)


_FILE = click.Path(dir_okay=False)


# --- the options


_CAPS = {
    "connections": "Clients in all.",
    "connections_per_address": "Clients of one IPv4 address or IPv6 /64.",
    "addresses_per_site": "So many addresses' worth for an IPv6 /56.",
    "addresses_per_network": "So many addresses' worth for an IPv4 /24 or IPv6 /48.",
    "seats": "Seats in all.",
    "seats_per_address": "Seats of one IPv4 address or IPv6 /64.",
    "topics": "Topics in all.",
}
_RATES = {
    "connects_per_address": "New connections a second of one address.",
    "takes_per_address": "Seats a second that one address may ask for.",
    "passes_per_address": "Blobs a second that one address may pass.",
}


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _limit(
    name: str, kind: click.ParamType[Any], default: float, what: str
) -> Callable[[_Command], _Command]:
    return click.option(_flag(name), name, type=kind, default=default, show_default=True, help=what)


def _use_file(context: click.Context, _option: click.Parameter, file: str | None) -> None:
    """What the file says stands in for the defaults."""
    if file is None:
        return
    try:
        context.default_map = config.read(Path(file), context.command.params)
    except config.BadConfig as error:
        more = len(error.faults) - 1
        also = f"; and {more} more, which --check lists" if more else ""
        raise click.UsageError(f"{error.faults[0]}{also}") from None


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--config",
        type=_FILE,
        metavar="FILE",
        is_eager=True,
        expose_value=False,
        callback=_use_file,
        help="Read options from this TOML file; flags and variables come first.",
    ),
    click.option(
        "--host", default="127.0.0.1", show_default=True, help="Address to listen on; * for all of them."
    ),
    click.option(
        "--port", type=WholeNumber(0, 65535), default=DEFAULT_PORT, show_default=True, help="0: any free one."
    ),
    click.option("--unix-socket", type=_FILE, metavar="FILE", help="Listen on this socket, and on no port."),
    click.option("--tls-cert", type=_FILE, metavar="FILE", help="Certificate chain, PEM. Reread on SIGHUP."),
    click.option("--tls-key", type=_FILE, metavar="FILE", help="Its private key, PEM."),
    click.option(
        "--path", type=_UrlPath(), metavar="PATH", help="Answer below this path alone, as in /chat/rv."
    ),
    click.option(
        "--token-file",
        type=_FILE,
        metavar="FILE",
        help="Accept only clients whose URL ends with a token of this file, one a line. Reread on SIGHUP.",
    ),
    click.option(
        "--trust-proxy",
        type=_Proxy(),
        multiple=True,
        metavar="ADDRESS",
        help="Believe this address or network when it says X-Forwarded-For (repeatable); unix: the socket.",
    ),
    click.option(
        "--proxy-protocol",
        is_flag=True,
        help="Trusted proxies begin each connection with a header of the PROXY protocol, 1 or 2.",
    ),
    click.option(
        "--stun/--no-stun", default=True, show_default=True, help="Tell clients their address (STUN, UDP)."
    ),
    click.option(
        "--stun-port",
        type=WholeNumber(1, 65535),
        multiple=True,
        help="UDP port for that, up to two; else the port itself, and 3478 unless the TURN server has it.",
    ),
    click.option(
        "--turn-secret-file",
        type=_FILE,
        metavar="FILE",
        help="The static-auth-secret of a TURN server on this host. Reread on SIGHUP.",
    ),
    click.option(
        "--turn-port",
        type=WholeNumber(1, 65535),
        multiple=True,
        help="Its port for UDP and TCP, up to two; else 3478.",
    ),
    click.option("--turn-tls-port", type=WholeNumber(1, 65535), help="Its port for TLS, if it has one."),
    *(_limit(name, WholeNumber(1), getattr(_DEFAULT, name), what) for name, what in _CAPS.items()),
    *(
        _limit(name, click.FloatRange(0.01), getattr(_DEFAULT, name).per_second, what)
        for name, what in _RATES.items()
    ),
    click.option(
        "--drain-seconds",
        type=click.FloatRange(0, 3600),
        default=5.0,
        show_default=True,
        help="On SIGTERM, send clients elsewhere over this time.",
    ),
    click.option(
        "--metrics-port", type=WholeNumber(0, 65535), help="Answer GET /metrics there, for Prometheus."
    ),
    click.option("--metrics-host", default="127.0.0.1", show_default=True, help="Address to answer that on."),
    click.option(
        "--bus",
        type=_Bus(),
        metavar="URL",
        help="Be one of several servers that stand as one, by NATS; as in nats://10.0.0.1:4222.",
    ),
)


def with_options(command: _Command) -> _Command:
    """Give a command all of them, in the order of its help."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
