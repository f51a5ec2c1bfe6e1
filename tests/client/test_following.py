"""Each state is told once and in order, and in a room each number of members."""

from __future__ import annotations

from p2pchat.client.following import report_once
from p2pchat.control.events import HindranceEvent, ReceiptEvent, State
from tests.support.fake_node import AT, told


def receipt(state: State, reached: int | None = None) -> ReceiptEvent:
    more = {"reached": reached, "of": 3} if reached is not None else {}
    return told(ReceiptEvent, id="1", state=state, at=AT, **more)


def test_a_state_that_comes_again_is_told_once() -> None:
    states: list[str] = []
    report = report_once(lambda event: states.append(event.state), None)
    for state in ("queued", "relayed", "queued", "relayed", "delivered"):
        report(receipt(state))
    assert states == ["queued", "relayed", "delivered"]


def test_in_a_room_more_members_are_news_and_fewer_are_not() -> None:
    numbers: list[object] = []
    report = report_once(lambda event: numbers.append((event.state, event.as_record().get("reached"))), None)
    for state, reached in (
        ("queued", None),
        ("relayed", 0),
        ("relayed", 2),
        ("relayed", 1),
        ("delivered", 2),
    ):
        report(receipt(state, reached))  # type: ignore[arg-type]
    assert numbers == [("queued", None), ("relayed", 0), ("relayed", 2), ("delivered", 2)]


def test_what_is_in_the_way_is_told_in_a_sentence() -> None:
    reasons: list[str] = []
    report_once(None, reasons.append)(told(HindranceEvent, id="1", why="no way"))
    assert reasons == ["no way"]
