"""A question says what follows, and its harmless answer changes nothing."""

from __future__ import annotations

from p2pchat.chat.question import leaving_question, removal_question, withdrawal_question


def test_it_is_said_for_whom_a_message_is_withdrawn() -> None:
    assert "for both of you?" in withdrawal_question(in_room=False).text
    assert "for all members?" in withdrawal_question(in_room=True).text


def test_an_owner_who_leaves_is_told_who_comes_next() -> None:
    assert "owner" not in leaving_question("#garden", "").text
    assert leaving_question("#garden", "mira").text.endswith("mira becomes the owner.")


def test_hostile_names_stay_in_their_place() -> None:
    asked = removal_question("#gar\x1bden", "x\ny")
    assert "\x1b" not in asked.text and "\n" not in asked.text
    assert asked.no == "Keep them in"
