"""Every value is decided by one rule, and taken or refused in words, never half understood."""

from __future__ import annotations

from pathlib import Path

import pytest

from p2pchat.config.choices import Overrides, Source, choose
from p2pchat.config.paths import NetworkPolicy
from p2pchat.config.table import SETTINGS, Effect
from p2pchat.core.values.profile import BALANCED, STRONG
from p2pchat.core.values.settings import Settings
from p2pchat.errors import UsageError
from tests.support.choices import here


def test_nothing_set_is_the_default() -> None:
    assert here().node_settings() == Settings(profile=BALANCED)
    assert here().network_policy() == NetworkPolicy()
    assert {each.source for each in here()} == {Source.DEFAULT}


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
    assert here(False, **chosen).node_settings() == meant
    for name, value in chosen.items():
        monkeypatch.setenv(f"P2PCHAT_{name.upper()}", value)
    assert here().node_settings() == meant


def test_lan_is_a_flag_too_and_goes_round_nothing() -> None:
    chosen = choose(Overrides.of_this_program(lan=True), {}).check_all()
    assert (chosen["lan"].source, chosen.network_policy().lan, chosen.node_settings().lan) == (
        Source.FLAG,
        True,
        True,
    )
    assert not here().network_policy().lan
    for more in ({"proxy": "socks5h://127.0.0.1:9050"}, {"relay_only": "yes", "ice": "turn:a:b@turn.test"}):
        with pytest.raises(UsageError, match="have one or the other"):
            here(lan="yes", **more)


def test_a_node_that_hides_its_address_neither_listens_nor_visits() -> None:
    hidden = {"relay_only": "yes", "ice": "turn:a:b@turn.test"}
    assert not here(**hidden).node_settings().visits
    with pytest.raises(UsageError, match="listen shows your address"):
        here(listen="8750", **hidden)


def test_a_node_that_wants_more_links_allows_more() -> None:
    assert here(links="9").node_settings().links_max == 10
    assert here(links="2").node_settings().links_max == 6


def test_topics_are_separate_behind_a_proxy_unless_that_is_not_wanted() -> None:
    proxy = "socks5h://127.0.0.1:9050"
    assert [here(proxy=each).separate for each in ("", proxy)] == [False, True]
    assert not here(proxy=proxy, separate="no").separate


def test_fewer_links_accepted_than_sought_are_refused() -> None:
    with pytest.raises(UsageError, match=r"links-max \(2\) must not be less than links \(3\)"):
        here(links_max="2")


def test_a_file_named_from_here_is_found_from_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("P2PCHAT_CA_FILE", "ca.pem")
    assert here().network_policy().ca_file == str(tmp_path / "ca.pem")


def test_what_concerns_chats_is_not_the_nodes_to_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    chat = [each for each in SETTINGS.values() if each.effect is Effect.CHAT]
    for each in chat:
        monkeypatch.setenv(each.variable, "nonsense")
    assert {here()[each.name].source for each in chat} == {Source.DEFAULT}
