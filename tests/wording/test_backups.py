"""What is in a backup, in a line."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from p2pchat.control.answers import BackupResult
from p2pchat.control.offline import BackupContentsInfo
from p2pchat.wording.backups import contents_line, made_line, reminder, size


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (262_276, "262 kB"),
        (1_500_000, "1.5 MB"),
        (5_000_000_000, "5 GB"),
        (2 * 10**13, "2e+04 GB"),
    ],
)
def test_sizes_are_said_as_people_say_them(number: int, said: str) -> None:
    assert size(number) == said


def test_what_was_written_and_what_is_in_it() -> None:
    found = BackupContentsInfo(
        path="x.backup",
        size=5,
        at="2026-01-02T03:04:05Z",
        name="ana",
        fingerprint="1234",
        meshes=2,
        contacts=1,
        verified=0,
        messages=3,
        waiting=2,
        passed_over=0,
    )
    assert contents_line(found) == (
        "1 contact (0 verified), 3 messages, 2 of them waiting, 2 meshes; made 2026-01-02 03:04 UTC, 5 bytes"
    )
    assert "of them" not in contents_line(found.with_changes(waiting=0))
    made = made_line(BackupResult(path="/a\nb", at="", size=9, contacts=2, messages=1))
    assert "\n" not in made
    assert "2 contacts, 1 message, 9 bytes" in made


@pytest.mark.parametrize(
    ("made", "said"),
    [("", "no backup of this home:"), ("2026-01-01", "younger than a month"), ("2026-02-20", None)],
)
def test_a_backup_that_is_old_is_worth_a_word(made: str, said: str | None) -> None:
    at = f"{made}T00:00:00.000Z" if made else ""
    line = reminder(at, datetime(2026, 3, 1, tzinfo=UTC))
    assert line is None if said is None else said in (line or "")
