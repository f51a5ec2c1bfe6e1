"""``p2pchat doctor``: real checks by a real node, told with what to do."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from p2pchat.daemon.reach import KINDS
from p2pchat.wire.description import Nat
from tests.support.processes import people

pytestmark = pytest.mark.real

CHECKS = [
    "home",
    "disk",
    "rendezvous",
    "clock",
    "addresses",
    "nat",
    "link",
    "session",
    "backup",
    "mesh",
    "cover",
]


def test_with_a_rendezvous_all_is_well(tmp_path: Path, meeting: str) -> None:
    with people(tmp_path, meeting) as those:
        ran = those.someone("ana").run("doctor", "--json")
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert [each["name"] for each in told["checks"]] == CHECKS
    assert all(each["ok"] for each in told["checks"])
    (nat,) = (each["found"] for each in told["checks"] if each["name"] == "nat")
    assert nat == KINDS[Nat.OPEN], "the rendezvous named its STUN servers, and they were asked"
    assert {"rendezvous", "each neighbour", "contacts"} <= {each["party"] for each in told["exposure"]}


def test_between_friends_it_counts_links_and_the_crowd(tmp_path: Path, meeting: str) -> None:
    with people(tmp_path, meeting) as those:
        ana, bob = those.friends("ana", "bob")
        bob.node()
        ana.node()
        ran = ana.run("send", "bob", "hi")
        assert ran.returncode == 0, ran.stderr
        told = json.loads(ana.run("doctor", "--json").stdout)
    assert {"name": "mesh", "ok": True, "found": "1 link"} in told["checks"]
    assert told["checks"][-1]["found"].startswith("balanced: about 15 kB/s each way")
    assert any("you are not hidden" in each["does_not"] for each in told["exposure"])


def test_what_is_set_is_told_with_where_it_comes_from_and_without_passwords(tmp_path: Path) -> None:
    with people(tmp_path, "ws://127.0.0.1:9") as those:
        ana = those.someone("ana")
        ana.run("config", "set", "proxy", "socks5h://me:hunter2@127.0.0.1:9")
        ran = ana.run("doctor", "--json", P2PCHAT_PROFILE="fast")
    told = json.loads(ran.stdout)["checks"]
    found = "profile fast (P2PCHAT_PROFILE), proxy socks5h://me:***@127.0.0.1:9 (home)"
    assert told[-1] == {"name": "settings", "ok": True, "found": f"{found}; links go round the proxy"}
    assert "hunter2" not in ran.stdout + ran.stderr


def test_without_a_rendezvous_it_says_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"ws://127.0.0.1:{closed.getsockname()[1]}"
        with people(tmp_path, url) as those:
            ran = those.someone("ana").run("doctor")
    assert ran.returncode == 3
    assert "nothing listens there" in ran.stdout
    assert ran.stderr.startswith("p2pchat: rendezvous: check the address")
    assert ran.stderr.count("\n") == 1
