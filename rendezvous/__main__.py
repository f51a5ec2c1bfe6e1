"""``p2pchat-rendezvous``: run a rendezvous until told to stop.

Knows: signals, exit codes. Does not know: how the server works.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from p2pchat import __version__
from rendezvous.broker import Broker
from rendezvous.bus import NoBus
from rendezvous.check import EXTRA_FILES, check
from rendezvous.door import Door
from rendezvous.metrics import NoMetrics, published
from rendezvous.notify import alive, notify, reloading
from rendezvous.options import ServerOptions, settings_from, with_options
from rendezvous.outputs import Census
from rendezvous.server import Running, running
from rendezvous.stun import answering
from rendezvous.tls import BUFFER_BYTES, BadCertificate

_NAME = "p2pchat-rendezvous"


def _check_file(context: click.Context, _option: click.Parameter, file: str | None) -> None:
    if file is None or context.resilient_parsing:
        return
    if file.startswith("--"):
        raise click.UsageError("--check takes the file itself: --check FILE, without --config")
    findings = check(Path(file), context.command)
    for finding in findings:
        click.echo(str(finding))
    context.exit(0 if all(finding.good for finding in findings) else 1)


@click.command(
    context_settings={"auto_envvar_prefix": "P2PCHAT_RENDEZVOUS", "help_option_names": ["-h", "--help"]}
)
@with_options
@click.option(
    "--check",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    is_eager=True,
    expose_value=False,
    allow_from_autoenv=False,
    callback=_check_file,
    help="Say what is wrong with a configuration file, try what it names, and start nothing.",
)
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
def command(**given: Any) -> None:
    """Run a rendezvous: a place where p2pchat nodes find each other.

    It passes sealed blobs between seats. It stores nothing and logs nothing. The first line of stdout is
    'listening on URL'. Every flag has an environment variable: P2PCHAT_RENDEZVOUS_PORT for --port, and
    so on; and a key in the file of --config: port.

    \b
    Example:
      p2pchat-rendezvous --host '*' --port 8750
      p2pchat-rendezvous --host '*' --port 443 --tls-cert fullchain.pem --tls-key privkey.pem
      p2pchat-rendezvous --check /etc/p2pchat/rendezvous.toml
    """
    settings = settings_from(given)
    try:
        tls = settings.certificate.make_context() if settings.certificate is not None else None
    except BadCertificate as error:
        raise click.UsageError(str(error)) from None
    door = Door(settings.path, settings.read_tokens())
    settings.resolve_ports()
    _allow_files(settings.limits.connections + EXTRA_FILES)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(settings, tls, door))
    except (NoBus, NoMetrics) as error:
        raise click.UsageError(str(error)) from None
    except OSError as error:
        where = settings.socket or f"{settings.host} port {settings.port}"
        raise click.ClickException(f"cannot listen on {where}: {error.strerror or error}") from None


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


async def _serve(settings: ServerOptions, tls: ssl.SSLContext | None, door: Door) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_complain)
    ending = _Ending(loop)
    loop.add_signal_handler(signal.SIGHUP, lambda: None)
    async with (
        running(
            settings.host,
            settings.port,
            limits=settings.limits,
            tls=tls,
            proxies=settings.proxies,
            door=door,
            unix=settings.socket,
            bus=settings.bus,
        ) as server,
        _metrics(settings, server.broker),
        alive(),
        contextlib.AsyncExitStack() as stack,
    ):
        stun = stack.enter_context(
            answering(settings.host, settings.offered.stun_ports(server.port or settings.port))
        )
        server.tell(settings.resolve_ports(stun))
        loop.add_signal_handler(signal.SIGHUP, _reread, settings, tls, door, server, stun)
        click.echo(f"listening on {server.url}{settings.path}")
        loop.add_signal_handler(signal.SIGUSR1, lambda: click.echo(_counts(server.broker.take_census())))
        await ending.requested.wait()
        notify("STOPPING=1", "STATUS=sending clients elsewhere")
        await ending.at_once_or(server.drain(settings.drain_seconds))


class _Ending:
    """SIGTERM asks to end in peace, once more or SIGINT to end at once."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.requested = asyncio.Event()
        self._at_once = asyncio.Event()
        for number, hear in ((signal.SIGTERM, self._terminate), (signal.SIGINT, self._interrupt)):
            if signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, hear)

    def _terminate(self) -> None:
        if self.requested.is_set():
            self._at_once.set()
        self.requested.set()

    def _interrupt(self) -> None:
        self._at_once.set()
        self.requested.set()

    async def at_once_or(self, drained: Coroutine[Any, Any, None]) -> None:
        """Wait for that, unless there is no time."""
        if self._at_once.is_set():
            drained.close()
            return
        tasks = {asyncio.create_task(drained), asyncio.create_task(self._at_once.wait())}
        _, late = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in late:
            task.cancel()


@contextlib.asynccontextmanager
async def _metrics(settings: ServerOptions, broker: Broker) -> AsyncIterator[None]:
    if settings.metrics_port is None:
        yield
        return
    host, port = settings.metrics_host, settings.metrics_port
    async with contextlib.AsyncExitStack() as stack:
        try:
            bound = await stack.enter_async_context(published(host, port, broker.take_census, broker.tally))
        except OSError as error:
            why = error.strerror or error
            raise click.ClickException(f"cannot answer for metrics on {host} port {port}: {why}") from None
        click.echo(f"metrics on http://{host}:{bound}/metrics", err=True)
        yield


def _complain(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Say that something failed, without what asyncio would add: the peer's address."""
    error = context.get("exception")
    click.echo(f"internal error: {type(error).__name__ if error else context.get('message')}", err=True)


def _counts(census: Census) -> str:
    """Return the number of records of each kind. It shows no address."""
    return " ".join(f"{name} {count}" for name, count in asdict(census).items())


def _reread(
    settings: ServerOptions, tls: ssl.SSLContext | None, door: Door, server: Running, stun: tuple[int, ...]
) -> None:
    """What is renewed while we run. What is wrong with it is told, and the old one kept."""
    reloading()
    try:
        if settings.certificate is not None and tls is not None:
            settings.certificate.load_into(tls)
    except BadCertificate as error:
        click.echo(f"keeping the old certificate: {error}", err=True)
    try:
        door.replace_tokens(settings.read_tokens())
    except click.UsageError as error:
        click.echo(f"keeping the old tokens: {error.format_message()}", err=True)
    try:
        server.tell(settings.resolve_ports(stun))
    except click.UsageError as error:
        click.echo(f"keeping the old secret: {error.format_message()}", err=True)
    notify("READY=1")


def _allow_files(needed: int) -> None:
    """Raise the soft limit of open files as far as it is ours to raise: 1024 is usual, and too few."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        most = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        # 256 kB for each TLS connection, else; a message has 2 kB.
        asyncio.sslproto.SSLProtocol.max_size = BUFFER_BYTES  # type: ignore[attr-defined]
        return None
    return uvloop.new_event_loop


if __name__ == "__main__":
    main()
