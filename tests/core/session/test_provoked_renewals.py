"""An attacker without keys of the pair causes no new session, and a thief of a copy of them gets no further
than decision 0024 says."""

from __future__ import annotations

import pytest

from p2pchat.core.session import answering, inquiry, own_tags, unconfirmed
from p2pchat.core.session.key_announcement import KeyAnnouncement
from p2pchat.core.session.recovery import RecoveryChannel
from p2pchat.core.session.session import Session
from p2pchat.core.session.standing import standing
from p2pchat.core.values import effects, user_inputs
from p2pchat.crypto.envelope import epoch_at
from p2pchat.crypto.recovery import PublicKey, RecoveryKey
from p2pchat.wire import codec
from p2pchat.wire.cell import Cell, encode_cell
from p2pchat.wire.fragment import Fragment
from p2pchat.wire.recovery import Living, SessionPosition, Word
from tests.core.messaging.test_messages import friends
from tests.support.copies import (
    add_copy_that_asks,
    copied,
    cut,
    forged,
    held,
    inject,
    put_back,
    received,
    repeated,
    said,
    session,
    talk,
    together,
    turns,
    twin,
    verified,
)
from tests.support.memory_store import MemoryStore
from tests.support.world import World


def by_a_thief(world: World, older: MemoryStore, word: Word) -> list[bytes]:
    """What an attacker says to the owner of that home, as its contact: the way there follows from its own
    recovery key."""
    (state,) = older.recoveries.values()
    read = codec.Reader(codec.unpack(state.state, 4 << 20))
    theirs = read.get_bytes("theirs")
    own = RecoveryKey(read.get_bytes("own"))
    line = RecoveryChannel(own, PublicKey(theirs[:32], theirs[32:]), world.sim.entropy.make_child("thief"))
    line._to = line._from
    return line.seal_word(word, epoch_at(world.now))


def words(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Word, list[bytes]]]:
    """All that any node says outside a session from now on, and its cells."""
    kept: list[tuple[Word, list[bytes]]] = []
    original = KeyAnnouncement.make_cells

    def cells(self: KeyAnnouncement, word: Word, now: float) -> list[bytes]:
        made = original(self, word, now)
        kept.append((word, made))
        return made

    monkeypatch.setattr(KeyAnnouncement, "make_cells", cells)
    return kept


def trusted(world: World, of: str, name: str) -> tuple[bool, str]:
    known = world.machines[of].store.contacts[world.contact(of, name)]
    return known.trust.verified, known.standing


def test_a_member_without_keys_who_writes_under_our_tags_does_nothing_while_the_contact_is_away() -> None:
    world = friends("r1", "r2", "r3")
    verified(world, "r1", "r2")
    said(world, "r1", "r2", 2, "hi")
    said(world, "r2", "r1", 2, "ho")
    world.run(20.0)
    world.kill("r2")
    world.run(5.0)
    world.send("r1", "r2", "for you when you are back")
    world.run(5.0)
    for raw in held(world, "r3"):
        inject(world, "r3", forged(raw))
        world.run(1.0)
    for tag in session(world, "r1", "r2")._chains.sending.peek_tags(own_tags.AHEAD):
        inject(world, "r3", forged(encode_cell(Cell(tag, epoch_at(world.now), bytes(8), bytes(897)))))
    world.idle(200.0)
    assert (trusted(world, "r1", "r2"), turns(world, "r1")) == ((True, ""), [])
    world.start("r2")
    world.idle(400.0)
    assert world.machines["r2"].store.received()[-1] == "for you when you are back"
    assert turns(world, "r1") == turns(world, "r2") == []
    assert trusted(world, "r1", "r2") == trusted(world, "r2", "r1") == (True, "")


def test_a_link_that_pauses_while_another_writes_under_our_tags_stops_nothing() -> None:
    world = friends("r1", "r2", "r3")
    said(world, "r1", "r2", 2, "hi")
    said(world, "r2", "r1", 2, "ho")
    world.run(20.0)
    for raw in held(world, "r3"):
        inject(world, "r3", forged(raw))
    world.run(3.0)
    mend = cut(world, "r1")
    world.run(70.0)
    mend()
    world.idle(200.0)
    assert turns(world, "r1") == turns(world, "r2") == []


@pytest.mark.parametrize("seed", range(4))
def test_a_copy_that_writes_ahead_does_not_stop_the_home_that_lives_and_says_nothing(seed: int) -> None:
    """Else both would have stopped, and the copy might be the first to ask."""
    world = friends("r1", "r2", "r3", seed=seed)
    said(world, "r2", "r1", 1, "before")
    older = copied(world, "r2")
    said(world, "r2", "r1", 1, "after the copy")
    world.run(30.0)
    other = twin(world, "r2", older)
    for _ in range(3):
        said(world, other, "r1", 1, "the copy says")
        world.run(40.0)
    assert "twin" in turns(world, other)
    assert together(world, "r1", "r2")
    assert "restored" not in turns(world, "r1") and "behind" not in turns(world, "r2")
    said(world, "r2", "r1", 1, "still the first")
    assert received(world, "r1", "still") == ["still the first 0"]


def test_a_link_that_pauses_while_a_copy_asks_does_not_cost_the_living_home_its_place() -> None:
    world = friends("r1", "r2", "r3")
    add_copy_that_asks(world)
    listening = talk(world, "r1", "r2")._reunion.answering
    world.run_until(lambda: listening.listening, 300.0)
    mend = cut(world, "r2")  # the living home hears no question for a while
    world.run(20.0)
    mend()
    world.idle(300.0)
    assert together(world, "r1", "r2")
    assert turns(world, "r1") == ["two"]
    assert turns(world, "r2") == ["copied"]


def test_what_is_asked_before_the_link_fails_is_no_silence() -> None:
    world = friends("r1", "r2", "r3")
    add_copy_that_asks(world)
    listening = talk(world, "r1", "r2")._reunion.answering
    world.run_until(lambda: listening.listening, 300.0)
    mend = cut(world, "r1")  # the one who asks in the session is cut off
    world.run(60.0)
    world.idle(540.0)
    mend()
    world.idle(300.0)
    assert together(world, "r1", "r2")
    assert "restored" not in turns(world, "r1")


def test_an_answer_that_was_kept_is_of_no_use_once_the_living_home_is_back() -> None:
    world = friends("r1", "r2", "r3")
    said(world, "r2", "r1", 1, "before")
    older = copied(world, "r2")
    said(world, "r2", "r1", 3, "after the copy")
    said(world, "r1", "r2", 1, "x")
    world.run(30.0)
    world.kill("r2")
    world.run(20.0)
    other = twin(world, "r2", older)
    world.run(1.0)
    world.send(other, "r1", "the thief tries")
    answers = talk(world, "r1", "r2")._reunion.answering
    world.run_until(lambda: answers.listening, 900.0)
    mend = cut(world, other)
    world.run_until(lambda: answers.answered, 120.0)
    world.start("r2")
    world.run(20.0)
    said(world, "r2", "r1", 5, "alive")
    world.idle(1500.0)
    mend()
    for number in range(30):
        said(world, "r2", "r1", 1, f"alive {number}")
        world.run(10.0)
    assert together(world, "r1", "r2")
    assert (set(turns(world, "r1")), set(turns(world, "r2"))) == ({"two"}, {"copied"})
    world.send("r1", "r2", "secret")
    world.run(10.0)
    assert world.machines["r2"].store.received()[-1] == "secret"
    assert "secret" not in world.machines[other].store.received()


def test_an_unconfirmed_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unconfirmed, "PENDING_S", 3600.0)
    world = friends("r1", "r2", "r3")
    said(world, "r2", "r1", 1, "before")
    older = copied(world, "r2")
    said(world, "r2", "r1", 3, "after the copy")
    world.kill("r2")
    other = twin(world, "r2", older)
    world.run(1.0)
    world.send(other, "r1", "the thief tries")
    answers = talk(world, "r1", "r2")._reunion.answering
    world.run_until(lambda: answers.listening, 900.0)
    mend = cut(world, other)
    world.run_until(lambda: answers.answered, 120.0)
    world.kill(other)
    mend()
    world.idle(3500.0)
    assert answers.answered
    world.idle(160.0)
    assert not answers.answered


@pytest.mark.parametrize("contact_is_away", [False, True])
def test_a_copy_of_our_keys_does_not_stop_us_by_saying_where_our_contact_stands(
    contact_is_away: bool,
) -> None:
    world = friends("r1", "r2", "r3")
    verified(world, "r1", "r2")
    said(world, "r2", "r1", 1, "before")
    older = copied(world, "r2")
    said(world, "r2", "r1", 3, "after")
    world.run(60.0)
    if contact_is_away:
        world.kill("r1")
        world.run(5.0)
    ours = session(world, "r2", "r1").name
    for word in (
        SessionPosition(ours, 2**32 - 1, 0),
        SessionPosition(b"unknown!", 1, 1),
        Living(bytes(16), b""),
    ):
        for cell in by_a_thief(world, older, word):
            inject(world, "r3", cell)
        world.idle(700.0)
    assert turns(world, "r2") == []
    if contact_is_away:
        world.start("r1")
    world.idle(300.0)
    said(world, "r2", "r1", 1, "still here")
    assert (turns(world, "r1"), turns(world, "r2")) == ([], [])
    assert received(world, "r1", "still") == ["still here 0"]
    assert trusted(world, "r2", "r1") == (True, "")


def test_a_word_about_a_session_of_before_does_not_stop_the_one_of_a_new_pairing() -> None:
    world = friends("r1", "r2", "r3")
    said(world, "r1", "r2", 2, "hi")
    said(world, "r2", "r1", 2, "ho")
    world.run(10.0)
    cells = talk(world, "r2", "r1")._reunion.keys.make_cells(standing(session(world, "r2", "r1")), world.now)
    code = world.invite("r1")
    done = len(world.machines["r2"].events(effects.InviteCompleted))
    world.tell("r2", user_inputs.InviteEntered(77, code, None, (), world.now + 60))
    world.run_until(lambda: len(world.machines["r2"].events(effects.InviteCompleted)) > done)
    world.run(30.0)
    verified(world, "r1", "r2")
    said(world, "r1", "r2", 2, "hi again")
    world.run(30.0)
    world.kill("r2")
    world.run(10.0)
    for cell in cells:
        inject(world, "r3", cell)
    world.idle(300.0)
    assert (trusted(world, "r1", "r2"), turns(world, "r1")) == ((True, ""), [])
    world.start("r2")
    world.idle(300.0)
    assert (trusted(world, "r1", "r2"), turns(world, "r1")) == ((True, ""), [])


def test_a_contact_who_makes_us_begin_anew_again_and_again_does_it_ever_more_seldom(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = friends("r1", "r2", "r3")
    said(world, "r1", "r2", 2, "hi")
    world.run(10.0)
    world.kill("r2")
    for number in range(300):
        world.send("r1", "r2", f"waits {number}")
    world.run(5.0)
    world.start("r2")
    talks = world.machines["r2"].running._conversations._by_id
    original = Session.make_fragment

    def fragment(self: Session, *said: object) -> Fragment:
        """Each cell of r2 claims to have seen cells that r1 has yet to write."""
        made: Fragment = original(self, *said)  # type: ignore[arg-type]
        mine = {id(each._session) for each in talks.values()}
        waits = {id(p.session) for each in talks.values() if (p := each._reunion._unconfirmed.pending)}
        if id(self) not in mine | waits:
            return made
        seen = (made.seen_epoch & 0xFF000000) | 0xFFFFFF
        return Fragment(made.lane, made.number, made.floor, made.index, made.count, seen, 5, made.data)

    monkeypatch.setattr(Session, "make_fragment", fragment)
    monkeypatch.setattr(answering, "LISTEN_S", 0.0)
    monkeypatch.setattr(unconfirmed, "LISTEN_S", 0.0)
    monkeypatch.setattr(answering, "SURE_S", 0.0)
    monkeypatch.setattr(inquiry, "QUESTIONS", 0)
    counters = world.machines["r1"].running._counters
    before = counters["cells originated"]
    world.run(600.0)
    assert 1 <= counters["sessions out of step"] <= 7
    assert counters["cells originated"] - before < 1500


def test_words_that_are_repeated_or_come_late_do_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    world = friends("r1", "r2", "r3")
    said(world, "r2", "r1", 1, "before")
    older = copied(world, "r2")
    said(world, "r2", "r1", 3, "after")
    said(world, "r1", "r2", 3, "after")
    world.run(20.0)
    kept = words(monkeypatch)
    mend = cut(world, "r1")
    put_back(world, "r2", older)
    talk(world, "r2", "r1")._reunion.mark_torn(world.now)
    world.tell("r2", user_inputs.ContactRenewed(world.contact("r2", "r1")))
    world.run(60.0)
    world.idle(1440.0)
    unheard = list(kept)
    mend()
    world.idle(600.0)
    assert (turns(world, "r1"), turns(world, "r2")) == (["restored"], ["renewed"])
    said(world, "r2", "r1", 2, "well again")
    before = world.machines["r1"].running._counters["cells originated"]
    for _, cells in [*unheard, *kept]:
        for raw in cells:
            inject(world, "r3", repeated(raw))
        world.run(60.0)
    world.idle(1200.0)
    assert (turns(world, "r1"), turns(world, "r2")) == (["restored"], ["renewed"])
    assert world.machines["r1"].running._counters["cells originated"] - before < 80
    said(world, "r2", "r1", 1, "and still")
    assert received(world, "r1", "and still") == ["and still 0"]


@pytest.mark.parametrize("seconds", [15.0, 20.0, 45.0])
def test_a_restored_home_that_runs_for_moments_only_is_talking_again_after_a_few(seconds: float) -> None:
    world = friends("r1", "r2")
    said(world, "r2", "r1", 1, "before")
    older = copied(world, "r2")
    said(world, "r2", "r1", 2, "after")
    said(world, "r1", "r2", 2, "after")
    put_back(world, "r2", older)
    world.send("r2", "r1", "restored")
    for _ in range(int(240.0 / seconds)):
        world.run(seconds)
        world.stop("r2")
        world.run(1.0)
        if "restored" in world.machines["r1"].store.received():
            break
        world.start("r2")
    assert received(world, "r1", "restored") == ["restored"]


def test_a_contact_that_runs_for_moments_only_answers_a_restored_home() -> None:
    world = friends("r1", "r2")
    said(world, "r2", "r1", 1, "before")
    older = copied(world, "r2")
    said(world, "r2", "r1", 2, "after")
    put_back(world, "r2", older)
    world.send("r2", "r1", "restored")
    for _ in range(30):
        world.run(15.0)
        world.stop("r1")
        world.run(1.0)
        world.start("r1")
    assert received(world, "r1", "restored") == ["restored"]


@pytest.mark.parametrize("seed", range(4))
def test_a_restored_home_is_talking_again_within_about_a_minute(seed: int) -> None:
    world = friends("r1", "r2", seed=seed)
    said(world, "r2", "r1", 1, "before")
    older = copied(world, "r2")
    said(world, "r2", "r1", 3, "after")
    put_back(world, "r2", older)
    world.send("r2", "r1", "restored")
    world.run_until(lambda: "restored" in world.machines["r1"].store.received(), 70.0)
    world.send("r1", "r2", "welcome back")
    world.run_until(lambda: "welcome back" in world.machines["r2"].store.received(), 5.0)
