"""``p2pchat-rendezvous`` as its operator sees it: first line, signals, errors, nothing left behind."""

from __future__ import annotations

import contextlib
import hmac
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.sync.client import ClientConnection, connect

from p2pchat import __version__
from p2pchat.types import Topic
from p2pchat.wire.signalling import (
    Draining,
    FromServer,
    Hints,
    Seated,
    SeatMode,
    Take,
    Welcome,
    decode_server,
    encode_client,
    encode_server,
)
from p2pchat.wire.version import VERSION
from rendezvous.addresses import addresses
from tests.support.certificates import certificate

ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def started(*flags: str, cwd: Path, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command, and the URL of its first line."""
    process = subprocess.Popen(
        [sys.executable, "-m", "rendezvous", "--port", "0", "--no-stun", *flags],
        cwd=cwd,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first.startswith("listening on ws"), first or process.communicate()[1]
        yield process, first.removeprefix("listening on ").strip()
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def take_a_seat(client: ClientConnection) -> None:
    client.send(encode_client(Take(Topic(b"t" * 32), SeatMode.MESH)))
    while not isinstance(heard(client), Seated):
        pass


def heard(client: ClientConnection) -> FromServer:
    message = client.recv(10)
    assert isinstance(message, bytes)
    return decode_server(message)


def test_clients_are_told_of_stun_and_of_a_turn_server_that_shares_a_secret(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("north\n")
    flags = ("--stun", "--turn-secret-file", str(secret), "--turn-port", "443", "--turn-tls-port", "5349")
    with started(*flags, cwd=tmp_path) as (process, url):
        for word in ("north", "south"):
            secret.write_text(f"{word}\n")
            process.send_signal(signal.SIGHUP)
            expected: tuple[object, ...] = ()
            told: tuple[object, ...] = (None,)
            while told != expected:  # until the signal has been seen to
                with connect(url) as client:
                    assert heard(client) == Welcome(VERSION)
                    hints = heard(client)
                assert isinstance(hints, Hints) and hints.login is not None
                assert (hints.turn, hints.turns) == ((443,), (5349,))
                assert hints.stun[0] == urlsplit(url).port
                user = f"{hints.login.expires}:{hints.login.name.hex()}"
                told, expected = (hints.login.password,), (hmac.digest(word.encode(), user.encode(), "sha1"),)


def test_without_stun_nothing_is_told_and_nothing_listens_for_datagrams(tmp_path: Path) -> None:
    with started("--no-stun", cwd=tmp_path) as (_, url), connect(url) as client:
        assert heard(client) == Welcome(VERSION)
        with pytest.raises(TimeoutError):
            client.recv(0.5)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
            trial.bind(("127.0.0.1", urlsplit(url).port or 0))


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--turn-secret-file", "nowhere"), "cannot use --turn-secret-file nowhere: No such file"),
        (("--turn-port", "443"), "--turn-secret-file is missing"),
    ],
)
def test_turn_that_cannot_be_told_is_refused_at_the_start(
    tmp_path: Path, flags: tuple[str, ...], said: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rendezvous", "--port", "0", *flags],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly_with_clients_connected(tmp_path: Path, number: signal.Signals) -> None:
    with started(cwd=tmp_path) as (process, url), connect(url) as client:
        take_a_seat(client)
        process.send_signal(number)
        assert process.wait(10) == 0
        assert client.protocol.close_code in (None, 1001)
        if number == signal.SIGTERM:
            assert client.recv() == encode_server(Draining())
        with pytest.raises(Exception, match="1001"):
            client.recv()


def test_it_writes_no_file_and_logs_nothing_about_clients(tmp_path: Path) -> None:
    with started(cwd=tmp_path, HOME=str(tmp_path), TMPDIR=str(tmp_path)) as (process, url):
        with connect(url) as honest, connect(url) as broken, connect(url) as vanishing:
            take_a_seat(honest)
            broken.send("text")
            vanishing.socket.close()
            assert files_open_for_writing(process.pid) == set()
        process.terminate()
        rest, errors = process.communicate(timeout=10)
    assert (rest, errors) == ("", "")
    assert list(tmp_path.iterdir()) == []


def files_open_for_writing(pid: int) -> set[str]:
    """Regular files that a process could write to, seen from outside."""
    found = set()
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed while we look
            target = os.readlink(fd)
            flags = int(Path(f"/proc/{pid}/fdinfo/{fd.name}").read_text().split("flags:")[1].split()[0], 8)
            if (
                flags & (os.O_WRONLY | os.O_RDWR)
                and target.startswith("/")
                and not target.startswith("/dev/")
            ):
                found.add(target)
    return found


def test_it_speaks_tls(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    with started("--tls-cert", str(cert), "--tls-key", str(key), cwd=tmp_path) as (process, url):
        assert url.startswith("wss://127.0.0.1:")
        with connect(url, ssl=ssl.create_default_context(cafile=str(cert))) as client:
            take_a_seat(client)
            process.send_signal(signal.SIGHUP)
            take_a_seat_again(client)


def test_a_file_configures_it_and_what_is_renewed_is_reread_on_a_signal(tmp_path: Path) -> None:
    cert, _ = certificate(tmp_path)
    (tmp_path / "tokens").write_text("the-token-of-yesterday\n")
    (tmp_path / "rv.toml").write_text(
        'port = 0\npath = "/rv"\ntls-cert = "cert.pem"\ntls-key = "key.pem"\ntoken-file = "tokens"\n'
    )
    checked = run("--check", str(tmp_path / "rv.toml"))
    assert "token-file: 1 tokens" in checked.stdout
    assert (
        checked.returncode == 1
        and "problem  tls-cert: the certificate for 127.0.0.1 expires in 0 days" in checked.stdout
    )
    with started("--config", str(tmp_path / "rv.toml"), cwd=tmp_path) as (process, url):
        assert url.endswith("/rv"), "the token stays secret"
        (tmp_path / "key.pem").write_text("half written")
        (tmp_path / "tokens").write_text("short\n")
        old = ssl.create_default_context(cafile=str(cert))
        process.send_signal(signal.SIGHUP)
        assert process.stderr is not None
        assert process.stderr.readline().startswith("keeping the old certificate: ")
        assert process.stderr.readline().startswith("keeping the old tokens: ")
        with connect(url + "/the-token-of-yesterday", ssl=old) as client:
            take_a_seat(client)
            new = ssl.create_default_context(cafile=str(certificate(tmp_path)[0]))
            (tmp_path / "tokens").write_text("the-token-of-today\n")
            process.send_signal(signal.SIGHUP)
            take_a_seat_again(client)
            with connect(url + "/the-token-of-today", ssl=new) as renewed:
                take_a_seat(renewed)
            assert status(url + "/the-token-of-yesterday", new) == 403


def status(url: str, tls: ssl.SSLContext) -> int:
    """What is answered to a plain request. The client above hears one refusal of a thousand never."""
    parts = urlsplit(url)
    with contextlib.closing(HTTPSConnection(parts.netloc, context=tls, timeout=10)) as client:
        client.request("GET", parts.path)
        return client.getresponse().status


def take_a_seat_again(client: ClientConnection) -> None:
    client.send(encode_client(Take(Topic(b"u" * 32), SeatMode.MESH)))
    client.recv()


def run(*flags: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rendezvous", *flags],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=20,
    )


def test_a_port_in_use_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    with started(cwd=tmp_path) as (_, url):
        failed = run("--port", url.rpartition(":")[2])
    assert failed.returncode == 1
    assert failed.stderr.startswith("p2pchat-rendezvous: cannot listen on 127.0.0.1 port ")
    assert len(failed.stderr.splitlines()) == 1


def test_a_certificate_without_a_key_is_a_usage_error() -> None:
    failed = run("--tls-cert", "cert.pem")
    assert failed.returncode == 2
    assert "give both or neither" in failed.stderr
    assert failed.stderr.count("\n") == 1


def test_flags_can_come_from_the_environment() -> None:
    failed = run(P2PCHAT_RENDEZVOUS_SEATS="none")
    assert failed.returncode == 2
    assert "--seats" in failed.stderr
    assert failed.stderr.count("\n") == 1


def test_a_closed_stdin_is_as_good_as_an_empty_one() -> None:
    command = f"exec {sys.executable} -m rendezvous --port 0 <&-"
    with subprocess.Popen(
        ["sh", "-c", command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("listening on ws")
        process.terminate()
        _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        (("-V",), 0, f"p2pchat-rendezvous {__version__}\n"),
        (("--version",), 0, f"p2pchat-rendezvous {__version__}\n"),
        (("--port", "80x"), 2, "invalid value for '--port': '80x' is not a whole number from 0 to 65535;"),
        (("--port", "65536"), 2, "'65536' is not a whole number from 0 to 65535;"),
        (("--seats", "0"), 2, "'0' is not a whole number from 1 on;"),
        (("--check", "--config", "rv.toml"), 2, "--check takes the file itself: --check FILE"),
    ],
)
def test_it_says_its_version_and_what_is_no_number(flags: tuple[str, ...], code: int, said: str) -> None:
    command = [sys.executable, "-m", "rendezvous", *flags]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == code
    assert said in ran.stdout + ran.stderr


def test_an_empty_host_is_refused_and_so_is_a_proxy_that_is_no_address(tmp_path: Path) -> None:
    for flags in (("--host", ""), ("--trust-proxy", "nginx")):
        done = subprocess.run(
            [sys.executable, "-m", "rendezvous", *flags],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.count("\n") == 1 and flags[0] in done.stderr


def test_a_name_of_which_one_address_cannot_be_had_is_listened_on_at_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As ``localhost`` where IPv6 is switched off and ``::1`` still is in the hosts file."""
    unreachable = (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("192.0.2.1", 0))
    here = (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 0))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [unreachable, here])
    assert addresses("localhost", 8750) == addresses("localhost", 0) == ["127.0.0.1"]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [unreachable])
    assert addresses("localhost", 8750) == ["192.0.2.1"], "the error is told when listening"


def test_it_tells_how_many_there_are_when_asked(tmp_path: Path) -> None:
    with started(cwd=tmp_path) as (process, url), connect(url) as client:
        take_a_seat(client)
        process.send_signal(signal.SIGUSR1)
        assert process.stdout is not None
        assert process.stdout.readline() == "connections 1 seats 1 topics 1 groups 0\n"
