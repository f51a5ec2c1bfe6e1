"""``p2pchat config`` lists, keeps and refuses in plain words, with and without a node."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from p2pchat.cli.main import root
from p2pchat.client import create_home
from p2pchat.config.choices import Source, read
from p2pchat.config.table import SETTINGS, named
from p2pchat.control.answers import ChangeSettingResult
from p2pchat.control.values import extended
from p2pchat.daemon import views
from p2pchat.wording.settings import effect_line
from tests.cli.conftest import Run
from tests.support.certificates import certificate

SECRET = "turn:me:hunter2@turn.example.org"


@pytest.fixture
def config(p2pchat: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run ``p2pchat config`` on a home in which no node runs."""
    create_home(tmp_path / "home", "ana")
    monkeypatch.setenv("P2PCHAT_HOME", str(tmp_path / "home"))
    return lambda *words, **rest: p2pchat("config", *words, **rest)


def rows(out: str) -> dict[str, tuple[str, str]]:
    """Values and where they come from, by the setting's name."""
    split = [line.split() for line in out.splitlines()[1:]]
    return {words[0]: (" ".join(words[1:-1]), words[-1]) for words in split}


def test_a_list_says_of_each_where_it_comes_from(config: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    told = config("set", "links", "4").err
    assert told == "links is 4. It takes effect when the node starts the next time.\n"
    monkeypatch.setenv("P2PCHAT_PROFILE", "fast")
    monkeypatch.setenv("P2PCHAT_THEME", "nord")
    found = rows(config("list").out)
    assert list(found) == list(SETTINGS)
    assert found["links"] == ("4", "home")
    assert found["profile"] == ("fast", "P2PCHAT_PROFILE")
    assert found["theme"] == ("nord", "P2PCHAT_THEME")
    assert found["proxy"] == ("-", "default")
    assert config().out == config("list").out


def test_a_flag_is_named_as_such(config: Run) -> None:
    config("set", "ice", SECRET)
    assert rows(config("list", "--relay-only").out)["relay-only"] == ("yes", "flag")


def test_for_scripts_there_is_an_object_each(config: Run) -> None:
    config("set", "ice", SECRET)
    told = {each["key"]: each for each in map(json.loads, config("list", "--json").lines)}
    assert told["ice"]["value"] == "turn:me:***@turn.example.org"
    assert (told["ice"]["source"], told["profile"]["source"]) == ("home", "default")
    assert told["profile"]["allowed"] == "fast, balanced or strong"
    changed = json.loads(config("set", "--json", "profile", "strong").out)
    assert (changed["key"], changed["value"], changed["effect"]) == ("profile", "strong", "at start")


def test_a_password_is_printed_only_on_request(config: Run) -> None:
    for words in (("set", "ice", SECRET), ("list",), ("list", "--json"), ("unset", "ice")):
        ran = config(*words)
        assert ran.code == 0 and "hunter2" not in ran.out + ran.err
    config("set", "ice", SECRET)
    assert config("get", "ice").out == f"{SECRET}\n"


def test_a_value_may_come_from_stdin_and_have_several_words(config: Run) -> None:
    assert config("set", "ice", "-", stdin=f"stun:stun.example.org\n{SECRET}\n".encode()).code == 0
    assert config("get", "ice").out == f"stun:stun.example.org {SECRET}\n"
    config("set", "ice", "stun:one.example.org", "stun:two.example.org")
    assert config("get", "ice").out == "stun:one.example.org stun:two.example.org\n"
    assert config("set", "ice", "-", stdin=b"\xff").code == 2
    assert config("set", "ice", "-", stdin=b"x" * 5000).code == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("set", "links", "many"), "links must be a number from 1 to 10, not 'many'"),
        (("set", "profile", "paranoid"), "profile must be fast, balanced or strong, not 'paranoid'"),
        (("set", "relay-only", "yes"), "relay-only needs a TURN server"),
        (("set", "proxy", "socks5://me:hunter2@127.0.0.1:9050"), "proxy must be like socks5h://"),
        (("set", "profil", "fast"), "there is no setting called 'profil'; did you mean profile?"),
        (("get", "nothing"), "there is no setting called 'nothing'; see 'p2pchat config list'"),
        (("unset", "nothing"), "there is no setting called 'nothing'"),
        (("set", "profile"), "missing argument"),
    ],
)
def test_what_is_wrong_is_refused_with_what_is_allowed(
    words: tuple[str, ...], said: str, config: Run
) -> None:
    ran = config(*words)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"p2pchat: {said}")
    assert ran.err.count("\n") == 1 and "hunter2" not in ran.err


def test_a_file_is_kept_so_that_it_is_found_from_elsewhere(
    config: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    chain, _ = certificate(tmp_path, "place.example.org")
    config("set", "ca-file", chain.name)
    assert config("get", "ca-file").out == f"{chain}\n"


def test_without_a_home_one_is_asked_for(p2pchat: Run, tmp_path: Path) -> None:
    ran = p2pchat("--home", str(tmp_path / "none"), "config", "set", "profile", "fast")
    assert ran.code == 2 and "no p2pchat identity" in ran.err


def completed(*words: str, incomplete: str = "") -> list[str]:
    return [each.value for each in ShellComplete(root(), {}, "p2pchat", "_P").get_completions(
        ["config", *words], incomplete
    )]  # fmt: skip


def test_a_shell_completes_names_and_values() -> None:
    assert completed("get", incomplete="li") == ["listen", "links", "links-max"]
    assert completed("set", "profile") == ["fast", "balanced", "strong"]
    assert completed("set", "theme", incomplete="solar") == ["solarized-dark", "solarized-light"]
    assert completed("set", "keys", incomplete="se") == ["search=", "settings="]
    assert completed("set", "nothing") == completed("set", "proxy") == []


def test_of_a_node_is_spoken_only_where_one_runs(config: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P2PCHAT_PROFILE", "fast")
    said = "Saved, but P2PCHAT_PROFILE is set here, which takes precedence: profile is fast in a node started"
    for words in (("set", "profile", "strong"), ("set", "profile", "fast"), ("unset", "profile")):
        assert config(*words).err == f"{said} from here.\n"
    assert config("--lan", "set", "lan", "no").err == (
        "Saved, but --lan is set here, which takes precedence: lan is yes in a node started from here.\n"
    )


def test_what_overrules_a_setting_of_chats_is_told(config: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P2PCHAT_THEME", "nord")
    said = "Saved, but P2PCHAT_THEME is set here, which takes precedence: theme is nord in a chat started"
    assert config("set", "theme", "dracula").err == f"{said} from here.\n"


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (None, "there is no file {}"),
        ("folder", "there is no file {}"),
        ("nothing of the kind", "there are no certificates (PEM) in {}"),
    ],
)
def test_a_file_without_certificates_is_refused(
    config: Run, tmp_path: Path, made: str | None, said: str
) -> None:
    path = tmp_path / "ca.pem"
    if made == "folder":
        path.mkdir()
    elif made:
        path.write_text(made)
    ran = config("set", "ca-file", str(path))
    assert ran.code == 2 and f"ca-file: {said.format(path)}" in ran.err
    assert config("get", "ca-file").out == "\n"


@pytest.mark.parametrize(
    ("effect", "source", "said"),
    [
        ("now", "home", "profile is fast. It takes effect at once."),
        (
            "anew",
            "home",
            "profile is fast. The node restarts with this value, and will be linked again in a moment.",
        ),
        ("unchanged", "default", "profile is fast (the default). It had that value already."),
        (
            "unchanged",
            "home",
            "profile is fast. It had that value already, and is stored in the home now.",
        ),
        ("overruled", "flag", "started with --profile, which takes precedence: profile is fast."),
        (
            "overruled",
            "environment",
            "started with P2PCHAT_PROFILE, which takes precedence: profile is fast.",
        ),
    ],
)
def test_each_effect_is_told_in_words(effect: str, source: str, said: str) -> None:
    chosen = views.setting(read(named("profile"), "fast", Source.HOME)).with_changes(source=source)
    assert said in effect_line(extended(chosen, ChangeSettingResult, effect=effect))
