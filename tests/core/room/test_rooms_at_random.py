"""Members say, commit and change anything at once, in any order of arrival: the intended members read it."""

from __future__ import annotations

from random import Random

import pytest

from tests.support.rooms import NOW, Member, Room, founded

SEEDS = 24
TURNS = 40
MINUTE = 60.0


def run(seed: int) -> tuple[Room, dict[bytes, frozenset[bytes]], Member]:
    """Members that hear late, twice, in any order, and crash; at last all is delivered. Returns the room,
    the intended readers of each text, and a member who was removed half-way."""
    random = Random(seed)
    room = founded("ann", "bob", "cid", "dee", "eve")
    removed, there = room[4], list(room.members)
    posts: dict[str, list[bytes]] = {member.name: [] for member in room.members}
    meant: dict[bytes, frozenset[bytes]] = {}
    for turn in range(TURNS):
        now = NOW + turn * MINUTE
        if turn == TURNS // 2:
            there = room.members[:4]
            room.set_roster(there, [random.choice(there)])
        author = random.choice(there)
        author.knows = (
            max(author.knows, room.log.latest, key=room.log.age) if random.random() < 0.3 else author.knows
        )
        cells: list[bytes] = []
        if random.random() < 0.2 or not author.writing.may_write(author.roster):
            cells += author.commit(now)
        if random.random() < 0.9:
            text = f"text {turn} " * random.choice([1, 1, 400])
            meant[text.encode()] = author.roster
            cells += author.say(text, now)
        for member in room.members:
            if member is not author:
                posts[member.name] += cells
        for member in room.members:
            if random.random() < 0.4:
                deliver(random, member, posts[member.name], now, some=True)
            if random.random() < 0.05:
                member.crash()
    for _ in range(3):  # what waited in memory at a crash comes again, as from a hold of cells
        for member in room.members:
            deliver(random, member, posts[member.name], NOW + TURNS * MINUTE, some=False)
    return room, meant, removed


def deliver(random: Random, member: Member, post: list[bytes], now: float, some: bool) -> None:
    chosen = random.sample(post, random.randrange(len(post) + 1)) if some else random.sample(post, len(post))
    member.hear(chosen, now)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_all_intended_members_read_all_and_the_removed_one_only_its_own(seed: int) -> None:
    room, meant, removed = run(seed)
    for member in room.members:
        found = [text for _, text in member.texts]
        assert len(found) == len(set(found)), "nothing is read twice"
        if member is not removed:
            own = {text for text in meant if text not in found}
            assert len(own) == member.number, "only what it wrote itself is not among what it read"
        assert all(member.id in meant[text] for text in found)
        assert not member.reading.counters["wrong MAC"] and not member.uneven
    for member in room.members[:4]:
        member.knows = room.log.latest
    assert len({choice(member) for member in room.members[:4]}) == 1, "all write under the same period"


def choice(member: Member) -> bytes:
    period = member.state.periods.choose_period(member.roster)
    return period.id if period is not None else b"one commits first"
