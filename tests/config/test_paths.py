"""How a node reaches others: what does not go together is refused, and no password is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.config.choices import Overrides, choose
from p2pchat.config.paths import masked, read_servers
from p2pchat.errors import UsageError
from p2pchat.wire.ice import parse_servers
from tests.support.choices import here


@pytest.mark.parametrize(
    "urls",
    [
        "stun:stun.example.org",
        "stun:192.0.2.1:3478 turn:user:password@turn.example.org:3478",
        "turns:user:password@turn.example.org:443?transport=tcp",
        "stun:[2001:db8::1]:3478",
        "turn:a:b@one.example.org turn:1700000000%3Abob:p%40ss@two.example.org?transport=tcp",
    ],
)
def test_ice_servers_are_split(urls: str) -> None:
    paths = here(ice=urls).network_policy()
    assert paths.ice_servers == tuple(urls.split())
    assert paths.servers == parse_servers(tuple(urls.split()))


TURN = "turn:user:password@turn.example.org"


PROXY = "socks5h://127.0.0.1:9050"


@pytest.mark.parametrize(
    ("server", "works"),
    [(TURN, False), (f"{TURN}?transport=tcp", True), (TURN.replace("turn:", "turns:", 1), True)],
)
def test_behind_a_proxy_the_relay_must_be_one_that_the_proxy_can_reach(server: str, works: bool) -> None:
    assert not here(ice=server, proxy=PROXY).network_policy().relay_only
    if works:
        assert here(True, ice=server, proxy=PROXY).network_policy().relay_only
    else:
        with pytest.raises(UsageError, match="TURN server over TCP"):
            here(True, ice=server, proxy=PROXY)


@pytest.mark.parametrize("servers", ["", "stun:stun.example.org"])
def test_relay_only_without_a_relay_is_refused(servers: str) -> None:
    with pytest.raises(UsageError, match="needs a TURN server: 'p2pchat config set ice turn:"):
        here(True, ice=servers)


@pytest.mark.parametrize("url", [PROXY, "socks5h://[::1]:9050", "socks5h://me:secret@proxy.example.org:1080"])
def test_a_proxy_is_taken(url: str) -> None:
    assert here(proxy=url).network_policy().proxy == url


WORD = st.text("abcXYZ019%:", min_size=1, max_size=12)


SECRET = WORD.map(lambda each: f"hunter2{each}")


@given(SECRET, WORD, st.sampled_from(["ice", "proxy"]), st.sampled_from(["{s}:{u}:{p}@{h}", "{s}://{u}:{p}@{h}",
    "{s}:{p}@{h}", "{s}://{p}@{h}", "{u}:{p}@{h}", "{p}@{h}"]))  # fmt: skip
def test_no_password_is_ever_shown_or_complained_of(password: str, user: str, name: str, form: str) -> None:
    alone = "{u}" not in form  # then a colon would make it a user's name
    text = form.format(s="turn", u=user, p=password.replace(":", "") if alone else password, h="h.example:1")
    chosen = choose(Overrides(), {name: f"stun:a {text}"})[name]
    assert "hunter2" not in chosen.shown + chosen.problem
    assert "hunter2" not in masked(text)


def test_what_is_no_secret_is_shown() -> None:
    shown = here(ice=f"stun:one.example.org {TURN}")["ice"].shown
    assert shown == "stun:one.example.org turn:user:***@turn.example.org"
    assert here(proxy="socks5h://me:secret@[::1]:1080")["proxy"].shown == "socks5h://me:***@[::1]:1080"
    assert here(proxy=PROXY)["proxy"].shown == PROXY


TURNS = "turns:user:password@turn.example.org"


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ({"relay_only": "yes", "ice": TURNS}, "relay-only"),
        ({"proxy": "socks5h://127.0.0.1:9050"}, "proxy"),
        ({"ice": TURNS, "ca_file": "/etc/own.pem"}, "ca-file"),
    ],
)
def test_an_engine_is_refused_where_it_would_not_keep_to_another_setting(
    kept: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("p2pchat.config.paths.is_installed", lambda engine: True)
    assert here(engine="libwebrtc").network_policy().engine_name() == "libwebrtc"
    with pytest.raises(UsageError, match=f"{said}.*let engine be auto"):
        here(engine="libwebrtc", **kept)
    assert here(**kept).network_policy().engine_name() == "aiortc"


def test_an_engine_that_is_not_there_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("p2pchat.config.paths.is_installed", lambda engine: engine == "aiortc")
    with pytest.raises(UsageError, match="pip install"):
        here(engine="libwebrtc")
    assert (
        here(engine="aiortc").network_policy().engine_name()
        == here().network_policy().engine_name()
        == "aiortc"
    )


@pytest.mark.parametrize(
    "text",
    [
        "turn:user:hunter2",
        "turn:host:3478?user=u&password=hunter2",
        "turn:u:p@h,turn:u2:hunter2@h2",
        "stun:hunter2:x",
        "hunter2",
        "turns:u:hunter2@h:99999",
    ],
)
def test_a_mistyped_server_is_refused_without_its_password(text: str) -> None:
    with pytest.raises(ValueError, match=r"stun|blanks|port") as refusal:
        read_servers(text)
    assert "hunter2" not in str(refusal.value)
