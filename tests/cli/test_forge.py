"""``p2pchat forge``: a true and two made-up transcripts, and a judge who accepts all three."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from p2pchat.cli.run import run
from tests.cli.conftest import Run
from tests.support.fake_node import FakeNode


def test_it_accepts_what_is_forged_and_refuses_what_is_damaged(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["forge", "--say", "it was me \x1b[2J", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    verdicts = {each["name"]: each["accepted"] for each in shown["transcripts"]}
    assert verdicts == {"true": True, "forged": True, "invented": True, "altered": False}
    assert shown["transcripts"][2]["guest_said"] == ["it was me \x1b[2J"]


def test_it_says_in_plain_words_what_it_does_and_does_not_show(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["forge", "--say", "it was me \x1b[2J"]) == 0
    shown = capsys.readouterr()
    assert shown.out.count("accepted") == 3
    assert shown.out.count("refused") == 1
    assert "\x1b[2J" not in shown.out
    for line, times in (
        ('(corrects "Meet me at nine." to "Meet me at ten.")', 2),
        ('(withdraws "At the old bridge. Come alone.")', 2),
        ("(reacts 👍 to a message of the host)", 1),
    ):
        assert shown.out.count(line) == times
    assert "no proof" in shown.err and "does not show" in shown.err


def test_it_needs_no_home_and_leaves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P2PCHAT_HOME", str(tmp_path / "none"))
    assert run(["forge"]) == 0
    assert not (tmp_path / "none").exists()


def test_a_judge_who_could_tell_would_be_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import p2pchat.daemon.forgery as forgery

    monkeypatch.setattr(forgery, "verify", lambda *_: [])
    monkeypatch.setattr(forgery, "altered", lambda transcript: transcript)
    assert run(["forge"]) == 1
    assert "not deniable" in capsys.readouterr().err


def test_a_room_is_made_up_with_its_members_names(p2pchat: Run, node: FakeNode) -> None:
    node.put_room("#friends")
    ran = p2pchat("forge", "#friends", "--say", "the money is in the well")
    assert ran.code == 0
    assert ran.lines[0] == "#friends"
    assert "    bob: the money is in the well" in ran.lines
    assert ran.lines[-1] == "  the judge: refused"
    assert json.loads(p2pchat("forge", "#friends", "--json").out)["room"] == "#friends"
    assert p2pchat("forge", "#nowhere").code == 2
