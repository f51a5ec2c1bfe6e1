"""What one member writes to another alone about an introduction, and who else can write or read it."""

from __future__ import annotations

from p2pchat.core.room.outputs import MemberWrote, RoomOutput
from p2pchat.types import IntroductionId
from p2pchat.wire.introductions import IntroductionAgreed, IntroductionAsk
from tests.support.room_world import RoomWorld

ASK = IntroductionAsk(IntroductionId(b"i" * 16), 7.0, True, b"s" * 32)


def heard(world: RoomWorld, name: str) -> list[tuple[str, object]]:
    news = [one for one in world[name].news if isinstance(one, MemberWrote)]
    return [(world.names_of([one.member])[0], one.word) for one in news]


def tell(world: RoomWorld, sender: str, receiver: str) -> list[RoomOutput]:
    return world.room(sender).tell_member(world[receiver].id, ASK, world.now)


def test_a_word_comes_to_its_receiver_alone_and_says_who_wrote_it() -> None:
    world = RoomWorld(5, "anna", "ben", "carl")
    world.do("ben", tell(world, "ben", "carl"))
    world.run(60.0)
    assert heard(world, "carl") == [("ben", ASK)]
    assert heard(world, "anna") == heard(world, "ben") == []


def test_one_who_is_out_is_told_nothing_and_not_heard_though_its_letters_open() -> None:
    world = RoomWorld(5, "anna", "ben", "carl")
    room, period = world.room("ben"), world.room("ben").state.periods.find_shared(world["carl"].id)
    late = room.repair.seal_word(world["carl"].id, ASK, world.now)
    assert period is not None and late
    world.do("anna", world.room("anna").remove_member(world["ben"].id, world.now))
    world.run(120.0)
    assert tell(world, "carl", "ben") == [] and tell(world, "ben", "carl") == []
    world.do("ben", late)
    world.run(60.0)
    assert heard(world, "carl") == []


def test_a_word_does_not_pass_for_an_answer() -> None:
    world = RoomWorld(5, "anna", "ben")
    asks = world.room("anna").repair.asks
    before = asks.next_wakeup()
    word = IntroductionAgreed(IntroductionId(b"i" * 16))
    world.do("ben", world.room("ben").tell_member(world["anna"].id, word, world.now))
    world.run(30.0)
    assert heard(world, "anna") == [("ben", word)] and asks.next_wakeup() == before
