"""A code is given away exactly, at once, with the exact thing to type."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
import segno

from p2pchat.cli.invite import drawn
from p2pchat.control.answers import RendezvousInfo
from p2pchat.control.events import InviteEvent
from p2pchat.control.values import plain
from p2pchat.errors import TrustError
from tests.cli.conftest import Run
from tests.support.fake_author import answer
from tests.support.fake_node import FakeNode, added, status, told

CODE = "42-tango-marble-orbit"
INVITE = told(InviteEvent, code=CODE)
ADDED = added("bob\x1b")


def test_the_code_is_the_first_line_and_the_new_name_the_second(p2pchat: Run, node: FakeNode) -> None:
    node.invitation = [INVITE, ADDED]
    ran = p2pchat("invite", "--rendezvous", "ws://127.0.0.1:2")
    assert ran.lines == [CODE, "bob␛"]
    assert f"p2pchat join {CODE} --rendezvous ws://127.0.0.1:1 --rendezvous ws://127.0.0.1:2\n" in ran.err


NASTY_NAMES = ["$(touch broken)", "`touch broken`", "; touch broken;", "a b", "-x", "--help", "日本語 🎈"]


@pytest.mark.parametrize("name", NASTY_NAMES)
def test_what_is_to_be_typed_is_typed_as_it_is(
    name: str, p2pchat: Run, node: FakeNode, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    node.now = status(rendezvous=[{"url": "ws://there/;touch${IFS}broken;", "up": True, "reason": ""}])
    node.invitation = [INVITE, added(name)]
    said = p2pchat("invite").err
    typed = re.findall(r"(?:^|: ) +(p2pchat (?:join|chat|contacts) .*)", said, flags=re.MULTILINE)
    words = [
        subprocess.run(
            ["bash", "-c", f'p2pchat() {{ printf "%s\\0" "$@"; }}; {line}'], capture_output=True, check=True
        ).stdout.decode().split("\0")[:-1]
        for line in typed
    ]  # fmt: skip
    dashes = ["--"] if name.startswith("-") else []
    assert words == [
        ["join", CODE, "--rendezvous", "ws://there/;touch${IFS}broken;"],
        ["chat", *dashes, name],
        ["contacts", "verify", *dashes, name],
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_looks_like_another_is_warned_of(p2pchat: Run, node: FakeNode) -> None:
    node.invitation = [INVITE, added("b\u043eb-2", fingerprint="9" * 64)]
    assert "WARNING: bob is another contact, whose name looks the same." in p2pchat("invite").err
    node.invitation = [INVITE, added("dora-2", fingerprint="9" * 64)]
    assert "WARNING" not in p2pchat("invite").err


def test_a_rendezvous_that_is_down_is_not_recommended(p2pchat: Run, node: FakeNode) -> None:
    node.now = status(rendezvous=[{"url": "ws://127.0.0.1:1", "up": False, "reason": ""}])
    node.invitation = [INVITE, ADDED]
    assert f"p2pchat join {CODE}\n" in p2pchat("invite").err


def test_json_is_the_events(p2pchat: Run, node: FakeNode) -> None:
    node.invitation = [INVITE, ADDED]
    assert [json.loads(line) for line in p2pchat("invite", "--json").lines] == [
        plain(INVITE),
        ADDED.as_record(),
    ]


def test_a_burnt_invite_is_exit_code_4_after_its_code(p2pchat: Run, node: FakeNode) -> None:
    node.invitation = [INVITE, TrustError("burnt; make a new one with 'p2pchat invite'")]
    ran = p2pchat("invite")
    assert (ran.code, ran.out) == (4, CODE + "\n")


def test_a_qr_code_is_what_segno_says_it_is() -> None:
    """Two modules in a character, half blocks where light; compared with the matrix itself."""
    matrix = segno.make(CODE, error="l", micro=False).matrix_iter(border=2)
    rows = [list(row) for row in matrix]
    light = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}
    for number, line in enumerate(drawn(CODE, coloured=False).split("\n")):
        upper, lower = rows[2 * number], rows[2 * number + 1 : 2 * number + 2]
        assert [light[character][0] for character in line] == [1 - bool(bit) for bit in upper]
        if lower:
            assert [light[character][1] for character in line] == [1 - bool(bit) for bit in lower[0]]


def test_a_drawing_never_colours_unasked() -> None:
    assert "\x1b" not in drawn(CODE, coloured=False)
    assert drawn(CODE, coloured=True).startswith("\x1b[97;40m") or "\x1b[97m\x1b[40m" in drawn(
        CODE, coloured=True
    )


@pytest.mark.parametrize(
    "typed", [["42-tango-marble-orbit"], ["42", "Tango", "MARBLE", "orbit"], [" 42 tango-marble orbit"]]
)
def test_a_code_may_be_typed_as_it_was_heard(typed: list[str], p2pchat: Run, node: FakeNode) -> None:
    ran = p2pchat("join", *typed, "--rendezvous", "ws://127.0.0.1:2")
    assert (ran.code, ran.out) == (0, "ana\n")
    assert node.joined == [(CODE, ("ws://127.0.0.1:2",))]


@pytest.mark.parametrize(
    "words",
    [
        ["join", CODE, "--rendezvous"],
        ["invite", "--rendezvous"],
        ["init", "--name", "ana", "--rendezvous"],
        ["rendezvous", "add"],
    ],
)
def test_an_address_is_checked_before_anything_is_asked(
    words: list[str], p2pchat: Run, node: FakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("p2pchat.cli.ask.new_passphrase", lambda **_: asked.append("passphrase"))
    ran = p2pchat(*words, "place.example.org:8750")
    assert ran.code == 2 and not asked and not node.joined
    said = (
        "write ws://place.example.org:8750, or wss://place.example.org:8750 if the server has a certificate"
    )
    assert said in " ".join(ran.err.split())


def test_a_rendezvous_is_listed_in_words(
    p2pchat: Run, node: FakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    def place(url: str, **more: object) -> RendezvousInfo:
        known = {"own": True, "typed": True, "meshes": ["3f" * 16], "used": True, "up": True, "reason": ""}
        return answer(RendezvousInfo, url=url, **known | more)

    async def rendezvous() -> list[RendezvousInfo]:
        return [
            place("ws://a"),
            place("ws://b", up=False, reason="nothing listens there", typed=False),
            place("ws://c", used=False, up=None, meshes=[]),
            place("ws://d", up=None),
        ]

    monkeypatch.setattr(node, "rendezvous", rendezvous, raising=False)
    assert p2pchat("rendezvous").lines == [
        "ws://a  connected; named by you, for mesh 3f3f3f3f",
        "ws://b  not reached (nothing listens there); named by a contact, for mesh 3f3f3f3f",
        "ws://c  not connected, as it is not needed now; named by you, for answering codes",
        "ws://d  not reached yet; named by you, for mesh 3f3f3f3f",
    ]
    node.runs_here = True
    said = "No node runs here, so whether they can be reached is not known yet."
    assert said in p2pchat("rendezvous").err


def test_join_does_not_use_an_unnamed_rendezvous_without_consent(p2pchat: Run, node: FakeNode) -> None:
    node.named_besides = ["wss://beacon.example", "ws://192.168.1.1"]
    ran = p2pchat("join", CODE)
    assert (ran.code, ran.out) == (0, "ana\n")
    assert "wss://beacon.example" in ran.err and "ws://192.168.1.1" in ran.err
    assert ran.err.lower().count("not used") == 2
    assert node.added == []
    told = json.loads(p2pchat("join", CODE, "--json").out)
    assert told["left_out"] == node.named_besides
    assert json.loads(p2pchat("join", CODE, "--json", "--accept-new").out)["left_out"] == []


def test_a_mistyped_word_is_told_before_anything_is_tried(p2pchat: Run, node: FakeNode) -> None:
    ran = p2pchat("join", "42-tango-marble-orbitt")
    assert ran.code == 2
    assert "did you mean 'orbit'" in ran.err
    assert node.joined == []


def test_join_without_a_code_needs_a_terminal(p2pchat: Run, node: FakeNode) -> None:
    assert p2pchat("join").code == 2


def test_join_in_json_is_the_contact_event(p2pchat: Run, node: FakeNode) -> None:
    event = json.loads(p2pchat("join", "--json", CODE).out)
    assert (event["type"], event["change"], event["name"]) == ("contact", "added", "ana")
