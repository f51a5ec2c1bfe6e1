"""What does not work stands beside what to do about it, and each party beside what it learns."""

from __future__ import annotations

from p2pchat.control.answers import CheckResult
from p2pchat.pictures.doctor import doctor_picture
from p2pchat.pictures.drawing import drawn_text
from p2pchat.wording.advice import ADVICE
from p2pchat.wording.exposure import Exposure


def test_all_of_it_is_told_at_any_width() -> None:
    found = [
        CheckResult(name="disk", ok=True, found="9 GB"),
        CheckResult(name="link", ok=False, found="none\x1b[2J"),
    ]
    parties = [Exposure("rendezvous", "your address", "what you write")]
    for width in (60, 80, 100):
        lines = drawn_text(doctor_picture(found, parties), width).splitlines()
        told = " ".join(" ".join(lines).split())
        assert "disk ok 9 GB" in told and "link problem none␛[2J" in told
        assert set(ADVICE["link"].split()) <= set(told.split())
        assert "rendezvous your address what you write" in told
        assert max(map(len, lines)) <= width
