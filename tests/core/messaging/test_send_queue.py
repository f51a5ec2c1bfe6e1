"""What waits for a contact is kept until it is finished, and its person is told how far a text has come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from p2pchat.core.messaging.leaving import LeavingCells, LeavingPiece
from p2pchat.core.messaging.outputs import Output
from p2pchat.core.messaging.patience import Patience
from p2pchat.core.messaging.send_queue import SendQueue, kind_of
from p2pchat.core.values.changes import Change, DropOutbox, PutOutbox, SetMessageState
from p2pchat.core.values.effects import Effect, MessageMoved, Notify, Persist
from p2pchat.core.values.records import OutboxEntry, OutboxKind
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import ContactId, Epoch, MessageId, MessageState, Tag, conversation_with
from p2pchat.wire import content
from p2pchat.wire import payload as wire

BOB = conversation_with(ContactId("b" * 64))
TEXT = OutboxEntry(MessageId("1" * 32), BOB, b"hi", 1, 100.0)
MESHES = [wire.MeshRenewed(generation, bytes([generation]) * 32) for generation in (1, 2)]


@pytest.fixture
def leaving() -> LeavingCells:
    return LeavingCells()


@pytest.fixture
def queue(leaving: LeavingCells) -> SendQueue:
    return SendQueue(BOB, [], leaving, Patience(None), SeededEntropy("queue"))


def kept(outputs: Iterable[Output | Effect]) -> list[Change]:
    return [output.change for output in outputs if isinstance(output, Persist)]


def told(outputs: Iterable[Output | Effect]) -> list[MessageState]:
    events = [output.event for output in outputs if isinstance(output, Notify)]
    return [event.state for event in events if isinstance(event, MessageMoved)]


def test_each_payload_of_the_nodes_own_making_has_a_kind_that_is_not_a_persons() -> None:
    own: list[wire.Payload] = [
        wire.RekeyOffer(1, Epoch(1), b""),
        wire.RekeyAnswer(1, b""),
        wire.RecoveryOffer(b"", b""),
        wire.Retention(0.0, 1),
        MESHES[0],
    ]
    assert [kind_of(payload) for payload in own] == [
        OutboxKind.REKEY,
        OutboxKind.REKEY,
        OutboxKind.RECOVERY,
        OutboxKind.RETENTION,
        OutboxKind.MESH,
    ]
    assert kind_of(content.Text(MessageId("0" * 32), 1.0, "hi")) is OutboxKind.TEXT


def test_an_entry_is_kept_when_it_is_accepted_and_when_it_changes(queue: SendQueue) -> None:
    assert kept(queue.keep_entry(TEXT)) == [PutOutbox(TEXT)]
    sealed = replace(TEXT, number=0, ciphertext=b"sealed")
    assert kept(queue.keep_entry(sealed)) == [PutOutbox(sealed)]
    assert queue.waiting == 1


def test_of_payloads_that_replace_each_other_the_last_waits(queue: SendQueue) -> None:
    queue.replace_payload(MESHES[0], 0.0)
    queue.replace_payload(wire.Retention(60.0, 1), 0.0)
    queue.replace_payload(MESHES[1], 0.0)
    waiting = [wire.decode_payload(item.entry.payload) for item in queue.outbox]
    assert waiting == [wire.Retention(60.0, 1), MESHES[1]]
    assert queue.waiting == 0, "no person waits for them"


def test_what_was_numbered_is_not_replaced(queue: SendQueue) -> None:
    queue.enqueue_payload(MESHES[0])
    (item,) = queue.outbox
    queue.keep_entry(replace(item.entry, number=0, ciphertext=b"sealed"))
    queue.replace_payload(MESHES[1], 0.0)
    assert len(list(queue.outbox)) == 2


def test_the_session_is_kept_with_what_follows_from_it(queue: SendQueue) -> None:
    queue.keep_entry(TEXT)
    assert not queue.moved
    queue.enqueue_payload(MESHES[0])
    assert queue.moved


def test_a_finished_text_is_forgotten_with_its_cells_and_its_person_is_told(
    queue: SendQueue, leaving: LeavingCells
) -> None:
    queue.keep_entry(TEXT)
    leaving.put_piece(Tag(b"tag"), LeavingPiece(TEXT.id, 0, 0.0))
    finished = queue.finish_entries(list(queue.outbox), MessageState.DELIVERED, 5.0)
    assert kept(finished) == [DropOutbox(TEXT.id), SetMessageState(TEXT.id, MessageState.DELIVERED)]
    assert told(finished) == [MessageState.DELIVERED]
    assert not len(leaving) and not list(queue.outbox)


def test_cells_without_a_message_report_no_state(queue: SendQueue) -> None:
    queue.enqueue_payload(MESHES[0])
    assert told(queue.finish_entries(list(queue.outbox), MessageState.DELIVERED, 5.0)) == []


def test_texts_can_be_withdrawn_and_the_rest_stays(queue: SendQueue) -> None:
    queue.keep_entry(TEXT)
    queue.enqueue_payload(MESHES[0])
    assert told(queue.cancel_texts(5.0)) == [MessageState.CANCELLED]
    assert [item.entry.kind for item in queue.outbox] == [OutboxKind.MESH]


def test_a_text_that_waited_too_long_is_given_up(queue: SendQueue) -> None:
    assert queue.next_expiry() is None
    queue.keep_entry(TEXT)
    assert queue.next_expiry() == 100.0
    assert queue.expire_texts(99.0) == []
    assert told(queue.expire_texts(100.0)) == [MessageState.EXPIRED]


def test_what_a_person_held_back_waits_until_it_is_let_go(queue: SendQueue) -> None:
    queue.keep_entry(replace(TEXT, held=True))
    assert queue.outbox.find_unsealed() is None
    assert kept(queue.release_held()) == [PutOutbox(TEXT)]
    assert queue.outbox.find_unsealed() is not None
