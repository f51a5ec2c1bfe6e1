"""The demo: its plan, the path of a cell, and the words about it; and one real mesh from start to end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.cli.run import run
from p2pchat.demo.cell_path import CELLS_MAX, FirstSight, Passage, Sights, hops, names
from p2pchat.demo.exchange import TEXTS, Exchange
from p2pchat.demo.layout import ECHO, NEIGHBOURS_MAX, YOU, Layout, connected, layout_of
from p2pchat.demo.picture import HEIGHT, mesh_picture, narration, positions
from p2pchat.demo.transcript import failure_of, record_of
from p2pchat.types import MessageId
from p2pchat.wire.content import Text
from p2pchat.wire.fragment import split
from p2pchat.wire.payload import encode_payload

SIZES = st.integers(5, 20)


def at(milliseconds: int) -> str:
    return f"2026-01-02T03:04:05.{milliseconds:03}Z"


def sight(
    node: str, source: str | None, milliseconds: int = 0, cell: str = "c1", forwarded: int = 2
) -> FirstSight:
    return FirstSight(node, cell, source, forwarded, at(milliseconds))


def seen(*all_of_them: FirstSight) -> Sights:
    sights = Sights()
    for each in all_of_them:
        sights.add(each)
    return sights


# --- who meets whom


def test_seven_nodes_stand_in_four_layers() -> None:
    layout = layout_of(7)

    assert layout.layers == ((YOU,), ("r1", "r2", "r3"), ("r4", "r5"), (ECHO,))
    assert layout.places == 3
    assert layout.places_of(YOU) == (0,)
    assert layout.places_of("r2") == (0, 1)
    assert layout.places_of("r4") == (1, 2)
    assert layout.places_of(ECHO) == (2,)


@given(SIZES)
def test_all_nodes_have_a_place_and_you_and_echo_meet_only_relays(nodes: int) -> None:
    layout = layout_of(nodes)

    assert len(layout.names) == len(set(layout.names)) == nodes
    assert len(layout.relays) == nodes - 2
    assert connected(layout.possible_links(), YOU, ECHO)


@given(SIZES)
def test_between_you_and_echo_are_at_least_two_relays(nodes: int) -> None:
    links = layout_of(nodes).possible_links()
    near_you = {name for pair in links if YOU in pair for name in pair}

    assert ECHO not in near_you
    assert not any(pair == {near, ECHO} for near in near_you for pair in links)


@given(SIZES)
def test_a_member_meets_only_as_many_as_it_may_link_with(nodes: int) -> None:
    layout = layout_of(nodes)
    links = layout.possible_links()

    assert max(sum(name in pair for pair in links) for name in layout.names) <= NEIGHBOURS_MAX


@given(SIZES)
def test_one_relay_may_fail_and_the_ends_still_reach_each_other(nodes: int) -> None:
    layout = layout_of(nodes)
    alone = {layer[0] for layer in layout.layers if len(layer) == 1}

    for lost in set(layout.relays) - alone:
        assert connected({pair for pair in layout.possible_links() if lost not in pair}, YOU, ECHO)


def test_four_nodes_are_too_few() -> None:
    with pytest.raises(ValueError, match="three relays"):
        layout_of(4)


def test_links_that_do_not_meet_connect_nothing() -> None:
    links = {frozenset((YOU, "r1")), frozenset(("r2", ECHO))}

    assert not connected(links, YOU, ECHO)
    assert connected(links | {frozenset(("r1", "r2"))}, YOU, ECHO)


# --- which way it took


def test_a_way_is_followed_back_from_its_end() -> None:
    sights = seen(sight(ECHO, "r4", 9), sight(YOU, None), sight("r4", "r1", 5), sight("r1", YOU, 2))

    way = sights.path_of("c1", ECHO)

    assert way is not None
    assert names(way) == [YOU, "r1", "r4", ECHO]
    assert hops(way) == 3


def test_what_passed_by_elsewhere_is_not_on_the_way() -> None:
    sights = seen(sight(YOU, None), sight("r1", YOU), sight("r2", YOU), sight("r4", "r2"), sight(ECHO, "r4"))

    way = sights.path_of("c1", ECHO)

    assert way is not None and names(way) == [YOU, "r2", "r4", ECHO]


def test_a_way_is_unknown_while_one_on_it_has_not_told() -> None:
    assert seen(sight(YOU, None), sight(ECHO, "r4")).path_of("c1", ECHO) is None
    assert seen(sight(YOU, None), sight("r4", YOU)).path_of("c1", ECHO) is None
    assert Sights().path_of("c1", ECHO) is None


def test_a_circle_is_no_way() -> None:
    assert seen(sight("r1", "r2"), sight("r2", "r1")).path_of("c1", "r1") is None


def test_of_two_sights_by_one_node_the_first_counts() -> None:
    way = seen(sight(YOU, None), sight(ECHO, YOU), sight(ECHO, "r9")).path_of("c1", ECHO)

    assert way is not None and names(way) == [YOU, ECHO]


def test_a_messages_cells_are_those_that_began_here_until_the_last_of_them_had_left() -> None:
    sights = seen(
        sight(YOU, None, 10, "greeting"),
        sight(YOU, None, 20, "piece 1"),
        sight(YOU, "r1", 20, "passing by"),
        sight(YOU, None, 21, "piece 2"),
        sight(YOU, None, 22, "receipt"),
    )

    assert sights.cells_from(YOU, at(20), at(21)) == ["piece 1", "piece 2"]


def test_an_onions_passages_lead_back_to_where_its_cell_was_written() -> None:
    sights = seen(sight(YOU, None, 0), sight("r4", "r2", 6), sight(ECHO, "r4", 9))
    for node, onion, became, source in (
        (YOU, "c1", "o1", None),
        ("r2", "o2", "o3", "r1"),
        ("r1", "o1", "o2", YOU),
        ("r4", "o3", "c1", "r2"),
        ("r2", "of another", "stem", "r3"),
    ):
        sights.add_passage(Passage(node, onion, became, source, at(1)))

    way = sights.path_of("c1", ECHO)

    assert way is not None
    assert names(way) == [YOU, "r1", "r2", "r4", ECHO]
    assert [each.onion for each in way] == [True, True, True, False, False]


def test_a_stem_that_is_not_known_yet_is_no_way() -> None:
    sights = seen(sight(YOU, None, 0), sight("r4", "r2", 6), sight(ECHO, "r4", 9))
    sights.add_passage(Passage("r4", "o3", "c1", "r2", at(1)))

    assert sights.path_of("c1", ECHO) is None


def test_the_oldest_cells_are_forgotten() -> None:
    sights = seen(*(sight(YOU, None, 0, f"cell {number}") for number in range(CELLS_MAX + 1)))

    assert sights.path_of("cell 0", YOU) is None
    assert sights.path_of("cell 1", YOU) is not None


# --- what is told of it

WAY = (sight(YOU, None, 0), sight("r1", YOU, 2), sight("r4", "r1", 5), sight(ECHO, "r4", 9, forwarded=0))


def exchange(text: str, echo: str | None) -> Exchange:
    return Exchange(text, echo, 0.05, 1, WAY)


def test_the_facts_are_those_of_what_happened() -> None:
    facts = record_of(layout_of(7), 15, [exchange("one", "one"), exchange("two", None)], 4.5)

    assert facts["nodes"] == 7
    assert facts["links"] == 15
    assert facts["hops"] == 3
    assert facts["path"] == [YOU, "r1", "r4", ECHO]
    assert (facts["sent"], facts["received"]) == (2, 1)
    assert facts["frame_bytes"] == 1152
    assert facts["seconds_to_first_echo"] == 4.5


def test_it_is_a_success_only_if_all_came_back_as_sent() -> None:
    assert failure_of([exchange("one", "one")]) is None
    assert "did not come back" in str(failure_of([exchange("one", "one"), exchange("two", None)]))
    assert "altered" in str(failure_of([exchange("one", "One")]))
    assert "by which way" in str(failure_of([Exchange("one", "one", 0.05, 1, None)]))


def test_every_node_on_the_way_is_told_of_with_its_time() -> None:
    told = narration("hello", WAY)

    assert [(name, time) for name, time, _ in told] == [
        (YOU, ""),
        ("r1", "+2 ms"),
        ("r4", "+5 ms"),
        (ECHO, "+9 ms"),
    ]
    assert [("hello" in what) for _, _, what in told] == [True, False, False, False]


@given(SIZES, st.integers(36, 120))
def test_the_picture_has_space_for_everybody(nodes: int, width: int) -> None:
    layout = layout_of(nodes)
    drawn = mesh_picture(layout, layout.names, layout.possible_links(), layout.names[:3], width).plain

    assert len(set(positions(layout, width).values())) == nodes
    assert [len(line) for line in drawn.split("\n")] == [width] * HEIGHT


def test_a_picture_of_ascii_only_is_ascii() -> None:
    layout = layout_of(7)

    assert mesh_picture(layout, [], layout.possible_links(), [], 80, ascii_only=True).plain.isascii()


# --- the command


def test_fewer_than_five_nodes_are_refused_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo", "--nodes", "4"]) == 2

    assert "at least 5" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "x" * 65537, "\ud800"])
def test_what_no_message_can_be_is_refused_before_anything_starts(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["demo", "--headless", "--message", text]) == 2

    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.real
def test_a_real_mesh_carries_messages_over_relays_and_leaves_nothing(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "TMPDIR": str(tmp_path),
        "P2PCHAT_HOME": "/nowhere",
        "P2PCHAT_ICE": "nonsense",
    }
    own = ["--message", "as\u202esent\x1b[31m", "--message", TEXTS[-1]]

    done = subprocess.run(
        [sys.executable, "-m", "p2pchat", "demo", "--headless", "--json", "--nodes", "5", *own],
        env=environment,
        capture_output=True,
        text=True,
        timeout=110,
    )

    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert (facts["nodes"], facts["sent"], facts["received"]) == (5, 2, 2)
    assert facts["path"][0] == YOU and facts["path"][-1] == ECHO
    assert facts["hops"] == len(facts["path"]) - 1 >= 3
    for text, told in zip(own[1::2], facts["transcript"], strict=True):
        pieces = len(split(encode_payload(Text(MessageId("0" * 32), 1e9, text))))
        others = told["cells"] - pieces
        assert 0 <= others <= 3, "beside its own what a new contact is told first, in two, and a receipt"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.real
def test_all_of_a_room_answer_in_it(tmp_path: Path) -> None:
    flags = ["--headless", "--json", "--room", "--nodes", "5", "--message", "hello, all"]

    done = subprocess.run(
        [sys.executable, "-m", "p2pchat", "demo", *flags],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=110,
    )

    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert (facts["room"], facts["sent"], facts["received"]) == (5, 1, 1)
    assert facts["path"][0] == YOU and facts["path"][-1] == ECHO


def test_a_layout_is_a_value() -> None:
    assert layout_of(6) == Layout(((YOU,), ("r1", "r2"), ("r3", "r4"), (ECHO,)))
