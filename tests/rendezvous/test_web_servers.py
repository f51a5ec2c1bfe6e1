"""The examples of nginx and Caddy, as they stand in the documents, before a real rendezvous."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect as async_connect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from p2pchat.wire.signalling import Welcome, decode_server
from p2pchat.wire.version import VERSION
from tests.rendezvous.test_command import started
from tests.support.certificates import certificate
from tests.support.ports import free_port

EXAMPLES = Path(__file__).parents[2] / "docs/examples"
TOKEN = "a-token-of-the-family"
PATIENCE_S = 60.0

pytestmark = pytest.mark.real


def example(name: str, **replaced: str) -> str:
    """An example with what differs here: each place must be there."""
    text = (EXAMPLES / name).read_text()
    for place, here in replaced.items():
        assert place in text, f"{name} has no {place}"
        text = text.replace(place, here)
    return text


@contextlib.contextmanager
def serving(command: list[str], port: int, folder: Path) -> Iterator[None]:
    log = (folder / "log").open("w+")
    with (
        log,
        subprocess.Popen(
            command, stdout=log, stderr=log, cwd=folder, env={"PATH": os.environ["PATH"], "HOME": str(folder)}
        ) as process,
    ):
        try:
            end = time.monotonic() + PATIENCE_S
            while True:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
                    break
                assert process.poll() is None and time.monotonic() < end, (folder / "log").read_text()
                time.sleep(0.05)
            yield
        finally:
            process.terminate()


@contextlib.contextmanager
def behind(folder: Path) -> Iterator[Path]:
    """A rendezvous on a socket, of which each address may have one connection."""
    (folder / "tokens").write_text(TOKEN + "\n")
    (folder / "rv.toml").write_text(
        'unix-socket = "rv.sock"\ntrust-proxy = ["unix"]\npath = "/chat/rv"\n'
        'token-file = "tokens"\nconnections-per-address = 1\n'
    )
    with started("--config", str(folder / "rv.toml"), cwd=folder):
        yield folder / "rv.sock"


def said(url: str, tls: ssl.SSLContext, **more: Any) -> str | int:
    """How a client is received."""
    return asyncio.run(received(url, tls, **more))


async def received(url: str, tls: ssl.SSLContext, **more: Any) -> str | int:
    try:
        async with async_connect(url, ssl=tls, compression=None, **more) as client:
            async with asyncio.timeout(PATIENCE_S):
                assert decode_server(await client.recv(decode=False)) == Welcome(VERSION)
            return "welcome"
    except InvalidStatus as refusal:
        return refusal.response.status_code


def at(port: int, client: str) -> socket.socket:
    """A connection to nginx that comes from there, as a balancer before it would say."""
    raw = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
    raw.sendall(f"PROXY TCP4 {client} 192.0.2.1 5000 443\r\n".encode())
    return raw


@pytest.mark.skipif(shutil.which("nginx") is None, reason="needs nginx")
def test_behind_nginx_as_shown_clients_come_in_and_are_counted_where_they_are(tmp_path: Path) -> None:
    chain, key = certificate(tmp_path)
    port = free_port()
    with behind(tmp_path) as path:
        site = example(
            "nginx.conf",
            **{
                "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl proxy_protocol;"
                " set_real_ip_from 127.0.0.1; real_ip_header proxy_protocol;",
                "/etc/letsencrypt/live/example.org/fullchain.pem": str(chain),
                "/etc/letsencrypt/live/example.org/privkey.pem": str(key),
                "/run/p2pchat/rendezvous.sock": str(path),
            },
        )
        temporary = "".join(
            f"{kind}_temp_path {tmp_path}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        user = "user root;" if os.getuid() == 0 else ""  # else its workers have no user of their own
        (tmp_path / "nginx.conf").write_text(
            f"{user} daemon off; pid {tmp_path}/pid; error_log stderr; events {{}}\n"
            f"http {{ access_log off; {temporary}\n{site}\n}}\n"
        )
        tls = ssl.create_default_context(cafile=str(chain))
        with serving(["nginx", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")], port, tmp_path):
            url = f"wss://127.0.0.1:{port}/chat/rv/{TOKEN}"
            with connect(url, ssl=tls, sock=at(port, "198.51.100.1"), compression=None) as first:
                assert decode_server(first.recv(PATIENCE_S, decode=False)) == Welcome(VERSION)
                assert said(url, tls, sock=at(port, "198.51.100.1")) == 503, "one for each address"
                forged = {"X-Forwarded-For": "203.0.113.5"}
                assert said(url, tls, sock=at(port, "198.51.100.1"), additional_headers=forged) == 503
                assert said(url, tls, sock=at(port, "198.51.100.2")) == "welcome"
            root = f"wss://127.0.0.1:{port}"
            assert said(f"{root}/chat/rv", tls, sock=at(port, "198.51.100.3")) == 403, (
                "no token, and no redirect"
            )
            assert said(f"{root}/", tls, sock=at(port, "198.51.100.3")) == 404
    assert "/chat/rv" not in (tmp_path / "log").read_text(), "nothing is written of its clients"


@pytest.mark.skipif(shutil.which("caddy") is None, reason="needs caddy")
def test_behind_caddy_as_shown_clients_come_in_and_cannot_say_where_they_are(tmp_path: Path) -> None:
    chain, key = certificate(tmp_path)
    port = free_port()
    with behind(tmp_path) as path:
        site = example(
            "Caddyfile",
            **{
                "example.org {\n": f"https://127.0.0.1:{port} {{\n\ttls {chain} {key}\n\tbind 127.0.0.1\n",
                "unix//run/p2pchat/rendezvous.sock": f"unix/{path}",
            },
        )
        (tmp_path / "Caddyfile").write_text("{\n\tadmin off\n\tauto_https off\n}\n" + site)
        command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(tmp_path / "Caddyfile")]
        tls = ssl.create_default_context(cafile=str(chain))
        with serving(command, port, tmp_path):
            url = f"wss://127.0.0.1:{port}/chat/rv/{TOKEN}"
            forged = {"X-Forwarded-For": "198.51.100.1"}
            with connect(url, ssl=tls, additional_headers=forged, compression=None) as first:
                assert decode_server(first.recv(PATIENCE_S, decode=False)) == Welcome(VERSION)
                assert said(url, tls, additional_headers=forged) == "welcome", "the loopback is under no cap"
            assert said(f"wss://127.0.0.1:{port}/chat/rv", tls) == 403
