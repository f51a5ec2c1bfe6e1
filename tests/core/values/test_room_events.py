"""What people are told of rooms."""

from __future__ import annotations

from p2pchat.core.values.room_events import OfferTurn, RoomTurn


def test_each_turn_has_one_plain_word_or_two() -> None:
    words = [turn.value for turn in (*RoomTurn, *OfferTurn)]
    assert all(word == word.lower() and len(word.split()) <= 2 for word in words)
