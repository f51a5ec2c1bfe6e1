"""Two people, two homes, one rendezvous: every command as it is typed, in real processes over real links."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import ROOT, People, Person, people

pytestmark = pytest.mark.real

DOCS = ROOT / "docs"

NASTY = "שלום 👩‍🚀 zażółć\n\x1b[2J\x9b31m\u202e end"


@pytest.fixture
def town(tmp_path: Path, meeting: str) -> Iterator[People]:
    with people(tmp_path, meeting) as everyone:
        yield everyone


@pytest.fixture
def pair(town: People) -> list[Person]:
    return town.friends("ana", "bob")


# --- pairing


def test_words_bring_two_together(town: People) -> None:
    ana, bob = town.someone("ana"), town.stranger("bob")
    assert bob.run("init", "--name", "bob", "--no-passphrase").returncode == 0
    invite = ana.start("invite", "--as", "bobby")
    code = invite.line()
    joined = bob.run("join", *code.upper().split("-"), "--rendezvous", town.url)
    assert (joined.returncode, joined.stdout) == (0, "ana\n")
    hosted = invite.ended()
    assert (hosted.returncode, hosted.stdout) == (0, "bobby\n")
    assert f"p2pchat join {code} --rendezvous {town.url}\n" in hosted.stderr


def test_a_new_user_joins_with_the_command_that_the_invite_shows(town: People) -> None:
    ana, bob = town.someone("ana"), town.stranger("bob")
    invite = ana.start("invite")
    screen = bob.terminal("join", invite.line(), "--rendezvous", town.url)
    screen.until("You have no identity here yet")
    screen.until("Which name shall your friends see")
    screen.type("bob\r")
    screen.until("New passphrase")
    screen.type("correct horse\r")
    screen.until("The same again")
    screen.type("correct horse\r")
    screen.until("You and ana are contacts now")
    assert screen.ended() == 0
    assert screen.text.count("assphrase of") == 0, "it is not asked for again"
    hosted = invite.ended()
    assert (hosted.returncode, hosted.stdout) == (0, "bob\n")


def test_invite_without_an_identity_asks_for_what_it_needs(town: People) -> None:
    ana, bob = town.stranger("ana"), town.someone("bob")
    screen = ana.terminal("invite")
    screen.until("Its address")
    screen.type(f"{town.url}\r")
    screen.until("Which name shall your friends see")
    screen.type("ana\r")
    screen.until("New passphrase")
    screen.type("\r")
    screen.until("The same again")
    screen.type("\r")
    screen.until("Waiting for them")
    (code,) = set(re.findall(r"\d+(?:-[a-z]+){3}", screen.text))
    assert bob.run("join", code).stdout == "ana\n"
    assert screen.ended() == 0
    assert ana.run("whoami", "--json").returncode == 0, "without a passphrase, as was wished"


def test_a_new_name_is_what_new_contacts_see(town: People) -> None:
    ana, bob = town.someone("ana"), town.someone("bob")
    renamed = bob.run("whoami", "--rename", "robert", "--json")
    assert (renamed.returncode, json.loads(renamed.stdout)["name"]) == (0, "robert")
    wrong = bob.run("whoami", "--rename", "a\nb")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    invite = ana.start("invite")
    assert bob.run("join", invite.line()).stdout == "ana\n"
    assert invite.ended().stdout == "robert\n"
    assert json.loads(bob.run("whoami", "--json").stdout)["name"] == "robert"


def test_without_a_terminal_no_identity_is_asked_for(town: People) -> None:
    bob = town.stranger("bob")
    for words in (("join", "42-tango-marble-orbit"), ("invite",)):
        ran = bob.run(*words)
        assert (ran.returncode, ran.stdout) == (2, "")
        assert "make one with 'p2pchat init'" in ran.stderr


def test_a_link_says_where_to_meet_but_a_person_names_private_places(town: People) -> None:
    ana, bob = town.someone("ana"), town.stranger("bob")
    bob.run("init", "--name", "bob", "--no-passphrase")
    invite = ana.start("invite", "--link", "--json")
    link = json.loads(invite.line())["code"]
    unknown = bob.run("join", link)
    assert unknown.returncode == 2
    assert f"private network; if it is right, add --rendezvous {town.url}" in unknown.stderr
    event = json.loads(bob.run("join", "--json", link, "--rendezvous", town.url).stdout)
    assert (event["type"], event["change"], event["how"]) == ("contact", "added", "link")
    assert json.loads(invite.ended().stdout)["change"] == "added"


def test_a_wrong_word_burns_the_code_and_both_are_told(town: People) -> None:
    ana, bob = town.someone("ana"), town.someone("bob")
    invite = ana.start("invite")
    number, *words = invite.line().split("-")
    wrong = bob.run("join", "-".join([number, *reversed(words)]))
    assert wrong.returncode == 4
    assert "burnt" in wrong.stderr
    hosted = invite.ended()
    assert hosted.returncode == 4
    assert "p2pchat invite" in hosted.stderr
    late = bob.run("join", "-".join([number, *words]))
    assert late.returncode == 4
    assert late.stderr.count("\n") <= 2


def test_no_guest_comes(town: People) -> None:
    ran = town.someone("ana").run("invite", "--timeout", "0.5")
    assert ran.returncode == 6
    assert len(ran.stdout.splitlines()) == 1


def test_a_rendezvous_that_is_not_there_is_exit_code_3(town: People) -> None:
    ana = town.stranger("ana")
    ana.run("init", "--name", "ana", "--no-passphrase", "--rendezvous", "ws://127.0.0.1:9")
    ran = ana.run("invite")
    assert (ran.returncode, ran.stdout) == (3, "")
    assert "ws://127.0.0.1:9" in ran.stderr


# --- messages


def test_a_message_arrives_and_the_sender_knows(pair: list[Person]) -> None:
    ana, bob = pair
    listening = bob.start("listen", "--json", "--count", "1")
    sent = ana.run("send", "bob", "-", stdin=NASTY)
    assert sent.returncode == 0, sent.stderr
    heard = [json.loads(line) for line in listening.ended().stdout.splitlines()]
    (message,) = [event for event in heard if event["type"] == "message"]
    assert (message["from"], message["text"]) == ("ana", NASTY)
    assert json.loads(ana.run("history", "bob", "--json").stdout)["id"] == sent.stdout.strip()


def test_what_is_shown_is_harmless_and_heard_once(pair: list[Person]) -> None:
    ana, bob = pair
    bob.node()
    assert ana.run("send", "bob", NASTY).returncode == 0
    shown = bob.run("listen", "--count", "1").stdout
    assert not any(control in shown for control in "\x1b\x9b\u202e\r")
    assert shown.count("\n") == 1
    assert bob.run("listen", "--timeout", "0").stdout == ""
    assert [json.loads(line)["text"] for line in bob.run("history", "ana", "--json").stdout.splitlines()] == [
        NASTY
    ]


def test_away_it_stays_queued_and_arrives_later(pair: list[Person]) -> None:
    ana, bob = pair
    assert ana.run("send", "--wait", "queued", "bob", "first").returncode == 0
    late = ana.run("send", "--timeout", "0.5", "bob", "second")
    assert late.returncode == 6
    assert len(late.stdout.strip()) == 32
    ana.node()
    heard = bob.run("listen", "--count", "2", "--timeout", "40").stdout.splitlines()
    assert [line.split("  ", 1)[1] for line in heard] == ["ana: first", "ana: second"]


def test_two_commands_at_once_share_a_node(pair: list[Person]) -> None:
    ana, bob = pair
    bob.node()
    listening = ana.start("listen", "--json", "--count", "1")
    assert ana.run("send", "bob", "while another listens").returncode == 0
    assert bob.run("send", "ana", "back").returncode == 0
    assert listening.ended().returncode == 0


def test_a_command_is_run_for_each_message(pair: list[Person], tmp_path: Path) -> None:
    ana, bob = pair
    ana.node()
    log = tmp_path / "log"
    command = f'echo "$P2PCHAT_MESSAGE_FROM: $(cat)" >> {log}'
    listening = bob.start("listen", "--count", "1", "--exec", command)
    assert ana.run("send", "bob", "ping").returncode == 0
    assert listening.ended().returncode == 0
    assert log.read_text() == "ana: ping\n"


def _example(document: str, first_line: str) -> str:
    """The block of a document's code that begins so."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", (DOCS / document).read_text(), flags=re.MULTILINE | re.DOTALL)
    (found,) = [block for block in blocks if block.startswith(first_line)]
    return str(found)


def test_the_bot_of_the_documents_answers(pair: list[Person], tmp_path: Path) -> None:
    ana, bob = pair
    bot = tmp_path / "answer.sh"
    bot.write_text(
        _example("scripting.md", "#!/bin/sh").replace("p2pchat send", f"{sys.executable} -m p2pchat send")
    )
    bot.chmod(0o700)
    listening = bob.start("listen", "--count", "2", "--exec", str(bot))
    chat = ana.start("listen", "--count", "1")
    assert ana.run("send", "bob", "hello").returncode == 0
    assert ana.run("send", "bob", "uptime").returncode == 0
    assert listening.ended().returncode == 0
    bob.node()
    assert "load average" in chat.ended().stdout


def test_the_control_socket_speaks_as_documented(pair: list[Person]) -> None:
    ana, _ = pair
    ana.node()
    question, *_ = re.findall(r"'(\{.*\})'", _example("scripting.md", "$ printf"))
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30)
        client.connect(str(ana.home / "control.sock"))
        client.sendall(question.encode() + b"\n")
        client.sendall(b'{"jsonrpc":"2.0","id":2,"method":"contacts.show","params":{"name":"eve"}}\n')
        with client.makefile() as lines:
            answers = {answer["id"]: answer for answer in (json.loads(next(lines)), json.loads(next(lines)))}
    assert answers[1]["result"]["state"] == "queued"
    assert answers[2]["error"]["code"] == -2
    assert json.loads(ana.run("history", "bob", "--json").stdout)["id"] == answers[1]["result"]["id"]


def test_events_have_the_documented_fields(pair: list[Person]) -> None:
    ana, bob = pair
    table = dict(
        re.findall(r"^\| `(\w+)` \| (.*) \|$", (DOCS / "scripting.md").read_text(), flags=re.MULTILINE)
    )
    listening = ana.start("listen", "--json", "--count", "1")
    bob.node()
    assert ana.run("send", "bob", "hi").returncode == 0
    assert bob.run("send", "ana", "ho").returncode == 0
    events = [json.loads(line) for line in listening.ended().stdout.splitlines()]
    assert {"message", "receipt", "link", "presence"} <= {event["type"] for event in events}
    for event in events:
        assert set(event) - {"type"} <= set(re.findall(r"`(\w+)`", table[event["type"]]))


# --- the node


def test_a_node_runs_tells_and_stops(pair: list[Person]) -> None:
    ana, _ = pair
    assert ana.run("node", "status").returncode == 3
    assert ana.run("node", "stop").returncode == 3
    node = ana.node()
    status = json.loads(ana.run("node", "status", "--json").stdout)
    assert status["pid"] == node.process.pid
    assert "rendezvous" in ana.run("node", "status").stdout
    twice = ana.run("node", "run")
    assert twice.returncode == 2
    assert ana.run("node", "stop").returncode == 0
    assert node.ended().returncode == 0
    assert ana.run("wipe", "--yes").returncode == 0


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("unshare") is None, reason="needs the right to make namespaces (root)"
)
def test_a_node_whose_number_means_another_process_here_is_stopped_all_the_same(pair: list[Person]) -> None:
    """As of a node in a container, whose home is on a volume of this machine."""
    ana, _ = pair
    apart = Person(ana.home, ana.stack, ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child"))
    node = apart.node()
    status = json.loads(ana.run("node", "status", "--json").stdout)
    assert status["pid"] < os.getpid(), "some process of the system has that number"
    stopped = ana.run("node", "stop")
    assert (stopped.returncode, stopped.stderr) == (0, "The node has stopped.\n")
    assert node.ended().returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_node_told_to_end_ends_well(number: signal.Signals, pair: list[Person]) -> None:
    node = pair[0].node()
    node.process.send_signal(number)
    ended = node.ended()
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_home_is_not_wiped_under_a_running_node(pair: list[Person]) -> None:
    ana, _ = pair
    ana.node()
    refused = ana.run("wipe", "--yes")
    assert refused.returncode == 1
    assert "p2pchat node stop" in refused.stderr
    assert ana.run("whoami").returncode == 0


@pytest.mark.parametrize(
    ("number", "said"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "ended by SIGTERM")]
)
def test_an_interrupted_listener_leaves_its_home_free(
    pair: list[Person], number: signal.Signals, said: str
) -> None:
    ana, _ = pair
    listening = ana.start("listen", "--json")
    while ana.run("node", "status").returncode != 0:
        pass
    listening.process.send_signal(number)
    ended = listening.ended()
    assert (ended.returncode, ended.stderr) == (130, f"p2pchat: {said}\n")
    assert ana.run("whoami").returncode == 0


def test_bash_completes_names_from_the_running_node(pair: list[Person]) -> None:
    ana, _ = pair
    asked = {"_P2PCHAT_COMPLETE": "bash_complete", "COMP_CWORD": "2", "COMP_WORDS": "p2pchat send b"}
    asked["P2PCHAT_HOME"] = str(ana.home)
    assert ana.run(**asked).stdout.strip() == ""
    ana.node()
    assert ana.run(**asked).stdout.split() == ["plain,bob"]


# --- passphrases


def test_a_passphrase_is_asked_for_twice_at_first_and_then_once(town: People) -> None:
    ana = town.stranger("ana")
    making = ana.terminal("init", "--name", "ana")
    making.until("New passphrase:")
    making.type("open sesame\n")
    making.until("The same again:")
    making.type("open sesame\n")
    assert making.ended() == 0
    assert "sesame" not in making.text
    asking = ana.terminal("whoami")
    asking.until(f"Passphrase of {ana.home}"[:80])
    asking.type("close sesame\n")
    asking.until("Passphrase of", 2)
    asking.type("open sesame\n")
    asking.until("fingerprint")
    assert asking.ended() == 0
    guessing = ana.terminal("node", "run")
    for times, guess in enumerate(("one", "one", "two"), 1):
        guessing.until("Passphrase of", times)
        guessing.type(f"{guess}\n")
    guessing.until("the passphrase is wrong")
    assert guessing.ended() == 4
    assert not any(guess in guessing.text for guess in ("one", "two"))


def test_a_wrong_passphrase_is_exit_code_4(town: People, tmp_path: Path) -> None:
    (tmp_path / "right").write_text("right\n")
    (tmp_path / "wrong").write_text("wrong\n")
    for each in ("right", "wrong"):
        (tmp_path / each).chmod(0o600)
    ana = town.stranger("ana")
    right = {"P2PCHAT_PASSPHRASE_FILE": str(tmp_path / "right")}
    assert ana.run("init", "--name", "ana", **right).returncode == 0
    assert ana.run("whoami", **right).returncode == 0
    wrong = ana.run("whoami", "--passphrase-file", str(tmp_path / "wrong"))
    assert (wrong.returncode, wrong.stderr.count("\n")) == (4, 1)
    (tmp_path / "right").chmod(0o640)
    assert "others can read the passphrase file" in ana.run("whoami", **right).stderr
    assert ana.run("whoami").returncode == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_interrupts_the_prompt(town: People, tmp_path: Path, number: int) -> None:
    (tmp_path / "right").write_text("right\n")
    ana = town.stranger("ana")
    ana.run("init", "--name", "ana", P2PCHAT_PASSPHRASE_FILE=str(tmp_path / "right"))
    asking = ana.terminal("whoami")
    asking.until("Passphrase of")
    asking.process.send_signal(number)
    assert asking.ended() == 130


def test_verify_asks_at_a_terminal(pair: list[Person]) -> None:
    ana, _ = pair
    asking = ana.terminal("contacts", "verify", "bob")
    asking.until("[y/N]")
    asking.type("n\n")
    assert asking.ended() == 7
    asking = ana.terminal("contacts", "verify", "bob")
    asking.until("[y/N]")
    asking.type("y\n")
    assert asking.ended() == 0
    assert "verified" in ana.run("contacts").stdout.split()


# --- the chat


def test_lines_in_are_sent_and_messages_out_are_lines(pair: list[Person]) -> None:
    ana, bob = pair
    bob.node()
    assert bob.run("send", "--wait", "queued", "ana", "waiting for you").returncode == 0
    ran = ana.run("chat", "bob", stdin="one\n\ntwo\nthree")
    assert ran.returncode == 0, ran.stderr
    heard = bob.run("listen", "--count", "3").stdout.splitlines()
    assert [line.split("  ", 1)[1] for line in heard] == ["ana: one", "ana: two", "ana: three"]


def test_the_end_of_a_pipe_waits_only_so_long(pair: list[Person]) -> None:
    ana, _ = pair
    assert ana.run("chat", "bob", "--timeout", "0.5", stdin="anyone?\n").returncode == 6


def test_a_terminal_that_shows_lines_alone_says_what_happens_to_what_is_typed(pair: list[Person]) -> None:
    ana, bob = pair
    bob.node()
    chat = ana.terminal("chat", "bob", TERM="dumb")
    chat.until("Talking with bob. Each line that you type is sent to them; Ctrl-D ends this.")
    chat.type("hello\n")
    chat.until("(delivered: hello)")
    chat.type("\x04")
    assert chat.ended() == 0


def test_two_talk_at_terminals(pair: list[Person]) -> None:
    ana, bob = pair
    hers, his = ana.terminal("chat", "--plain"), bob.terminal("chat", "ana", "--plain")
    hers.until("ana>")
    his.until("bob>")
    hers.type("hello\r")
    his.until("ana: hello")
    hers.until("✓✓ hello")
    his.type("half a line")
    his.until("bob> half a line")
    hers.type("two\\\rlines\r")
    his.until("ana: two\n      lines\nbob> half a line")
    his.type("\x03never mind\r")
    hers.until("bob: never mind")
    his.type("/nonsense\r")
    his.until("/nonsense")
    his.type("and what is typed next stands alone\r")
    hers.until("bob: and what is typed next stands alone")
    assert "half a line" not in hers.text
    for terminal in (hers, his):
        terminal.type("\x04")
        assert terminal.ended() == 0


def test_what_is_received_moves_no_cursor(pair: list[Person]) -> None:
    ana, bob = pair
    bob.node()
    chat = ana.terminal("chat", "--plain", "bob")
    chat.until("ana>")
    assert bob.run("send", "ana", "\x1b[2J\x1b]0;owned\x07\x9b31m!").returncode == 0
    chat.until("bob: ␛[2J␛]0;owned␇�31m!")
    assert "\x1b[2J" not in chat.written
    assert "\x1b]0;owned" not in chat.written


def test_a_chat_outlives_its_node_and_keeps_what_is_typed(pair: list[Person]) -> None:
    ana, bob = pair
    bob.node()
    node = ana.node()
    chat = ana.terminal("chat", "--plain", "bob")
    chat.until("ana>")
    chat.type("typed before, sent after")
    chat.until("ana> typed before, sent after")
    node.process.kill()
    chat.until("the node is back\nana> typed before, sent after")
    chat.type("\r")
    chat.until("✓✓ typed before")
    chat.type("/quit\r")
    assert chat.ended() == 0
    assert "typed before, sent after" in bob.run("listen", "--count", "1").stdout


def test_a_locked_home_goes_on_chatting_once_its_node_is_back(town: People, tmp_path: Path) -> None:
    (tmp_path / "right").write_text("right\n")
    unlock = {"P2PCHAT_PASSPHRASE_FILE": str(tmp_path / "right")}
    ana, bob = town.stranger("ana"), town.someone("bob")
    ana.run("init", "--name", "ana", "--rendezvous", town.url, **unlock)
    node = ana.start("node", "run", **unlock)
    assert node.line() == "running"
    invite = bob.start("invite")
    assert ana.run("join", invite.line()).returncode == 0
    bob.node()
    chat = ana.terminal("chat", "--plain", "bob")
    chat.until("ana>")
    node.process.kill()
    chat.until("use 'p2pchat node run'; trying again")
    chat.type("later\r")
    assert ana.start("node", "run", **unlock).line() == "running"
    chat.until("the node is back")
    chat.until("✓✓ later")
    chat.type("\x04")
    assert chat.ended() == 0
