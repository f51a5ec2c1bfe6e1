"""Parameters are what they were declared to be, or the one that is not is named in words."""

from __future__ import annotations

from typing import Any

import pytest

from p2pchat.control import parameters
from p2pchat.control.failures import INVALID_PARAMS, MethodError
from p2pchat.control.methods import METHODS
from p2pchat.control.parameters import Params, read, write


@pytest.mark.parametrize(
    ("kind", "given", "line"),
    [
        (parameters.ContactParams, {}, "name must be a text"),
        (parameters.ContactParams, {"name": None}, "name must be a text"),
        (parameters.ContactParams, {"name": 1}, "name must be a text"),
        (parameters.InviteParams, {"mesh": 1}, "mesh must be a text"),
        (parameters.InviteParams, {"rendezvous": None}, "rendezvous must be a list of texts"),
        (parameters.HeardParams, {"ids": "x"}, "ids must be a list of texts"),
        (parameters.HeardParams, {"ids": ["x", 1]}, "ids must be a list of texts"),
        (parameters.ListenParams, {"from": 1}, "from must be a text"),
        (parameters.VerifyParams, {"name": "bob", "verified": None}, "verified must be true or false"),
        (parameters.VerifyParams, {"name": "bob", "verified": 1}, "verified must be true or false"),
        (parameters.InviteParams, {"timeout": True}, "timeout must be a number of seconds"),
        (parameters.InviteParams, {"timeout": -1}, "timeout must be a number of seconds"),
        (parameters.InviteParams, {"timeout": 1e12}, "timeout must be a number of seconds"),
        (parameters.InviteParams, {"timeout": 10**400}, "timeout must be a number of seconds"),
        (parameters.HistoryParams, {"name": "bob", "limit": 0}, "limit must be a positive integer"),
        (parameters.HistoryParams, {"name": "bob", "limit": 1.5}, "limit must be a positive integer"),
        (parameters.HistoryParams, {"name": "bob", "limit": True}, "limit must be a positive integer"),
        (parameters.HistoryParams, {"name": "bob", "limit": 2**53 + 1}, "limit must be a positive integer"),
        (parameters.WaitParams, {"id": "", "state": "read"}, "state must be queued, relayed or delivered"),
    ],
)
def test_what_does_not_fit_is_named(kind: type[Params], given: dict[str, Any], line: str) -> None:
    with pytest.raises(MethodError) as refused:
        read(kind, given)
    assert (refused.value.code, str(refused.value)) == (INVALID_PARAMS, line)


def test_what_is_not_known_is_ignored_and_what_is_not_given_is_as_declared() -> None:
    assert read(parameters.VerifyParams, {"name": "bob", "more": [1]}) == parameters.VerifyParams(name="bob")
    assert read(parameters.DisappearParams, {"name": "bob", "seconds": 60}).seconds == 60.0
    assert read(parameters.ListenParams, {"from": None}) == parameters.ListenParams()


@pytest.mark.parametrize(
    "asked",
    [
        parameters.ListenParams(sender="bob"),
        parameters.InviteParams(link=True, timeout=1.5, rendezvous=("ws://a",)),
        parameters.HistoryParams(name="bob", limit=3),
    ],
)
def test_what_a_client_writes_a_node_reads(asked: Params) -> None:
    assert read(type(asked), write(asked)) == asked


def test_every_parameter_that_there_is_has_words() -> None:
    for method in METHODS.values():
        for field in parameters.fields(method.params):
            assert field.words
