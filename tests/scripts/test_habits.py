"""What no change may make worse is counted, named, and held to lists that only shrink."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.support import habits
from tests.support.processes import ROOT, environment

MODULE = """
class Mesh:
    def linked(self, facts): ...
    def send(self): ...
    def send_cell(self): ...
    def encrypt(self): ...
    def _hide(self): ...
    @property
    def epoch(self): ...
    def close(self):
        for each in self.links: pass
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for place, text in (
        ("p2pchat/__init__.py", ""),
        ("p2pchat/core/mesh/mesh.py", MODULE),
        ("p2pchat/sim/mesh.py", "class Mesh: ...\nclass Sole: ...\n"),
        ("rendezvous/broker.py", "talk_id = 1\n"),
        ("tests/core/mesh/test_mesh.py", ""),
    ):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(text)
    return tmp_path


def test_a_subject_is_one_short_line() -> None:
    assert habits.subjects(["Add a thing", "x" * 72 + "\n\nWhy it is so."]) == []
    assert len(habits.subjects(["x" * 73, "Add a thing\nand another", ""])) == 3


def test_a_module_without_a_test_of_its_name_is_named(tree: Path) -> None:
    found = habits.untested(tree, {"p2pchat/sim/mesh.py": "tests/core/mesh/test_mesh.py"})
    assert found == ["rendezvous/broker.py has no tests/rendezvous/test_broker.py"]


def test_an_excuse_names_a_test_that_exists(tree: Path) -> None:
    kept = {"p2pchat/sim/mesh.py": "tests/core/mesh/test_mesh.py", "rendezvous/broker.py": "tests/gone.py"}
    assert habits.untested(tree, kept) == [
        "rendezvous/broker.py is not tested by tests/gone.py, which does not exist"
    ]


def test_an_excuse_goes_with_its_need(tree: Path) -> None:
    kept = dict.fromkeys(("p2pchat/core/mesh/mesh.py", "p2pchat/sim/mesh.py", "p2pchat/gone.py"), "")
    assert habits.mirrored(tree, kept) == {"p2pchat/sim/mesh.py": ""}


def test_a_class_name_in_two_modules_is_counted(tree: Path) -> None:
    assert habits.classes(tree).places == {"Mesh": ["p2pchat/core/mesh/mesh.py", "p2pchat/sim/mesh.py"]}


def test_a_method_of_one_word_is_counted_unless_readers_expect_it(tree: Path) -> None:
    assert habits.methods(tree).places == {"linked": ["p2pchat/core/mesh/mesh.py: Mesh.linked"]}


def test_a_verb_of_the_control_contract_names_a_method_of_both_its_ends_alone(tree: Path) -> None:
    for place, text in (
        ("control/methods.py", 'BLOCK = Method("contacts.block", Params, Info)\n'),
        ("client/contacts.py", "class ContactCalls:\n    def block(self): ...\n    def gone(self): ...\n"),
        ("core/contacts.py", "class Contacts:\n    def block(self): ...\n"),
    ):
        (tree / "p2pchat" / place).parent.mkdir(exist_ok=True)
        (tree / "p2pchat" / place).write_text(text)
    found = habits.methods(tree).places
    assert found["block"] == ["p2pchat/core/contacts.py: Contacts.block"]
    assert found["gone"] == ["p2pchat/client/contacts.py: ContactCalls.gone"]


def test_a_forbidden_word_is_found_in_a_name(tree: Path) -> None:
    assert habits.words(tree).counts == {"each": 1, "facts": 1, "talk": 1}


def test_an_unplain_construction_is_counted_where_people_read_it(tree: Path) -> None:
    (tree / "p2pchat" / "core" / "mesh" / "mesh.py").write_text(
        '"""Whoever asks is told.\n\nNobody else, and no\nmore than once."""\n\n'
        'nobody = 1  # no more\nshown = f"{name} is here, nobody else"\n'
    )
    (tree / "docs").mkdir()
    (tree / "docs" / "chat.md").write_text("# Chat\n\nIt takes part no\nmore.\n")
    (tree / "CHANGELOG.md").write_text("Nobody waits.\n")
    assert habits.prose(tree).places == {
        "p2pchat/core:whoever": ["p2pchat/core/mesh/mesh.py:1"],
        "p2pchat/core:nobody": ["p2pchat/core/mesh/mesh.py:3", "p2pchat/core/mesh/mesh.py:7"],
        "p2pchat/core:no-more": ["p2pchat/core/mesh/mesh.py:6"],
        "docs:no-more": ["docs/chat.md:3"],
    }


def test_a_large_class_and_a_long_file_are_measured(tree: Path) -> None:
    methods = "".join(f"    def _{number}(self): ...\n" for number in range(26))
    (tree / "rendezvous" / "broker.py").write_text(f"class Broker:\n{methods}")
    (tree / "tests" / "core" / "mesh" / "test_mesh.py").write_text("\n" * 401)
    (tree / "scripts").mkdir()
    (tree / "scripts" / "bench").write_text("#!/usr/bin/env python3\n" + "\n" * 400)
    (tree / "scripts" / "words").write_text("\n" * 401)
    assert habits.sizes(tree) == {
        "rendezvous/broker.py:Broker": 26,
        "scripts/bench": 401,
        "tests/core/mesh/test_mesh.py": 401,
    }


def test_a_file_may_be_long_for_a_reason(tree: Path) -> None:
    head = '"""A table.\n\nLong because it has a row for each country.\n"""\n'
    (tree / "rendezvous" / "broker.py").write_text(head + "\n" * 400)
    assert habits.sizes(tree) == {}


def test_a_size_may_not_rise() -> None:
    now = {"a.py": 500, "a.py:Node": 30}
    assert habits.larger(now, {"a.py": 500, "a.py:Node": 31}) == []
    assert habits.larger(now, {"a.py": 499}) == [
        "a.py: 500 lines, more than 499",
        "a.py:Node: 30 methods, more than 25",
    ]
    assert habits.fewer(now, {"a.py": 510, "b.py": 600}) == {"a.py": 500}


def test_a_count_may_not_rise(tree: Path) -> None:
    now = habits.words(tree)
    assert habits.more("word", now, {"each": 1, "facts": 2, "talk": 1}) == []
    (line,) = habits.more("word", now, {"each": 1, "facts": 1})
    assert line == "word 'talk': 1, not 0 (rendezvous/broker.py:1: talk_id)"


def test_what_was_changed_is_named_first(tree: Path) -> None:
    (tree / "p2pchat" / "a.py").write_text("each = 1\n" * 9)
    (line,) = habits.more("word", habits.words(tree), {"facts": 1, "talk": 1}, ["p2pchat/core/mesh/mesh.py"])
    assert line.startswith("word 'each': 10, not 0 (p2pchat/core/mesh/mesh.py:")


def test_a_list_loses_what_is_better_and_gains_nothing(tree: Path) -> None:
    assert habits.fewer(habits.words(tree).counts, {"each": 3, "facts": 1, "whose": 2}) == {
        "each": 1,
        "facts": 1,
    }


def test_what_was_added_to_a_list_is_named() -> None:
    before, after = {"each": "3", "talk": "2"}, {"each": "4", "talk": "1", "way": "1"}
    assert habits.grown("words.txt", before, after) == [
        "words.txt has a higher count: each 4",
        "words.txt has a new line: way",
    ]


def test_a_file_that_moved_keeps_its_line() -> None:
    before, after = {"a/x.py": "tests/x.py"}, {"b/x.py": "tests/x.py", "b/y.py": "tests/x.py"}
    assert habits.grown("untested.txt", before, after) == ["untested.txt has a new line: b/y.py"]


def test_a_list_is_read_as_it_was_written() -> None:
    text = habits.written_list("# head\n", {"way": "1", "each": ""})
    assert text == "# head\neach\nway 1\n"
    assert habits.read_list(text) == {"way": "1", "each": ""}


def test_without_git_there_is_nothing_to_say_about_commits(tmp_path: Path) -> None:
    for part in ("p2pchat", "rendezvous", "scripts/kept", "scripts/support", "tests"):
        (tmp_path / part).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / part).symlink_to(ROOT / part)
    (tmp_path / "scripts" / "habits").write_text((ROOT / "scripts" / "habits").read_text())
    ran = subprocess.run(
        [sys.executable, str(tmp_path / "scripts" / "habits")],
        env={**environment(), "PATH": "", "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "no git here" in ran.stderr
    assert "characters" not in ran.stdout
