"""SDP text and compact descriptions say the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.errors import Malformed
from p2pchat.wire.description import Candidate, Description
from p2pchat.wire.sdp import SDP_MAX, from_sdp, to_sdp
from tests.wire.test_description import DESCRIPTIONS, USUAL


@given(DESCRIPTIONS)
def test_text_and_back(description: Description) -> None:
    back = from_sdp(to_sdp(description))
    assert (back.setup, back.ufrag, back.pwd) == (description.setup, description.ufrag, description.pwd)
    assert back.fingerprint == description.fingerprint
    assert set(back.candidates) == set(description.candidates)


def test_the_lines_an_engine_needs_are_there() -> None:
    text = to_sdp(USUAL)
    assert text.endswith("\r\n")
    for line in (
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
        "a=sctp-port:5000",
        "a=candidate:1 1 udp 2130706431 192.0.2.1 50000 typ host",
        "a=ice-ufrag:abcd",
        "a=setup:actpass",
    ):
        assert line in text.split("\r\n")


def test_only_sha_256_counts_and_strange_candidates_are_left_out() -> None:
    text = to_sdp(USUAL).replace(
        "a=fingerprint:",
        "a=fingerprint:sha-1 AA:BB\r\na=candidate:9 1 udp 1 secret.local 9 typ host\r\n"
        "a=candidate:9 2 udp 1 192.0.2.9 9 typ host\r\na=candidate:x\r\na=fingerprint:",
    )
    assert from_sdp(text) == USUAL


def test_of_too_many_candidates_the_best_are_kept() -> None:
    many = [f"a=candidate:{n} 1 udp {n} 192.0.2.{n} 9 typ host" for n in range(1, 100)]
    kept = from_sdp("\n".join([to_sdp(USUAL), *many])).candidates
    assert len(kept) == 24
    assert kept[0] == USUAL.candidates[0]
    assert Candidate("host", "udp", "192.0.2.99", 9, 99) in kept


@pytest.mark.parametrize("missing", ["a=ice-ufrag", "a=ice-pwd", "a=fingerprint", "a=setup"])
def test_without_one_of_its_parts_it_is_malformed(missing: str) -> None:
    lines = [line for line in to_sdp(USUAL).split("\r\n") if not line.startswith(missing)]
    with pytest.raises(Malformed):
        from_sdp("\r\n".join(lines))


@given(st.text(max_size=500))
def test_any_text_is_malformed_or_a_description(text: str) -> None:
    with pytest.raises(Malformed):
        from_sdp(text)


def test_endless_text_is_not_looked_at() -> None:
    with pytest.raises(Malformed):
        from_sdp(to_sdp(USUAL) + "a" * SDP_MAX)
