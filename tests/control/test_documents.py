"""What docs/scripting.md says of methods and events is what the contract declares."""

from __future__ import annotations

import re
from typing import get_args

import msgspec
import pytest

from p2pchat.control import events, parameters
from p2pchat.control.methods import METHODS
from p2pchat.control.values import Value
from tests.support.processes import ROOT

TEXT = (ROOT / "docs" / "scripting.md").read_text()


def rows(section: str) -> dict[str, tuple[str, ...]]:
    """The rest of each table row by its first cell, a code word."""
    text = TEXT.split(f"\n## {section}\n")[1].split("\n## ")[0]
    found = re.findall(r"^\| `([a-z.]+)` \|(.*)\|$", text, flags=re.MULTILINE)
    return {name: tuple(rest.split("|")) for name, rest in found if name != "type"}


def without_asides(cell: str) -> str:
    while (shorter := re.sub(r"\([^()]*\)", "", cell)) != cell:
        cell = shorter
    return cell


def test_the_documents_name_every_method_in_its_order_and_no_other() -> None:
    assert list(rows("The control socket")) == list(METHODS)


@pytest.mark.parametrize("name", list(METHODS))
def test_the_documents_name_every_parameter_and_no_other(name: str) -> None:
    named = re.findall(r"`(\w+)`", without_asides(rows("The control socket")[name][0]))
    assert sorted(named) == sorted(field.name for field in parameters.fields(METHODS[name].params))


def told() -> dict[str, type[Value]]:
    """Each event's class by its name, of those that a table is to name."""
    known = get_args(events.ListenEvents) + get_args(events.PairingEvents)
    return {name: kind for name, kind in events.DECLARED.items() if kind in known}


def test_the_documents_name_every_event_and_no_other() -> None:
    assert sorted(rows("Events")) == sorted(told())


@pytest.mark.parametrize("name", list(told()))
def test_the_documents_name_every_field_of_an_event(name: str) -> None:
    declared = {field.encode_name for field in msgspec.structs.fields(told()[name])}
    text = rows("Events")[name][0]
    if "the fields of `message`" in text:
        text += rows("Events")["message"][0]
    assert declared <= set(re.findall(r"`(\w+)`", text))
