"""What is written is whole and stays in its columns, in every script and on every terminal."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from p2pchat.chat.lines import line_of
from p2pchat.chat.widths import certain, count_columns, cut, drawable, rows
from p2pchat.tui.layout import Look, arrange, entry_of
from tests.support.fake_node import message

FAMILY = "👩\u200d👩\u200d👧"
TEXTS = {
    "CJK": "日本語の文章はとても長いです。「引用」と、句読点。" * 8,
    "Korean": "안녕하세요 여러분 " * 12,
    "joined emoji": f"{FAMILY} family {FAMILY}{FAMILY} " * 12,
    "skins": "👍🏽👍🏿 " * 30,
    "flags": "🇩🇪🇯🇵 " * 30,
    "signs": "❤️ ☀️ 1️⃣ ⚠️ " * 30,
    "combining": "Ve\u0302\u0301 x\u0323\u0307 " * 40,
    "Hebrew": "שָׁלוֹם עֲלֵיכֶם " * 20,
    "Arabic": "اَلسَّلَامُ عَلَيْكُمْ " * 20,
    "Hindi": "नमस्ते दुनिया क्षत्रिय कि कोई " * 12,
    "Tamil": "வணக்கம் கொடு " * 16,
    "Burmese": "မြန်မာဘာသာ " * 16,
    "Thai": "ภาษาไทยไม่มีช่องว่างระหว่างคำนี้" * 8,
    "joiners between letters": "a\u200db" * 200,
    "nothing but joiners": "\u200d" * 300,
    "invisible letters": "x\u3164\uffa0" * 60,
    "one word": "ü" * 400,
}


@pytest.mark.parametrize("width", [1, 2, 3, 20, 41, 80])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_rows_have_room_for_the_widest_and_lose_nothing(text: str, width: int) -> None:
    line = drawable(text)
    spans = rows(line, width)
    assert "".join(line[begins:ends] for begins, ends in spans) == line
    parts = [line[begins:ends].rstrip() for begins, ends in spans]
    assert max(map(count_columns, parts)) <= max(2, width)
    assert all(cell_len(part) <= count_columns(part) for part in parts)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_message_is_laid_out_in_its_columns(text: str) -> None:
    entry = entry_of(line_of(message("1", text, sender="नमस्ते👍🏽")))
    entry.unfolded = True
    arrange(entry, 60, 12, Look())
    assert max(sum(count_columns(piece) for _, piece in row) for row in entry.lines) <= 60


def test_what_belongs_together_stays_together() -> None:
    line = FAMILY * 5
    assert {line[begins:ends] for begins, ends in rows(line, 6)} == {FAMILY}
    assert cut(f"x{FAMILY}y", 7) == "x…"
    assert cut(f"x{FAMILY}y", 8) == f"x{FAMILY}y"
    assert cut("नमस्ते", 3) in ("नम…", "न…")


def test_no_row_begins_with_a_mark_that_closes_nor_ends_with_one_that_opens() -> None:
    line = "これは「引用」です。それから、もっと。" * 4
    for width in range(6, 30):
        parts = [line[begins:ends] for begins, ends in rows(line, width)]
        assert not [part for part in parts if part[0] in "、。」"]
        assert not [part for part in parts if part[-1] == "「"]


def test_words_are_broken_at_blanks_where_there_are_some() -> None:
    line = "eins zwei 日本 drei नमस्ते vier"
    assert [line[begins:ends].rstrip() for begins, ends in rows(line, 10)] == [
        "eins zwei",
        "日本 drei",
        "नमस्ते vier",
    ]


def test_signs_are_drawn_as_all_terminals_agree() -> None:
    assert drawable("❤️ 1️⃣ x") == "❤ 1\u20e3 x"
    assert certain(drawable("❤️ 1️⃣ ok 日本 é ü 😀"))
    assert not certain("👍🏽") and not certain(FAMILY) and not certain("कि") and not certain("a\u200db")
