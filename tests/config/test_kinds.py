"""A text is taken as a value of its kind, or refused in words that say what is allowed."""

from __future__ import annotations

import pytest

from p2pchat.config.choices import Overrides, choose
from p2pchat.config.kinds import Bindings
from p2pchat.config.table import BOUND, SETTINGS
from p2pchat.errors import UsageError
from tests.support.choices import here


@pytest.mark.parametrize("text", ["0", "80", "1023", "65536", "yes", "8750 "])
def test_a_port_to_listen_at_needs_no_privilege(text: str) -> None:
    with pytest.raises(UsageError, match="no or a number from 1024 to 65535"):
        here(listen=text)


WRONG = [
    ("links", "few"),
    ("links", "0"),
    ("links", "٣"),
    ("links-max", "65"),
    ("walks", "1"),
    ("stamp-bits", "21"),
    ("contact-mb", "0"),
    ("profile", "paranoid"),
    ("ca-file", "relative.pem"),
    ("theme", "pink"),
    ("time-format", "swatch"),
    ("keys", "search=x"),
    ("keys", "search=ctrl+j"),
    ("keys", "find=ctrl+k"),
    ("keys", "search=ctrl+k help=ctrl+k"),
    ("ice", "stun:"),
    ("ice", "http://stun.example.org"),
    ("ice", "turn:user@turn.example.org"),
    ("ice", "turns:user:password@turn.example.org?transport=udp"),
    ("ice", "stun:stun.example.org?transport=udp"),
    ("ice", "stun:stun.example.org:0"),
    ("ice", " ".join(["stun:stun.example.org"] * 9)),
    ("proxy", "socks5://127.0.0.1:9050"),
    ("proxy", "socks5h://127.0.0.1"),
    ("proxy", "socks5h://127.0.0.1:0"),
    ("proxy", "socks5h://127.0.0.1:99999"),
    ("proxy", "http://127.0.0.1:8080"),
    ("proxy", "socks5h://user@127.0.0.1:9050"),
    ("proxy", "127.0.0.1:9050"),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_what_makes_no_sense_is_refused_by_the_name_by_which_it_was_said(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=rf"^{name}(:| must be )"):
        choose(Overrides(), {name: value}).check_all()
    with pytest.raises(UsageError, match=rf"^{SETTINGS[name].variable}(:| must be )"):
        choose(Overrides(environment={name: value}), {}).check_all()


def test_a_refusal_says_what_is_allowed() -> None:
    with pytest.raises(UsageError, match=r"^profile must be fast, balanced or strong, not 'paranoid'$"):
        here(profile="paranoid")
    with pytest.raises(UsageError, match=r"^links must be a number from 1 to 10, not '77'$"):
        here(links="77")


def test_keys_are_read_by_what_they_do() -> None:
    kind = Bindings(tuple(BOUND))
    assert kind.read("search=ctrl+k help=f1,alt+h") == {"search": "ctrl+k", "help": "f1,alt+h"}
    assert kind.read("") == {}
    for keys in BOUND.values():
        assert kind.read(f"help={keys}")
