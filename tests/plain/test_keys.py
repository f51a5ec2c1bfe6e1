"""Keys come whole, in whichever pieces a terminal sends them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from p2pchat.plain.keys import ACTIONS, TEXT, KeyPress, KeyReader

SENT = (*ACTIONS, "a", "日本", "\x00", "\x1bOP", "\x1b[200~p\rq\x1b[201~")


def test_every_key_of_the_table_is_one_key() -> None:
    for sent, action in ACTIONS.items():
        assert list(KeyReader().read_keys(sent)) == [KeyPress(action, sent)]


def test_what_is_pasted_is_text_whatever_stands_in_it() -> None:
    assert list(KeyReader().read_keys("\x1b[200~a\r\x04\x1b[201~b")) == [
        KeyPress(TEXT, "a\n\x04"),
        KeyPress(TEXT, "b"),
    ]


def test_a_key_that_means_nothing_has_no_action() -> None:
    assert [key.action for key in KeyReader().read_keys("\x1b[99;1~\x1bOP\x00")] == ["", "", ""]


@given(st.sampled_from(SENT), st.data())
def test_the_beginning_of_a_key_waits_for_its_rest(sent: str, data: st.DataObject) -> None:
    reader = KeyReader()
    begins = range(2, len(sent)) if sent[0] == "\x1b" and sent[1:2] != "\r" else range(len(sent))
    at = data.draw(st.sampled_from([*begins] or [len(sent)]))
    keys = [*reader.read_keys(sent[:at]), *reader.read_keys(sent[at:])]
    whole = list(KeyReader().read_keys(sent))
    assert "".join(key.text for key in keys) == "".join(key.text for key in whole)
    assert {key.action for key in keys} == {key.action for key in whole}
