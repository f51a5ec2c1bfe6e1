"""A contact that offers the impossible, or sends what was not asked for, is counted and costs nothing."""

from __future__ import annotations

from typing import Any

import pytest

from p2pchat.core.values.files import FileAnswered, FileState
from p2pchat.types import MessageId
from p2pchat.wire import payload
from p2pchat.wire.codec import pack
from p2pchat.wire.files import SIZE_MAX, FileBlock, FileEnd, FileEnded, FileOffer, FileRequest, word_fields
from p2pchat.wire.fragment import Lane
from tests.core.files.test_files import came, files
from tests.core.messaging.test_hostile_contact import counters, encrypted, say, say_ordered
from tests.core.messaging.test_messages import friends
from tests.support.world import World

ID = MessageId("0a" * 16)
OFFER = FileOffer(ID, 1.0, "report.pdf", 300_000, "", b"s" * 32, b"r" * 32)


@pytest.fixture
def world() -> World:
    return friends("mallory", "bob")


def say_word(world: World, fields: dict[str, Any]) -> None:
    say_ordered(world, lambda talk: encrypted(pack(fields), talk))


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "../../.ssh/authorized_keys"},
        {"name": "a\x1b]0;title\x07"},
        {"name": "invoice\u202efdp.exe"},
        {"name": ".bashrc"},
        {"name": "con.txt"},
        {"name": ""},
        {"name": "x" * 201},
        {"size": -1},
        {"size": SIZE_MAX + 1},
        {"kind": "text/html\n"},
        {"salt": b"short"},
    ],
    ids=ascii,
)
def test_an_impossible_offer_is_refused_and_counted(world: World, wrong: dict[str, Any]) -> None:
    say_word(world, {**word_fields(OFFER), **wrong})
    assert files(world, "bob") == [] and counters(world)["payloads refused"] == 1


def test_the_largest_offer_is_shown_and_cannot_be_taken(world: World) -> None:
    say_word(world, word_fields(FileOffer(ID, 9e9, "all.iso", SIZE_MAX, "", b"s" * 32, b"r" * 32)))
    assert (came(world).state, came(world).at <= world.now) == (FileState.OFFERED, True)
    world.tell("bob", FileAnswered(came(world).id, accept=True))
    assert came(world).state is FileState.OFFERED
    assert not world.machines["bob"].store.contents.contents


def test_blocks_and_requests_that_concern_nothing_change_nothing(world: World) -> None:
    notices: tuple[payload.Notice, ...] = (
        FileBlock(ID, 0, 0, b"data"),
        FileRequest(ID, 0, b"", 0, resend=True),
        FileRequest(ID, 16_383, b"\xff" * 42, 2**32, resend=True),
    )
    for number, notice in enumerate(notices):
        say(world, Lane.NOTICE, payload.encode_notice(notice), number, number)
    assert files(world, "bob") == [] and counters(world)["blocks of files not wanted"] == 1
    assert len(world.machines["bob"].store.outbox) <= 1, "it is told once that there is no such file"


def test_a_sender_cannot_say_that_its_file_is_here(world: World) -> None:
    say_word(world, word_fields(OFFER))
    say_ordered(
        world,
        lambda talk: encrypted(payload.encode_payload(FileEnded(ID, FileEnd.WHOLE)), talk),
    )
    assert came(world).state in (FileState.OFFERED, FileState.CANCELLED)
    assert not world.machines["bob"].store.contents.contents
