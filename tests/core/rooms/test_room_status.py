"""A room as it is shown."""

from __future__ import annotations

from p2pchat.core.room.arrival import MemberKeys
from p2pchat.core.room.room import Room
from p2pchat.core.rooms.room_status import WORDS_COUNT, spell_heads
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.wire.room_actions import RenameRoom
from p2pchat.wire.words import WORDS


def test_the_words_change_with_the_log_and_only_then() -> None:
    entropy = SeededEntropy("status")
    room = Room.found_room("walkers", MemberKeys.draw_keys("anna", entropy), entropy, 1.9e9)
    words = spell_heads(room)
    assert len(words) == WORDS_COUNT and set(words) <= set(WORDS)
    assert spell_heads(room) == words
    room.change_roster(RenameRoom("climbers"), 1.9e9)
    assert spell_heads(room) != words
