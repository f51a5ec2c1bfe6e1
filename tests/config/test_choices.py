"""Every value is decided by one rule, and taken or refused in words, never half understood."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.config.choices import Choices, Source, Told, choose
from p2pchat.config.kinds import Bindings
from p2pchat.config.paths import Paths, masked
from p2pchat.config.table import BOUND, SETTINGS, Effect, named
from p2pchat.core.settings import Settings
from p2pchat.core.stem.profile import BALANCED, STRONG
from p2pchat.errors import UsageError
from p2pchat.wire.ice import parse_servers


def here(flag: bool = False, /, **kept: str) -> Choices:
    """What a program started here would have, with what its home keeps."""
    written = {name.replace("_", "-"): text for name, text in kept.items()}
    return choose(Told.here(flag), written).check()


def test_nothing_set_is_the_default() -> None:
    assert here().settings() == Settings(profile=BALANCED)
    assert here().paths() == Paths()
    assert {each.source for each in here()} == {Source.DEFAULT}


def test_every_default_can_be_meant() -> None:
    for setting in SETTINGS.values():
        setting.kind.read(setting.default)
        assert setting.kind.allowed and setting.about and not setting.about.endswith(".")


def test_a_flag_goes_before_the_environment_that_before_the_home_that_before_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turn = {"ice": "turn:a:b@turn.example.org"}

    def relay_only(flag: bool, **kept: str) -> tuple[bool, Source]:
        chosen = here(flag, **kept, **turn)["relay-only"]
        return chosen.value, chosen.source

    assert relay_only(False) == (False, Source.DEFAULT)
    assert relay_only(False, relay_only="yes") == (True, Source.HOME)
    monkeypatch.setenv("P2PCHAT_RELAY_ONLY", "no")
    assert relay_only(False, relay_only="yes") == (False, Source.ENVIRONMENT)
    assert relay_only(True, relay_only="yes") == (True, Source.FLAG)
    monkeypatch.setenv("P2PCHAT_RELAY_ONLY", "")
    assert relay_only(False, relay_only="yes") == (True, Source.HOME), "set to nothing is not set"


def test_every_choice_arrives_from_the_environment_as_from_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = {
        "links": "3",
        "links_max": "4",
        "walks": "no",
        "stamp_bits": "12",
        "hold_mb": "2",
        "contact_mb": "9",
        "profile": "strong",
        "separate": "yes",
        "lan": "yes",
        "listen": "8750",
    }
    meant = Settings(3, 4, False, 12, 2 << 20, 9 << 20, STRONG, separate=True, listen=8750, lan=True)
    assert here(False, **chosen).settings() == meant
    for name, value in chosen.items():
        monkeypatch.setenv(f"P2PCHAT_{name.upper()}", value)
    assert here().settings() == meant


def test_lan_is_a_flag_too_and_goes_round_nothing() -> None:
    chosen = choose(Told.here(lan=True), {}).check()
    assert (chosen["lan"].source, chosen.paths().lan, chosen.settings().lan) == (Source.FLAG, True, True)
    assert not here().paths().lan
    for more in ({"proxy": "socks5h://127.0.0.1:9050"}, {"relay_only": "yes", "ice": "turn:a:b@turn.test"}):
        with pytest.raises(UsageError, match="have one or the other"):
            here(lan="yes", **more)


@pytest.mark.parametrize("text", ["0", "80", "1023", "65536", "yes", "8750 "])
def test_a_port_to_listen_at_needs_no_privilege(text: str) -> None:
    with pytest.raises(UsageError, match="no or a number from 1024 to 65535"):
        here(listen=text)


def test_who_hides_its_address_neither_listens_nor_visits() -> None:
    hidden = {"relay_only": "yes", "ice": "turn:a:b@turn.test"}
    assert not here(**hidden).settings().visits
    with pytest.raises(UsageError, match="listen shows your address"):
        here(listen="8750", **hidden)


def test_who_wants_more_links_allows_more() -> None:
    assert here(links="9").settings().links_max == 10
    assert here(links="2").settings().links_max == 6


def test_topics_are_separate_behind_a_proxy_unless_that_is_not_wanted() -> None:
    proxy = "socks5h://127.0.0.1:9050"
    assert [here(proxy=each).separate for each in ("", proxy)] == [False, True]
    assert not here(proxy=proxy, separate="no").separate


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
        choose(Told(), {name: value}).check()
    with pytest.raises(UsageError, match=rf"^{SETTINGS[name].variable}(:| must be )"):
        choose(Told(environment={name: value}), {}).check()


def test_a_refusal_says_what_is_allowed() -> None:
    with pytest.raises(UsageError, match=r"^profile must be fast, balanced or strong, not 'paranoid'$"):
        here(profile="paranoid")
    with pytest.raises(UsageError, match=r"^links must be a number from 1 to 10, not '77'$"):
        here(links="77")


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
    paths = here(ice=urls).paths()
    assert paths.ice_servers == tuple(urls.split())
    assert paths.servers == parse_servers(tuple(urls.split()))


TURN = "turn:user:password@turn.example.org"
PROXY = "socks5h://127.0.0.1:9050"


@pytest.mark.parametrize(
    ("server", "works"),
    [(TURN, False), (f"{TURN}?transport=tcp", True), (TURN.replace("turn:", "turns:", 1), True)],
)
def test_behind_a_proxy_the_relay_must_be_one_that_the_proxy_can_reach(server: str, works: bool) -> None:
    assert not here(ice=server, proxy=PROXY).paths().relay_only
    if works:
        assert here(True, ice=server, proxy=PROXY).paths().relay_only
    else:
        with pytest.raises(UsageError, match="TURN server over TCP"):
            here(True, ice=server, proxy=PROXY)


@pytest.mark.parametrize("servers", ["", "stun:stun.example.org"])
def test_relay_only_without_a_relay_is_refused(servers: str) -> None:
    with pytest.raises(UsageError, match="needs a TURN server: 'p2pchat config set ice turn:"):
        here(True, ice=servers)


def test_fewer_links_accepted_than_sought_are_refused() -> None:
    with pytest.raises(UsageError, match=r"links-max \(2\) must not be less than links \(3\)"):
        here(links_max="2")


@pytest.mark.parametrize("url", [PROXY, "socks5h://[::1]:9050", "socks5h://me:secret@proxy.example.org:1080"])
def test_a_proxy_is_taken(url: str) -> None:
    assert here(proxy=url).paths().proxy == url


# --- what may be seen

WORD = st.text("abcXYZ019%:", min_size=1, max_size=12)
SECRET = WORD.map(lambda each: f"hunter2{each}")


@given(SECRET, WORD, st.sampled_from(["ice", "proxy"]), st.sampled_from(["{s}:{u}:{p}@{h}", "{s}://{u}:{p}@{h}",
    "{s}:{p}@{h}", "{s}://{p}@{h}", "{u}:{p}@{h}", "{p}@{h}"]))  # fmt: skip
def test_no_password_is_ever_shown_or_complained_of(password: str, user: str, name: str, form: str) -> None:
    alone = "{u}" not in form  # then a colon would make it a user's name
    text = form.format(s="turn", u=user, p=password.replace(":", "") if alone else password, h="h.example:1")
    chosen = choose(Told(), {name: f"stun:a {text}"})[name]
    assert "hunter2" not in chosen.shown + chosen.problem
    assert "hunter2" not in masked(text)


def test_what_is_no_secret_is_shown() -> None:
    shown = here(ice=f"stun:one.example.org {TURN}")["ice"].shown
    assert shown == "stun:one.example.org turn:user:***@turn.example.org"
    assert here(proxy="socks5h://me:secret@[::1]:1080")["proxy"].shown == "socks5h://me:***@[::1]:1080"
    assert here(proxy=PROXY)["proxy"].shown == PROXY


# --- names, files, keys


def test_a_name_is_found_as_it_is_typed_or_something_like_it_is_offered() -> None:
    assert named("Relay_Only") is named("P2PCHAT_RELAY_ONLY") is SETTINGS["relay-only"]
    with pytest.raises(UsageError, match="no setting called 'profil'; did you mean profile"):
        named("profil")
    with pytest.raises(UsageError, match="see 'p2pchat config list'"):
        named("xyzzy")


def test_a_file_named_from_here_is_found_from_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("P2PCHAT_CA_FILE", "ca.pem")
    assert here().paths().ca_file == str(tmp_path / "ca.pem")


def test_what_concerns_chats_is_not_the_nodes_to_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    chat = [each for each in SETTINGS.values() if each.effect is Effect.CHAT]
    for each in chat:
        monkeypatch.setenv(each.variable, "nonsense")
    assert {here()[each.name].source for each in chat} == {Source.DEFAULT}


def test_keys_are_read_by_what_they_do() -> None:
    kind = Bindings(tuple(BOUND))
    assert kind.read("search=ctrl+k help=f1,alt+h") == {"search": "ctrl+k", "help": "f1,alt+h"}
    assert kind.read("") == {}
    for keys in BOUND.values():
        assert kind.read(f"help={keys}")


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
    assert here(engine="libwebrtc").paths().engine_name() == "libwebrtc"
    with pytest.raises(UsageError, match=f"{said}.*let engine be auto"):
        here(engine="libwebrtc", **kept)
    assert here(**kept).paths().engine_name() == "aiortc"


def test_an_engine_that_is_not_there_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("p2pchat.config.paths.is_installed", lambda engine: engine == "aiortc")
    with pytest.raises(UsageError, match="pip install"):
        here(engine="libwebrtc")
    assert here(engine="aiortc").paths().engine_name() == here().paths().engine_name() == "aiortc"
