"""Every parser, fed with anything: a value or a refusal, never another exception.

``scripts/fuzz`` goes on with the same targets for as long as you like.
"""

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from p2pchat import wire
from p2pchat.wire.version import VERSION
from tests.fuzz.mutator import mutate
from tests.fuzz.targets import TARGETS, Format

ROUNDS = 400
EACH = pytest.mark.parametrize("name", TARGETS)


@EACH
def test_every_target_begins_from_inputs_that_parse(name: str) -> None:
    target = TARGETS[name]
    assert target.samples
    for sample in target.samples:
        target.run(sample)


@EACH
@settings(max_examples=50)
@given(data=st.binary(max_size=300))
def test_any_bytes(name: str, data: bytes) -> None:
    TARGETS[name].run(data)


@EACH
def test_valid_inputs_with_mistakes_in_them(name: str) -> None:
    target, random = TARGETS[name], Random(name)
    for _ in range(ROUNDS):
        target.run(mutate(target.samples, random))


@pytest.mark.parametrize("name", ["offer", "answer"])
def test_another_version_is_refused_like_any_other_mistake(name: str) -> None:
    sample = TARGETS[name].samples[0]
    says_version = b"\xa1v" + bytes([VERSION])
    assert sample.count(says_version) == 1
    TARGETS[name].run(sample.replace(says_version, b"\xa1v" + bytes([VERSION + 1])))


def test_every_parser_of_the_wire_has_a_target() -> None:
    sources = {path.stem for place in wire.__path__ for path in Path(place).glob("*.py")}
    without_parser = {"__init__", "geometry", "version", "words"}
    tested = {name.partition("-")[0] for name in TARGETS}
    assert sources - without_parser <= tested


def test_a_parser_that_is_wrong_is_noticed() -> None:
    forgetful = Format(lambda data: data[:1], bytes)
    for target in (forgetful.canonical(), Format(lambda data: len(data), bytes).canonical()):
        with pytest.raises(AssertionError):
            target.run(b"ab")
    changing = Format(lambda data: data[1:], bytes)
    with pytest.raises(AssertionError):
        changing.extensible().run(b"ab")
    with pytest.raises(IndexError):
        Format(lambda data: data[9], lambda value: bytes([value])).canonical().run(b"ab")
