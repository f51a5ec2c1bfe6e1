"""No text of a message counts as Markdown in an export."""

from __future__ import annotations

from p2pchat.wording.exported import markdown_heading, markdown_line
from tests.support.fake_node import message


def line(text: str, name: str = "bob") -> str:
    return markdown_line(message("1", text, sender=name))


def test_what_means_something_is_escaped() -> None:
    assert line("*a* <b> #c `d` [e](f) | g") == line("x").replace(
        "x", r"\*a\* \<b\> \#c \`d\` \[e\]\(f\) \| g"
    )
    assert "https\\://spy\\.example" in line("https://spy.example/x.png")
    assert "www\\.spy\\.example" in line("www.spy.example")
    assert "\\@" in line("me@spy.example")


def test_lines_stay_in_their_item_and_controls_are_shown() -> None:
    text = line("one\n# two\x1b[31m")
    assert text.count("\n") == 1
    assert text.endswith("\\\n  \\# two\N{SYMBOL FOR ESCAPE}\\[31m")
    assert markdown_heading("a*\x07b") == "# a\\*\N{SYMBOL FOR BELL}b\n"
    assert "**b\\*b**" in line("x", "b*b")
