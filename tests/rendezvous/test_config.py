"""The configuration file, and what ``--check`` finds wrong with it."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rendezvous import config, tls
from rendezvous.__main__ import command
from rendezvous.check import check
from rendezvous.options import ServerOptions, settings_from
from tests.support.certificates import certificate


def settings(tmp_path: Path, text: str, *flags: str) -> ServerOptions:
    file = tmp_path / "rendezvous.toml"
    file.write_text(text)
    return settings_from(command.make_context("x", ["--config", str(file), *flags]).params)


def test_a_file_stands_in_for_flags_and_flags_come_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        'host = "0.0.0.0"\nport = 9000\nconnections = 5\n'
        'takes-per-address = 8\ntrust-proxy = ["10.0.0.0/8"]\n'
    )
    read = settings(tmp_path, text)
    assert (read.host, read.port, read.limits.connections) == ("0.0.0.0", 9000, 5)
    assert read.limits.takes_per_address.per_second == 8.0
    assert str(read.proxies.networks[0]) == "10.0.0.0/8"
    monkeypatch.setenv("P2PCHAT_RENDEZVOUS_PORT", "9001")
    context = command.make_context("p2pchat-rendezvous", ["--config", str(tmp_path / "rendezvous.toml")])
    assert context.params["port"] == 9001, "a variable comes before the file"
    assert settings(tmp_path, text, "--port", "9002").port == 9002, "and a flag before both"


def test_every_option_has_its_key(tmp_path: Path) -> None:
    examples = {
        "host": "::1",
        "path": "/rv",
        "trust-proxy": ["192.0.2.1"],
        "proxy-protocol": True,
        "bus": "nats://x",
    }
    examples |= {"stun": False, "stun-port": [8750, 3478], "turn-port": [443]}
    options = [each for each in command.params if each.name not in config.NOT_IN_FILES]
    for option in options:
        key = config.key(option)
        assert f"--{key}" in option.opts
        kind = option.type
        value = examples.get(key, 1 if isinstance(kind, click.IntRange | click.FloatRange) else "text")
        shown = str(value).lower() if isinstance(value, bool) else repr(value).replace("'", '"')
        (tmp_path / "one.toml").write_text(f"{key} = {shown}\n")
        assert list(config.read(tmp_path / "one.toml", command.params)) == [option.name]
    assert len(options) > 15


def test_a_relative_path_is_meant_from_where_the_file_is(tmp_path: Path) -> None:
    read = settings(tmp_path, 'tls-cert = "cert.pem"\ntls-key = "/etc/key.pem"\n')
    assert read.certificate == tls.Certificate(tmp_path / "cert.pem", Path("/etc/key.pem"))


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("port = 80\nhost = \n", 2, "not TOML: "),
        ("# first\n\nprot = 80\n", 3, "prot: there is no such key; did you mean port?"),
        ("connections_per_address = 2\n", 1, "did you mean connections-per-address?"),
        ('host = "::"\nport = "80"\n', 2, "port: takes a whole number"),
        ("port = true\n", 1, "port: takes a whole number"),
        ("port = 80000\n", 1, "80000 is not a whole number from 0 to 65535"),
        ("takes-per-address = 0\n", 1, "takes-per-address: "),
        ('trust-proxy = "10.0.0.1"\n', 1, "takes a list"),
        ('trust-proxy = [\n  "10.0.0.1",\n  "10.0.0.1/8",\n]\n', 1, "did you mean 10.0.0.0/8?"),
        ('\n\ntrust-proxy = ["0.0.0.0/0"]\n', 3, "is every address"),
        ('proxy-protocol = "yes"\n', 1, "takes true or false"),
        ("host = 7\n", 1, "takes a text in quotes"),
        ('path = "a b"\n', 1, "not a path"),
        ("[server]\nport = 80\n", 1, "server: there is no such key"),
        ('config = "other.toml"\n', 1, "there is no such key"),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_key(tmp_path: Path, text: str, line: int, said: str) -> None:
    file = tmp_path / "rendezvous.toml"
    file.write_text(text)
    with pytest.raises(config.BadConfig) as wrong:
        config.read(file, command.params)
    (fault,) = wrong.value.faults
    assert fault.line == line
    assert said in fault.what
    assert [finding.good for finding in check(file, command)] == [False]


@given(st.lists(st.sampled_from(["# x", "", "a = 1", 's = """\nk = 2\n"""', "l = [\n1,\n2]"]), unique=True))
def test_the_line_of_a_key_is_found_wherever_it_stands(before: list[str]) -> None:
    lines = "\n".join(before).split("\n") if before else []
    text = "\n".join([*lines, "key = 3", "after = 4"])
    assert config.line_of("key", text) == len(lines) + 1


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "rendezvous.toml"
    file.write_text('prot = 1\nport = "x"\nseats = 0\n')
    assert [str(finding).split(": ")[0] for finding in check(file, command)] == [
        f"problem  {file} line {line}" for line in (1, 2, 3)
    ]
    with pytest.raises(click.UsageError, match=r"line 1: prot: .* and 2 more"):
        command.make_context("x", ["--config", str(file)])


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"port = 1\nhost = '\xfc'\n")
    (tmp_path / "large").write_bytes(b"#" * 70_000)
    for name, said in (
        ("none", "cannot be read"),
        ("latin", "line 2: not UTF-8"),
        ("large", "more than 64 kB"),
    ):
        (finding,) = check(tmp_path / name, command)
        assert not finding.good and said in finding.what


DOCS = Path(__file__).parents[2] / "docs"


def test_what_the_documents_show_is_understood(tmp_path: Path) -> None:
    shown = re.findall(r"```toml\n(.*?)```", (DOCS / "running-a-rendezvous.md").read_text(), flags=re.DOTALL)
    example = (DOCS / "examples/rendezvous.toml").read_text()
    commented_in = re.sub(r"^#(?=[a-z-]+ = )", "", example, flags=re.MULTILINE)
    assert commented_in != example
    for text in (*shown, example, commented_in):
        (tmp_path / "shown.toml").write_text(text)
        assert config.read(tmp_path / "shown.toml", command.params)
    named = set(
        re.findall(
            r"^LoadCredential=([^:]+):",
            (DOCS / "examples/p2pchat-rendezvous.service").read_text(),
            flags=re.MULTILINE,
        )
    )
    assert {
        Path(place).name
        for place in re.findall(r'"/run/credentials/p2pchat-rendezvous.service/(.+?)"', example)
    } >= named
    assert named == {"cert.pem", "key.pem"}


# --- what is tried


def found(tmp_path: Path, text: str) -> dict[str, tuple[bool, str]]:
    """What the check says of each key."""
    file = tmp_path / "rendezvous.toml"
    file.write_text("connections = 100\n" + text)
    findings = check(file, command)
    return {each.what.split(":")[0].split()[0]: (each.good, each.what) for each in findings}


@contextlib.contextmanager
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


def test_a_port_that_is_taken_is_a_problem(tmp_path: Path) -> None:
    assert found(tmp_path, "port = 0\n")["port"] == (True, "port 0: free")
    with taken_port() as port:
        good, what = found(tmp_path, f"port = {port}\n")["port"]
    assert not good and f"cannot listen on 127.0.0.1 port {port}" in what


def test_a_certificate_is_shown_to_a_client(tmp_path: Path) -> None:
    certificate(tmp_path, "rv.example.org")
    text = 'port = 0\ntls-cert = "cert.pem"\ntls-key = "key.pem"\n'
    good, what = found(tmp_path, text)["tls-cert"]
    assert not good and "the certificate for 127.0.0.1, rv.example.org expires in 0 days" in what, (
        "it ends tomorrow"
    )
    (tmp_path / "key.pem").write_text("nonsense")
    good, what = found(tmp_path, text)["tls-cert"]
    assert not good and "must be PEM and belong together" in what


def test_what_systemd_hands_over_at_the_start_is_no_problem_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rendezvous.check.HANDED_OVER", tmp_path / "credentials")
    unit = tmp_path / "credentials" / "unit"
    kept = ("tls-cert", "tls-key", "token-file", "turn-secret-file")
    text = "port = 0\n" + "".join(f'{key} = "credentials/unit/{key}"\n' for key in kept)
    told = found(tmp_path, text)
    later = ("tls-cert", "token-file", "turn-secret-file")
    assert [told[key] for key in later] == [
        (True, f"{key}: systemd hands it over when the service starts; not looked at") for key in later
    ]
    unit.mkdir(parents=True)
    good, what = found(tmp_path, text)["tls-cert"]
    assert not good and "No such file" in what


def test_a_port_that_a_rendezvous_with_a_certificate_has_is_no_problem(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    running = [
        sys.executable,
        "-m",
        "rendezvous",
        "--port",
        "0",
        "--tls-cert",
        str(cert),
        "--tls-key",
        str(key),
    ]
    with subprocess.Popen(running, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port = server.stdout.readline().rsplit(":", 1)[1].strip()
        text = f'port = {port}\ntls-cert = "{cert}"\ntls-key = "{key}"\n'
        good, what = found(tmp_path, text)["port"]
        server.terminate()
    assert good and "a rendezvous runs there already" in what


def test_a_certificate_that_is_out_of_date_is_refused(tmp_path: Path) -> None:
    names, until = tls.check_certificate(tls.Certificate(*certificate(tmp_path)))
    assert names == ("127.0.0.1",) and 0 < until - time.time() < 2 * 86400
    with pytest.raises(tls.BadCertificate, match=r"no client would accept .*: certificate has expired"):
        tls.check_certificate(tls.Certificate(*certificate(tmp_path, days=-0.5)))


def test_proxies_tokens_and_sockets_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text("0123456789abcdef\nfedcba9876543210\n")
    told = found(
        tmp_path,
        'unix-socket = "rv.sock"\ntoken-file = "tokens"\ntrust-proxy = ["unix", "10.0.0.0/8", "8.0.0.0/7"]\n',
    )
    assert told["token-file"] == (True, "token-file: 2 tokens")
    assert told["unix-socket"][0]
    assert told["trust-proxy"] == (False, "trust-proxy: 8.0.0.0/7 is 33554432 addresses of the Internet")
    (tmp_path / "tokens").write_text("short\n")
    told = found(tmp_path, 'unix-socket = "no/such/rv.sock"\ntoken-file = "tokens"\n')
    assert not told["unix-socket"][0]
    assert "token-file" in told["cannot"][1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('tls-cert = "cert.pem"\n', "go together"),
        ("proxy-protocol = true\n", "needs --trust-proxy"),
        ('trust-proxy = ["unix"]\n', "needs --unix-socket"),
        ('host = ""\n', "--host is empty"),
    ],
)
def test_what_does_not_go_together_is_a_problem(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "rendezvous.toml"
    file.write_text(text)
    (finding,) = check(file, command)
    assert not finding.good and said in finding.what
