"""Lines of the control socket: what is written is read as what it was, and errors keep their kind."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat import errors
from p2pchat.control.failures import INVALID_PARAMS, MethodError, as_exception, code_of
from p2pchat.control.framing import (
    Failure,
    Notification,
    Request,
    ResultReply,
    Unfit,
    answer_line,
    cancel_line,
    event_line,
    failure_line,
    read_reply,
    read_request,
    request_line,
)
from p2pchat.errors import ControlError, P2PChatError, UsageError

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=5,
)
NUMBERS = st.integers(min_value=1)


@given(NUMBERS, TEXTS, st.dictionaries(TEXTS, VALUES))
def test_a_node_reads_the_request_that_was_written(id: int, method: str, params: dict[str, object]) -> None:
    line = request_line(id, method, params)
    assert line.count(b"\n") == 1
    assert read_request(line) == Request(id, method, params)


@given(NUMBERS, VALUES, st.dictionaries(TEXTS, VALUES), TEXTS)
def test_a_client_reads_what_a_node_wrote(
    id: int, value: object, event: dict[str, object], said: str
) -> None:
    assert read_reply(answer_line(id, value)) == ResultReply(id, value)
    assert read_reply(event_line(id, event)) == Notification(id, event)
    assert read_reply(failure_line(id, -6, said)) == Failure(id, -6, said)


def test_a_withdrawal_is_a_notification_that_names_the_request() -> None:
    assert read_request(cancel_line(7)) == Request(None, "cancel", {"request": 7})


@pytest.mark.parametrize("params", [{"text": "caf\udce9"}, {"texts": ["hi", "\ud800"]}])
def test_what_is_no_unicode_is_a_mistake_of_whoever_asks(params: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="not valid UTF-8"):
        request_line(3, "send", params)


def test_half_of_a_surrogate_pair_is_refused_by_the_node_too() -> None:
    line = {"jsonrpc": "2.0", "id": 3, "method": "send", "params": {"text": "\ud800"}}
    with pytest.raises(Unfit) as refused:
        read_request(json.dumps(line).encode())
    assert (refused.value.code, refused.value.request) == (INVALID_PARAMS, 3)


@pytest.mark.parametrize(
    "line", [b"[]", b"1", b"{}", failure_line(None, -5, "cut off"), b'{"id": "1", "result": 2}']
)
def test_what_belongs_to_no_request_of_the_clients_is_nothing(line: bytes) -> None:
    assert read_reply(line) is None


def test_an_error_of_another_shape_is_a_failure_all_the_same() -> None:
    assert read_reply(json.dumps({"id": 1, "error": "odd"}).encode()) == Failure(1, 0, "odd")


@pytest.mark.parametrize(
    "kind", ["UsageError", "NetworkError", "TrustError", "LimitError", "NotInTime", "Ended"]
)
def test_an_error_crosses_the_socket_as_itself(kind: str) -> None:
    error: P2PChatError = getattr(errors, kind)("why")
    crossed = as_exception(code_of(error), str(error))
    assert (type(crossed), str(crossed)) == (type(error), "why")


@pytest.mark.parametrize("error", [ControlError("why"), MethodError(INVALID_PARAMS, "why")])
def test_all_others_become_the_sockets_own(error: P2PChatError) -> None:
    assert type(as_exception(code_of(error), "why")) is ControlError
