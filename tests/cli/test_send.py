"""What is sent is what was given; what is said of it is true."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from p2pchat.control.events import State
from p2pchat.errors import NotInTime
from p2pchat.wire.content import TEXT_LIMIT
from tests.cli.conftest import Run
from tests.support.fake_node import FakeNode

ID = "f" * 32


def test_the_id_is_the_payload_and_states_are_prose(p2pchat: Run, node: FakeNode) -> None:
    assert p2pchat("send", "bob", "see", "you", "at 8") == (0, f"{ID}\n", "relayed\ndelivered\n")
    assert node.sent == [("bob", "see you at 8")]


def test_json_is_one_receipt_for_each_state(p2pchat: Run, node: FakeNode) -> None:
    receipts = [json.loads(line) for line in p2pchat("send", "--json", "bob", "hi").lines]
    assert [receipt["state"] for receipt in receipts] == ["queued", "relayed", "delivered"]
    assert all(set(receipt) == {"type", "id", "state", "at"} for receipt in receipts)


def test_a_queued_message_is_printed_even_when_the_wait_fails(p2pchat: Run, node: FakeNode) -> None:
    class Slow(tuple[State, ...]):
        def __iter__(self) -> Iterator[State]:
            yield "queued"
            raise NotInTime("not delivered within 30 s; it stays queued and will still go out")

    node.states = Slow()
    ran = p2pchat("send", "bob", "hi")
    assert (ran.code, ran.out) == (6, f"{ID}\n")


def test_a_key_of_the_script_s_own_is_handed_on(p2pchat: Run, node: FakeNode) -> None:
    p2pchat("send", "--id", "backup of Monday", "bob", "done")
    assert node.keys == ["backup of Monday"]


@pytest.mark.parametrize(
    ("stdin", "text"),
    [
        (b"hi", "hi"),
        (b"hi\n", "hi"),
        (b"hi\r\n", "hi"),
        (b"two\nlines\n\n", "two\nlines\n"),
        ("żółć 👩‍🚀 שלום".encode(), "żółć 👩‍🚀 שלום"),
        (b"\x1b[31mred", "\x1b[31mred"),
        (b"x" * TEXT_LIMIT + b"\n", "x" * TEXT_LIMIT),
    ],
)
def test_stdin_is_sent_without_its_last_line_break(
    stdin: bytes, text: str, p2pchat: Run, node: FakeNode
) -> None:
    assert p2pchat("send", "bob", "-", stdin=stdin).code == 0
    assert node.sent == [("bob", text)]


@pytest.mark.parametrize(
    ("stdin", "code"),
    [(b"", 2), (b"\n", 2), (b"\xff\xfe", 2), (b"x" * (TEXT_LIMIT + 1), 5), (b"x" * 10**6, 5)],
)
def test_stdin_that_is_no_message_is_refused(stdin: bytes, code: int, p2pchat: Run, node: FakeNode) -> None:
    assert p2pchat("send", "bob", "-", stdin=stdin).code == code
    assert node.sent == []


def test_an_argument_of_broken_utf8_is_refused(p2pchat: Run, node: FakeNode) -> None:
    assert p2pchat("send", "bob", "caf\udce9").code == 2


def test_text_may_begin_with_dashes_after_two(p2pchat: Run, node: FakeNode) -> None:
    assert p2pchat("send", "--wait", "queued", "bob", "--", "--yes").code == 0
    assert node.sent == [("bob", "--yes")]


def test_a_message_left_to_a_node_that_ends_now_says_what_it_needs(p2pchat: Run, node: FakeNode) -> None:
    node.runs_here = True
    assert "p2pchat node run" in p2pchat("send", "--wait", "queued", "bob", "hi").err
