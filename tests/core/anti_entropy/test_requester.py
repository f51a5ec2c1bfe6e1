"""Pulling ends, with or without all cells, whatever the neighbour answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

import pytest

from p2pchat.core.anti_entropy.hold import Hold, cell_key, slot_at
from p2pchat.core.anti_entropy.keyset import WHOLE
from p2pchat.core.anti_entropy.requester import (
    ASK_BELOW,
    LISTED,
    PROGRESS_CELLS,
    PROGRESS_S,
    PULL_S,
    WINDOW,
    Question,
    Requester,
    Role,
)
from p2pchat.core.anti_entropy.responder import STEPS_BURST, STEPS_PER_S, Answer, Responder
from p2pchat.core.anti_entropy.sketch import TABLE_BYTES
from p2pchat.core.kit.allowance import CELLS_PER_S, DAY_S, LEAST, Allowance
from p2pchat.core.kit.budget import Budget
from p2pchat.crypto.envelope import epoch_at
from p2pchat.crypto.kdf import digest
from p2pchat.types import CellId, CellKey
from p2pchat.wire.geometry import GEOMETRY
from p2pchat.wire.reconcile import (
    INTERVALS_MAX,
    KEYS_MAX,
    CellRequest,
    Horizon,
    InSync,
    KeyList,
    RoleSwap,
    SketchRequest,
    Summary,
)
from tests.support.holds import MESH, NOW, Side, name, serving_of

NOISE = b"".join(digest(b"%d" % each, 32) for each in range(TABLE_BYTES // 32))


def pull(side: Side, role: Role = Role.FIRST) -> tuple[Requester, SketchRequest]:
    """A pull that has just asked for the first time."""
    cells = Allowance(side.hold.capacity, NOW)
    made = Requester(side.hold, role, Budget(NOW, STEPS_PER_S, STEPS_BURST), cells, NOW)
    (ask,) = made.ask_first(NOW)
    assert isinstance(ask, SketchRequest)
    return made, ask


def made_up(label: str, count: int) -> tuple[CellKey, ...]:
    return tuple(CellKey(digest(f"{label} {each}".encode(), 8)) for each in range(count))


def listing(ask: SketchRequest, keys: tuple[CellKey, ...], index: int = 0) -> KeyList:
    return KeyList(ask.serial, index, ask.view, keys)


def honest(serving: Responder, ask: SketchRequest) -> list[Answer]:
    return serving.answer_request(ask, NOW)


def wanted(out: list[Question]) -> int:
    return sum(len(each.keys) for each in out if isinstance(each, CellRequest))


def test_the_first_question_is_about_everything() -> None:
    _, ask = pull(Side(range(5)))
    assert (ask.intervals, len(ask.digest)) == ((WHOLE,), 8)


def test_equal_holds_are_done_at_once() -> None:
    pulling, ask = pull(Side(range(5)))
    assert pulling.on_answer(InSync(ask.serial), NOW) == []
    assert pulling.over and not pulling.failed


@pytest.mark.parametrize(
    ("role", "turns"), [(Role.FIRST, [RoleSwap(True)]), (Role.SECOND, [RoleSwap(True)]), (Role.LAST, [])]
)
def test_the_asking_is_handed_on_if_the_neighbour_lacks_something_but_not_for_ever(
    role: Role, turns: list[RoleSwap]
) -> None:
    pulling, ask = pull(Side(range(5)), role)
    assert pulling.on_answer(listing(ask, ()), NOW) == turns
    assert pulling.over


def test_much_is_better_asked_by_the_node_that_lacks_it() -> None:
    pulling, ask = pull(Side(range(2000)))
    (answer,) = honest(serving_of(Side(range(500)).hold), ask)
    assert pulling.on_answer(answer, NOW) == [RoleSwap(last=False)]
    assert pulling.over


def test_what_was_handed_back_is_not_handed_back_again() -> None:
    pulling, ask = pull(Side(range(2000)), Role.SECOND)
    (answer,) = honest(serving_of(Side(range(500)).hold), ask)
    (next_ask,) = pulling.on_answer(answer, NOW)
    assert isinstance(next_ask, SketchRequest) and len(next_ask.intervals) > 1


def test_few_cells_are_wanted_at_a_time_and_more_as_they_come() -> None:
    pulling, ask = pull(Side())
    (answer,) = honest(serving_of(Side(range(3000)).hold), ask)
    (second,) = pulling.on_answer(answer, NOW)
    assert isinstance(second, SketchRequest)
    out: list[Question] = []
    for each in honest(serving_of(Side(range(3000)).hold), second):
        out += pulling.on_answer(each, NOW)
    assert KEYS_MAX < wanted(out) <= WINDOW
    assert not any(isinstance(each, SketchRequest) for each in out), f"{ASK_BELOW} are enough to go on with"
    keys = [key for each in out if isinstance(each, CellRequest) for key in each.keys]
    more: list[Question] = []
    for key in keys:
        assert pulling.on_arrival(key)
        more += pulling.on_recovered(NOW)
    assert KEYS_MAX <= wanted(more) <= 2 * WINDOW


@pytest.mark.parametrize(
    "spoil",
    [
        lambda ask: InSync(ask.serial + 1),
        lambda ask: KeyList(ask.serial + 1, 0, ask.view, made_up("x", 3)),
        lambda ask: KeyList(ask.serial, 1, ask.view, made_up("x", 3)),
        lambda ask: KeyList(ask.serial, 0, Horizon(ask.view.floor - 1, 0), made_up("x", 3)),
        lambda ask: KeyList(ask.serial, 0, Horizon(ask.view.floor + 100, 0), made_up("x", 3)),
        lambda ask: KeyList(ask.serial, 0, Horizon(ask.view.floor, slot_at(NOW) + 100), made_up("x", 3)),
    ],
)
def test_an_answer_to_no_question_of_ours_changes_nothing(spoil: Callable[[SketchRequest], Answer]) -> None:
    pulling, ask = pull(Side(range(5)))
    assert pulling.on_answer(spoil(ask), NOW) == []
    assert not pulling.over
    assert wanted(pulling.on_answer(listing(ask, made_up("x", 3)), NOW)) == 3


def test_pieces_that_fill_the_last_question_are_not_followed_by_an_empty_one() -> None:
    pulling, ask = pull(Side())
    (cut,) = pulling.on_answer(Summary(ask.serial, 0, ask.view, LISTED * INTERVALS_MAX, NOISE), NOW)
    assert isinstance(cut, SketchRequest) and len(cut.intervals) == INTERVALS_MAX
    for index in range(INTERVALS_MAX):
        assert pulling.on_answer(listing(cut, (), index), NOW) == []
    assert pulling.over and not pulling.failed


def test_each_interval_is_answered_once_and_by_its_own_keys() -> None:
    pulling, ask = pull(Side())
    (cut,) = pulling.on_answer(Summary(ask.serial, 0, ask.view, 1000, NOISE), NOW)
    assert isinstance(cut, SketchRequest)
    elsewhere = CellKey(bytes(8))
    inside = CellKey(cut.intervals[1][0].to_bytes(8, "big"))
    out = pulling.on_answer(listing(cut, (elsewhere, inside), 1), NOW)
    assert out == [CellRequest((inside,))]
    assert pulling.on_answer(listing(cut, made_up("x", 3), 1), NOW) == []


def test_cells_that_never_come_are_given_up() -> None:
    pulling, ask = pull(Side())
    assert wanted(pulling.on_answer(listing(ask, made_up("x", KEYS_MAX)), NOW)) == KEYS_MAX
    assert pulling.next_wakeup() == NOW + PROGRESS_S
    pulling.tick(NOW + PROGRESS_S - 1)
    assert not pulling.over
    assert pulling.tick(NOW + PROGRESS_S) == []
    assert pulling.failed


def test_a_neighbour_that_says_nothing_is_given_up() -> None:
    pulling, _ = pull(Side())
    pulling.tick(NOW + PROGRESS_S)
    assert pulling.failed


def test_cells_made_up_without_end_come_to_an_end() -> None:
    pulling, ask = pull(Side())
    out, now, number = pulling.on_answer(Summary(ask.serial, 0, ask.view, 2**32 - 1, NOISE), NOW), NOW, 0
    while not pulling.over:
        now += PROGRESS_S / 5
        assert now <= NOW + PULL_S + PROGRESS_S
        queue, out = out, []
        for each in queue:
            if isinstance(each, SketchRequest):
                for index, (low, high) in enumerate(each.intervals):
                    count = min(KEYS_MAX, high - low)
                    keys = tuple(CellKey((low + (number << 8) + k).to_bytes(8, "big")) for k in range(count))
                    number += 1
                    out += pulling.on_answer(KeyList(each.serial, index, each.view, keys), now)
            elif isinstance(each, CellRequest):
                for key in each.keys:
                    assert pulling.on_arrival(key)
                    out += pulling.on_recovered(now)
        out += pulling.tick(now)
    assert pulling.failed
    assert now >= NOW + PULL_S


def test_a_trickle_is_not_enough_while_others_wait() -> None:
    pulling, ask = pull(Side())
    pulling.on_answer(listing(ask, made_up("x", KEYS_MAX)), NOW)
    for key in made_up("x", KEYS_MAX - 1):
        assert pulling.on_arrival(key)
        pulling.on_recovered(NOW)
    pulling.tick(NOW + PROGRESS_S)
    assert pulling.failed and KEYS_MAX < PROGRESS_CELLS


@pytest.mark.parametrize("size", [0, 2**32 - 1])
def test_sketches_that_never_agree_come_to_an_end(size: int) -> None:
    pulling, ask = pull(Side(range(5000)), Role.LAST)
    asked, now = 0, NOW
    while not pulling.over:
        asked += 1
        now += 0.1
        answers = [Summary(ask.serial, i, ask.view, size, NOISE) for i in range(len(ask.intervals))]
        out = [each for answer in answers for each in pulling.on_answer(answer, now)] + pulling.tick(now)
        assert all(isinstance(each, SketchRequest) for each in out)
        ask = next((each for each in out if isinstance(each, SketchRequest)), ask)
    assert pulling.failed
    assert asked <= PROGRESS_S / 0.1 + 1


def test_comparing_that_costs_too_much_is_given_up() -> None:
    steps = Budget(NOW, STEPS_PER_S, STEPS_BURST)
    pulling = Requester(Side(range(1000)).hold, Role.FIRST, steps, Allowance(1000, NOW), NOW)
    (ask,) = pulling.ask_first(NOW)
    assert isinstance(ask, SketchRequest)
    steps.spend_tokens(STEPS_BURST)
    pulling.on_answer(listing(ask, ()), NOW)
    assert pulling.failed


def test_a_neighbour_s_lie_about_our_own_cells_costs_a_turn_at_most() -> None:
    side = Side(range(40))
    pulling, ask = pull(side)
    theirs = tuple(cell_key(name(each)) for each in range(40))
    assert pulling.on_answer(listing(ask, theirs), NOW) == []
    assert pulling.over and not pulling.failed


def pulled(there: Hold, allowance: Allowance, now: float = NOW) -> tuple[set[CellKey], Requester]:
    """All questions of an empty node to a neighbour with this hold, and the pull."""
    here, serving = Hold(MESH, (), 1 << 27), serving_of(there, now)
    pulling = Requester(here, Role.FIRST, Budget(now, 1e9, 1e9), allowance, now)
    got: set[CellKey] = set()
    questions = deque(pulling.ask_first(now))
    while questions or not pulling.over:
        if not questions:
            now = max(now + 0.01, pulling.next_wakeup())
            questions += pulling.tick(now)
            continue
        question = questions.popleft()
        if isinstance(question, SketchRequest):
            for answer in serving.answer_request(question, now):
                questions += pulling.on_answer(answer, now)
        elif isinstance(question, CellRequest):
            for key in question.keys:
                assert pulling.on_arrival(key)
                got.add(key)
                questions += pulling.on_recovered(now)
    return got, pulling


def held(ids: Iterable[CellId]) -> Hold:
    hold = Hold(MESH, (), 1 << 28)
    for each in ids:
        hold.add(each, epoch_at(NOW), bytes(GEOMETRY.cell), NOW - 3600.0)
    return hold


@pytest.mark.parametrize("prefixes", [1, 16])
def test_cells_whose_keys_begin_alike_on_purpose_do_not_stop_catching_up(prefixes: int) -> None:
    honest = [CellId(digest(b"%d" % each, 16)) for each in range(2000)]
    alike = [CellId(digest(b"%d" % (each % prefixes), 4) + digest(b"x%d" % each, 12)) for each in range(2064)]
    got, pulling = pulled(held([*honest, *alike]), Allowance(1 << 20, NOW))
    assert got == {cell_key(each) for each in (*honest, *alike)}
    assert not pulling.failed


def test_an_interval_that_cannot_be_read_is_given_up_and_the_others_go_on() -> None:
    """Its answers never agree with what they answer before; most others have not been asked about by then."""
    pulling, ask = pull(Side())
    (cut,) = pulling.on_answer(Summary(ask.serial, 0, ask.view, 50_000, NOISE), NOW)
    assert isinstance(cut, SketchRequest) and len(cut.intervals) == INTERVALS_MAX
    got: set[CellKey] = set()
    questions = deque[Question]([cut])
    for _ in range(10_000):
        if not questions:
            break
        question = questions.popleft()
        if isinstance(question, CellRequest):
            got.update(question.keys)
            for key in question.keys:
                pulling.on_arrival(key)
                questions += pulling.on_recovered(NOW)
        elif isinstance(question, SketchRequest):
            for index, (low, _) in enumerate(question.intervals):
                lies = low == 0
                keys = (CellKey(low.to_bytes(8, "big")),)
                answer = Summary(question.serial, index, question.view, 500, NOISE) if lies else None
                questions += pulling.on_answer(
                    answer or KeyList(question.serial, index, question.view, keys), NOW
                )
    assert pulling.over and pulling.failed
    assert max(got) >= b"\xc0"


def test_a_neighbour_brings_at_most_its_allowance_in_a_day() -> None:
    made_up_cells = held(CellId(digest(b"%d" % each, 16)) for each in range(30_000))
    allowance = Allowance(0, NOW)
    got, pulling = pulled(made_up_cells, allowance)
    assert pulling.failed
    assert LEAST - KEYS_MAX < len(got) <= LEAST + KEYS_MAX
    assert allowance.is_spent(NOW + 120.0)
    assert not allowance.is_spent(NOW + DAY_S / 2)


def test_a_neighbour_brings_at_most_in_a_second_what_one_of_us_serves() -> None:
    allowance = Allowance(1 << 20, NOW)
    allowance.spend_cells(allowance.cells_left(NOW))
    assert allowance.cells_left(NOW) == 0
    assert allowance.cells_left(NOW + 1.0) == CELLS_PER_S
