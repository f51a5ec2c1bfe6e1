"""What is missing is asked for a while later, of one member and then of another, and at last given up."""

from __future__ import annotations

from p2pchat.core.kit.moments import NEVER
from p2pchat.core.room.asks import DEAF_TIMES, QUIET_S, ROUND_S, SILENCE_S, SOON_S, TRIES, RoomAsks
from p2pchat.core.room.flow import mean_frontier_gap
from p2pchat.core.room.messages import name_sender
from p2pchat.types import EntryId
from p2pchat.wire.room_words import NumberSpan
from tests.support.room_world import DAY_S, RoomWorld


class Lacking:
    """anna, who misses something of ben's; ben, carl and dora are there."""

    def __init__(self, seed: int) -> None:
        self.world = RoomWorld(seed, "anna", "ben", "carl", "dora")
        self.room = self.world.room("anna")
        self.now = self.world.now
        self.asks = RoomAsks(
            self.room.changes,
            self.room.state,
            self.room.flow,
            lambda: False,
            self.world.entropy.make_child("asks"),
            self.now,
        )
        self.ben = self.world["ben"].id
        for name in ("ben", "carl", "dora"):
            self.asks.note_spoke(self.world[name].id, self.now)
        self.room.flow.numbers.note_claim(self.ben, 2)
        self.asks.look_at_needs(self.now)

    @property
    def missing(self) -> NumberSpan:
        return NumberSpan(name_sender(self.ben), 1, 2)

    def ask_next(self) -> str:
        """Who is asked next."""
        self.now = self.asks.ask_at
        chosen = self.asks.choose_ask(self.now)
        assert chosen is not None
        return self.world.names_of([chosen[0]])[0]


def test_nothing_is_asked_where_nothing_is_missing() -> None:
    lacking = Lacking(1)
    assert lacking.asks.ask_at <= lacking.now + SOON_S[1]
    lacking.room.flow.numbers.note_span(lacking.ben, 1, 2)
    lacking.asks.look_at_needs(lacking.now)
    assert lacking.asks.ask_at == NEVER and not lacking.asks.list_needs()


def test_who_says_that_it_has_it_is_asked_first_then_the_others() -> None:
    lacking = Lacking(2)
    carl = lacking.world["carl"].id
    lacking.room.flow.claims[carl] = {lacking.ben: 2}
    assert lacking.asks.choose_ask(lacking.now) is None, "it may be on its way"
    assert lacking.ask_next() == "carl"
    assert lacking.asks.ask_at == lacking.now + SILENCE_S
    assert {lacking.ask_next(), lacking.ask_next()} == {"ben", "dora"}


def test_an_answer_is_at_its_end_when_all_letters_are_here() -> None:
    lacking = Lacking(3)
    name = lacking.ask_next()
    member = lacking.world[name].id
    assert not lacking.asks.note_answer(lacking.room.own, 1, lacking.now), "no member asked that one"
    assert not lacking.asks.note_answer(member, 2, lacking.now), "the first letter is to come"
    assert lacking.asks.note_answer(member, None, lacking.now)
    assert lacking.asks.ask_at < lacking.now + SILENCE_S


def answer_all(lacking: Lacking, deny: bool) -> None:
    for _ in range(3):
        member = lacking.world[lacking.ask_next()].id
        if deny:
            lacking.asks.note_denial(member, lacking.missing)
        assert lacking.asks.note_answer(member, 1, lacking.now)
    lacking.now = lacking.asks.ask_at
    assert lacking.asks.choose_ask(lacking.now) is None


def test_what_all_say_they_lack_is_given_up() -> None:
    lacking = Lacking(4)
    answer_all(lacking, deny=True)
    given_up = lacking.asks.end_round(lacking.now)
    assert given_up is not None
    assert [(span.sender, span.first) for span in given_up.spans] == [
        (name_sender(lacking.ben), 1),
        (name_sender(lacking.ben), 2),
    ]
    assert lacking.asks.ask_at == lacking.now + ROUND_S


def test_what_one_did_not_deny_is_not_given_up() -> None:
    lacking = Lacking(5)
    answer_all(lacking, deny=False)
    given_up = lacking.asks.end_round(lacking.now)
    assert given_up is not None and not given_up.spans


def test_what_a_member_wrote_who_is_away_is_not_given_up() -> None:
    lacking = Lacking(6)
    answer_all(lacking, deny=True)
    lacking.asks.spoke_at[lacking.ben] = lacking.now - 2 * DAY_S
    given_up = lacking.asks.end_round(lacking.now)
    assert given_up is not None and not given_up.spans


def test_an_entry_is_given_up_after_three_rounds() -> None:
    lacking = Lacking(7)
    lacking.room.flow.numbers.note_span(lacking.ben, 1, 2)
    lacking.room.changes.log.note_head(EntryId(b"x" * 32))
    rounds = []
    for _ in range(3):
        lacking.asks.look_at_needs(lacking.now)
        answer_all(lacking, deny=False)
        given_up = lacking.asks.end_round(lacking.now)
        assert given_up is not None
        rounds.append(given_up.entries)
    assert rounds == [(), (), (EntryId(b"x" * 32),)]


def test_who_hears_the_others_no_more_asks_one_of_them() -> None:
    lacking = Lacking(8)
    lacking.room.flow.numbers.note_span(lacking.ben, 1, 2)
    lacking.asks.look_at_needs(lacking.now)
    lacking.now += QUIET_S
    lacking.asks.note_spoke(lacking.world["dora"].id, lacking.now)
    lacking.asks.listen_for_silence(lacking.now)
    lacking.asks.look_at_needs(lacking.now)
    assert lacking.ask_next() in ("ben", "carl")


def test_who_hears_most_of_the_others_is_not_worried() -> None:
    lacking = Lacking(9)
    lacking.room.flow.numbers.note_span(lacking.ben, 1, 2)
    lacking.now += QUIET_S
    for name in ("carl", "dora"):
        lacking.asks.note_spoke(lacking.world[name].id, lacking.now)
    lacking.asks.listen_for_silence(lacking.now)
    lacking.asks.look_at_needs(lacking.now)
    assert not lacking.asks.list_needs()
    assert lacking.asks.next_wakeup() == lacking.now + DEAF_TIMES * mean_frontier_gap(4) / 3


def test_who_is_there_and_does_not_come_to_an_end_is_asked_again_in_the_same_round() -> None:
    lacking = Lacking(10)
    asked = [lacking.ask_next() for _ in range(3 * TRIES)]
    assert sorted(asked[:3]) == sorted(asked[3:6]) == ["ben", "carl", "dora"]
    lacking.now = lacking.asks.ask_at
    assert lacking.asks.choose_ask(lacking.now) is None and lacking.asks.end_round(lacking.now) is not None


def test_who_was_not_heard_for_an_hour_is_asked_once_in_a_round() -> None:
    lacking = Lacking(11)
    for name in ("ben", "carl", "dora"):
        lacking.asks.spoke_at[lacking.world[name].id] = lacking.now - QUIET_S
    assert {lacking.ask_next() for _ in range(3)} == {"ben", "carl", "dora"}
    lacking.now = lacking.asks.ask_at
    assert lacking.asks.choose_ask(lacking.now) is None


def end_round(lacking: Lacking) -> float:
    """All answer, and do not deny; how long it is to the next round."""
    answer_all(lacking, deny=False)
    assert lacking.asks.end_round(lacking.now) is not None
    return lacking.asks.ask_at - lacking.now


def test_rounds_come_at_longer_intervals_while_nothing_comes() -> None:
    lacking = Lacking(12)
    assert [end_round(lacking) for _ in range(4)] == [ROUND_S, 2 * ROUND_S, 4 * ROUND_S, 8 * ROUND_S]
    lacking.room.flow.numbers.note_number(lacking.ben, 1)
    assert end_round(lacking) == ROUND_S, "something came"


def test_what_is_newly_missing_does_not_wait_for_the_next_round() -> None:
    lacking = Lacking(13)
    for _ in range(4):
        end_round(lacking)
    lacking.asks.look_at_needs(lacking.now)
    assert lacking.asks.ask_at > lacking.now + ROUND_S
    lacking.room.flow.numbers.note_claim(lacking.ben, 3)
    lacking.asks.look_at_needs(lacking.now)
    assert lacking.asks.ask_at <= lacking.now + SOON_S[1]


def quiet(seed: int) -> Lacking:
    """anna hears dora alone, who may be as far behind."""
    lacking = Lacking(seed)
    lacking.room.flow.numbers.note_span(lacking.ben, 1, 2)
    lacking.asks.spoke_at.clear()  # as after a crash
    lacking.now += QUIET_S
    lacking.asks.note_spoke(lacking.world["dora"].id, lacking.now)
    lacking.asks.listen_for_silence(lacking.now)
    lacking.asks.look_at_needs(lacking.now)
    return lacking


def test_after_a_crash_too_those_are_asked_first_that_are_not_heard() -> None:
    assert all(quiet(seed).ask_next() in ("ben", "carl") for seed in range(14, 20))


def test_one_answer_does_not_end_the_silence() -> None:
    lacking = quiet(20)
    for needed in (True, False):
        member = lacking.world[lacking.ask_next()].id
        assert lacking.asks.note_answer(member, 1, lacking.now)
        assert lacking.asks.list_needs().behind is needed
