"""The header of a Sphinx packet, byte for byte as Lightning's published vector has it: the same construction
code as ours, with their primitives plugged in."""

from __future__ import annotations

import json
from pathlib import Path

from p2pchat.crypto import sphinx
from tests.support.bolt04 import Bolt04, key

VECTOR = json.loads((Path(__file__).parents[1] / "vectors" / "bolt04_onion.json").read_text())
SESSION = bytes.fromhex(VECTOR["generate"]["session_key"])
ASSOCIATED = bytes.fromhex(VECTOR["generate"]["associated_data"])
HOPS = [bytes.fromhex(hop["pubkey"]) for hop in VECTOR["generate"]["hops"]]
CONTENTS = [bytes.fromhex(hop["payload"]) for hop in VECTOR["generate"]["hops"]]
SCALARS = [bytes.fromhex(scalar) for scalar in VECTOR["decode"]]
ONION = bytes.fromhex(VECTOR["onion"])
NO_MAC = bytes(32)
SUITE = Bolt04()


def built() -> sphinx.Header:
    steps = list(sphinx.steps(SUITE, SESSION, HOPS))
    noise = SUITE.xor_stream(key(b"pad", SESSION), bytes(SUITE.beta))
    return sphinx.build(SUITE, steps, CONTENTS, NO_MAC, noise, ASSOCIATED)


def test_the_header_is_the_published_one_to_the_byte() -> None:
    header = built()
    assert b"\0" + header.alpha + header.beta + header.gamma == ONION


def test_each_hop_reads_its_content_and_hands_the_rest_on() -> None:
    header = built()
    for scalar, content in zip(SCALARS, CONTENTS, strict=True):
        secret, slots = sphinx.open_slot(SUITE, scalar, header, ASSOCIATED)
        assert slots.startswith(content)
        end = len(content) + len(NO_MAC)
        header = sphinx.Header(
            sphinx.blinded(SUITE, header.alpha, secret),
            slots[end : end + SUITE.beta],
            slots[len(content) : end],
        )
    assert header.gamma == NO_MAC
