"""Files between two people, through a mesh: offered, accepted, transferred whole, and what goes wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from p2pchat.core.files.files import LISTED_S, WAITS_S
from p2pchat.core.files.quotas import OFFERS_MAX
from p2pchat.core.values import inputs, user_inputs
from p2pchat.core.values.effects import Effect
from p2pchat.core.values.files import (
    FileAnswered,
    FileCancelled,
    FileMoved,
    FileRecord,
    FileSaved,
    FileState,
    FileSubmitted,
)
from p2pchat.core.values.profile import BALANCED, FAST
from p2pchat.core.values.refusals import Reason, Rejected
from p2pchat.core.values.settings import Settings
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import ContactId, MessageId, MessageState
from p2pchat.wire.files import PIECE_BYTES
from tests.core.messaging.test_messages import friends
from tests.support.memory_files import submit_content
from tests.support.world import World

CONTENT = SeededEntropy("content").draw_bytes(PIECE_BYTES + 40_000)
SMALL = CONTENT[:5000]


def offer(world: World, content: bytes, source: str = "alice", target: str = "bob") -> MessageId:
    """Offer a file; its id at its sender's."""
    machine = world.machines[source]
    contact = world.contact(source, target)
    submitted = submit_content(machine.store.contents, contact, content, seed=len(machine.store.files))
    world.tell(source, submitted)
    return submitted.id


def files(world: World, name: str) -> list[FileRecord]:
    return list(world.machines[name].running.files.list_files())


def came(world: World, name: str = "bob") -> FileRecord:
    (file,) = files(world, name)
    return file


def accept(world: World, name: str = "bob") -> None:
    world.run_until(lambda: bool(files(world, name)))
    world.tell(name, FileAnswered(came(world, name).id, accept=True))


def run_until_state(world: World, state: FileState, name: str = "bob", within: float = 600.0) -> None:
    world.run_until(lambda: came(world, name).state is state, within)


def refusal(world: World, name: str, input: inputs.Input) -> Reason | None:
    effects: list[Effect] = world.machines[name].running.handle(input, world.now)
    world.carry_out(name, effects)
    return next((effect.reason for effect in effects if isinstance(effect, Rejected)), None)


@pytest.mark.parametrize("content", [b"", SMALL, CONTENT], ids=len)
def test_a_file_that_is_accepted_arrives_whole(content: bytes) -> None:
    world = friends("alice", "bob")
    offer(world, content)
    accept(world)
    run_until_state(world, FileState.WHOLE)
    assert world.machines["bob"].store.contents.read_content(came(world).id) == content
    run_until_state(world, FileState.WHOLE, "alice")
    assert not world.machines["alice"].store.contents.contents, "what was given is not kept"


def test_with_cover_a_file_takes_the_place_of_cover_and_a_text_goes_first() -> None:
    world = friends("alice", "bob", "carol")
    for name in ("alice", "bob", "carol"):
        world.stop(name)
        world.start(name, Settings(profile=BALANCED))
    world.run(60.0)
    offer(world, SMALL * 10)
    accept(world)
    world.run_until(lambda: world.machines["bob"].events(FileMoved)[-1].moved_bytes > 0, 300.0)
    message = world.send("alice", "bob", "meanwhile")
    world.run(20.0)
    assert world.machines["alice"].store.state(message) is MessageState.DELIVERED
    assert came(world).state is FileState.ACCEPTED, "the text was there first"
    run_until_state(world, FileState.WHOLE)


def test_nothing_of_a_file_leaves_before_it_is_accepted() -> None:
    world = friends("alice", "bob")
    offer(world, CONTENT)
    world.run(5.0)
    assert came(world).state is FileState.OFFERED
    before = world.sim.links.frames
    world.run(30.0)
    assert world.sim.links.frames - before < 300, "links are kept, and nothing else happens"
    assert not world.machines["bob"].store.contents.contents


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_a_transfer_goes_on_with_the_next_piece_after_a_restart(who: str) -> None:
    world = friends("alice", "bob")
    offer(world, CONTENT)
    accept(world)
    world.run_until(lambda: came(world).kept_bytes == PIECE_BYTES, 300.0)
    world.kill(who)
    world.run(20.0)
    world.start(who)
    world.run(1.0)
    assert came(world).kept_bytes == PIECE_BYTES
    run_until_state(world, FileState.WHOLE, within=1200.0)
    assert world.machines["bob"].store.contents.read_content(came(world).id) == CONTENT


def test_what_is_on_disk_is_checked_after_a_restart() -> None:
    world = friends("alice", "bob")
    offer(world, CONTENT)
    accept(world)
    world.run_until(lambda: came(world).kept_bytes == PIECE_BYTES, 300.0)
    world.kill("bob")
    del world.machines["bob"].store.contents.contents[came_in_store(world)][0]
    world.start("bob")
    world.run(1.0)
    assert came(world).kept_bytes == 0, "the disk does not have it"
    run_until_state(world, FileState.WHOLE, within=1200.0)
    assert world.machines["bob"].store.contents.read_content(came(world).id) == CONTENT


def came_in_store(world: World) -> MessageId:
    (id,) = world.machines["bob"].store.files
    return id


def test_two_wrong_pieces_end_the_transfer() -> None:
    world = friends("alice", "bob")
    world.machines["alice"].store.contents.forge = True
    offer(world, SMALL)
    accept(world)
    run_until_state(world, FileState.WRONG)
    assert not world.machines["bob"].store.contents.contents
    run_until_state(world, FileState.WRONG, "alice")


def test_a_file_that_is_declined_does_not_come() -> None:
    world = friends("alice", "bob")
    offer(world, SMALL)
    world.run_until(lambda: bool(files(world, "bob")))
    world.tell("bob", FileAnswered(came(world).id, accept=False))
    run_until_state(world, FileState.DECLINED, "alice")
    assert refusal(world, "bob", FileAnswered(came(world).id, accept=True)) is Reason.FILE_OVER


@pytest.mark.parametrize(("who", "other"), [("alice", "bob"), ("bob", "alice")])
def test_either_end_may_cancel_half_way(who: str, other: str) -> None:
    world = friends("alice", "bob")
    offer(world, CONTENT)
    accept(world)
    world.run_until(lambda: came(world).kept_bytes == PIECE_BYTES, 300.0)
    world.tell(who, FileCancelled(came(world, who).id))
    run_until_state(world, FileState.CANCELLED, other)
    world.run(120.0)
    for name in ("alice", "bob"):
        assert not world.machines[name].store.contents.contents


def test_a_full_disk_counts_nothing_and_is_tried_later() -> None:
    world = friends("alice", "bob")
    world.machines["bob"].store.contents.full = True
    offer(world, SMALL)
    accept(world)
    world.run(60.0)
    assert came(world).state is FileState.ACCEPTED and came(world).kept_bytes == 0
    world.machines["bob"].store.contents.full = False
    run_until_state(world, FileState.WHOLE, within=1500.0)


def test_a_sender_that_lost_the_file_says_so() -> None:
    world = friends("alice", "bob")
    offer(world, SMALL)
    world.machines["alice"].store.contents.contents.clear()
    accept(world)
    run_until_state(world, FileState.LOST)


def test_blocks_that_are_lost_are_asked_for_once_more() -> None:
    world = friends("alice", "bob")
    offer(world, SMALL)
    accept(world)
    world.kill("alice")
    world.run(300.0)
    world.start("alice")
    run_until_state(world, FileState.WHOLE, within=1200.0)


def test_files_of_one_contact_come_one_after_the_other() -> None:
    world = friends("alice", "bob")
    offer(world, CONTENT)
    offer(world, SMALL)
    world.run_until(lambda: len(files(world, "bob")) == 2)
    for file in files(world, "bob"):
        world.tell("bob", FileAnswered(file.id, accept=True))
    running = world.machines["bob"].running.files
    world.run_until(lambda: files(world, "bob")[0].state is FileState.WHOLE, 600.0)
    assert running.count_bytes(files(world, "bob")[1]) < len(SMALL)
    world.run_until(lambda: files(world, "bob")[1].state is FileState.WHOLE, 600.0)


def test_a_contact_that_is_blocked_gets_and_gives_nothing() -> None:
    world = friends("alice", "bob")
    offer(world, CONTENT)
    accept(world)
    world.run_until(lambda: came(world).kept_bytes == PIECE_BYTES, 300.0)
    world.tell("alice", user_inputs.ContactBlocked(world.contact("alice", "bob"), blocked=True))
    assert came(world, "alice").state is FileState.CANCELLED
    contact = world.contact("alice", "bob")
    submitted = submit_content(world.machines["alice"].store.contents, contact, SMALL, seed=7)
    assert refusal(world, "alice", submitted) is Reason.CONTACT_BLOCKED


def test_of_a_contact_that_is_removed_no_file_stays() -> None:
    world = friends("alice", "bob", "carol")
    offer(world, CONTENT)
    accept(world)
    world.run_until(lambda: came(world).kept_bytes == PIECE_BYTES, 300.0)
    world.tell("bob", user_inputs.ContactRemoved(world.contact("bob", "alice")))
    store = world.machines["bob"].store
    assert not files(world, "bob") and not store.files and not store.contents.contents


def test_what_was_saved_is_not_kept_in_the_home() -> None:
    world = friends("alice", "bob")
    offer(world, SMALL)
    accept(world)
    run_until_state(world, FileState.WHOLE)
    world.tell("bob", FileSaved(came(world).id))
    assert came(world).state is FileState.SAVED
    assert not world.machines["bob"].store.contents.contents
    assert refusal(world, "bob", FileCancelled(came(world).id)) is Reason.FILE_OVER


def test_what_came_can_be_dropped_unsaved() -> None:
    world = friends("alice", "bob")
    offer(world, SMALL)
    accept(world)
    run_until_state(world, FileState.WHOLE)
    assert refusal(world, "bob", FileCancelled(came(world).id)) is None
    assert not world.machines["bob"].store.contents.contents


def test_a_contact_has_so_many_offers_open() -> None:
    world = friends("alice", "bob")
    for number in range(OFFERS_MAX):
        offer(world, b"%d" % number)
    world.run(20.0)
    assert len(files(world, "bob")) == OFFERS_MAX
    contact = world.contact("alice", "bob")
    submitted = submit_content(world.machines["alice"].store.contents, contact, SMALL, seed="more")
    assert refusal(world, "alice", submitted) is Reason.FILES_FULL


def test_a_file_that_is_too_large_is_refused_at_both_ends() -> None:
    world = friends("alice", "bob")
    world.stop("bob")
    world.start("bob", Settings(mesh_file_bytes=1000))
    world.run(10.0)
    offer(world, SMALL)
    world.run_until(lambda: bool(files(world, "bob")))
    assert refusal(world, "bob", FileAnswered(came(world).id, accept=True)) is Reason.FILE_TOO_LARGE
    contact = world.contact("alice", "bob")
    large = replace(
        submit_content(world.machines["alice"].store.contents, contact, b"", seed="x"), size=2 << 20
    )
    assert refusal(world, "alice", large) is Reason.FILE_TOO_LARGE


def test_what_is_not_there_is_refused() -> None:
    world = friends("alice", "bob")
    no_file = MessageId("f" * 32)
    for input in (FileAnswered(no_file, accept=True), FileCancelled(no_file)):
        assert refusal(world, "alice", input) is Reason.NO_SUCH_FILE
    nobody = submit_content(world.machines["alice"].store.contents, world.contact("alice", "bob"), SMALL)
    assert refusal(world, "alice", replace(nobody, contact=ContactId("x" * 64))) is Reason.NO_SUCH_CONTACT
    mine = offer(world, SMALL)
    assert refusal(world, "alice", FileAnswered(mine, accept=True)) is Reason.NO_SUCH_FILE
    assert refusal(world, "alice", _again(world, mine)) is None, "the same offer is made once"
    assert len(files(world, "alice")) == 1


def _again(world: World, id: MessageId) -> FileSubmitted:
    contact = world.contact("alice", "bob")
    return replace(submit_content(world.machines["alice"].store.contents, contact, SMALL), id=id)


def test_an_offer_that_nobody_answers_expires_and_is_forgotten() -> None:
    world = friends("alice", "bob")
    offer(world, SMALL)
    world.run(10.0)
    for name in ("alice", "bob"):
        world.stop(name)
    world.now += WAITS_S
    world.start("alice")
    world.run(10.0)
    assert came(world, "alice").state is FileState.EXPIRED
    world.stop("alice")
    world.now += LISTED_S
    world.start("alice")
    world.run(10.0)
    assert not files(world, "alice") and not world.machines["alice"].store.files


def test_where_messages_disappear_files_do() -> None:
    world = friends("alice", "bob")
    world.tell("alice", user_inputs.ContactRetentionChosen(world.contact("alice", "bob"), 600.0))
    world.run(10.0)
    offer(world, SMALL)
    accept(world)
    run_until_state(world, FileState.WHOLE)
    world.run(3700.0)
    for name in ("alice", "bob"):
        assert not files(world, name) and not world.machines[name].store.contents.contents


def test_progress_is_told_with_bytes_and_a_rate() -> None:
    world = friends("alice", "bob")
    for name in ("alice", "bob"):
        world.stop(name)
        world.start(name, Settings(profile=FAST))
    world.run(30.0)
    offer(world, CONTENT)
    accept(world)
    run_until_state(world, FileState.WHOLE, "alice", within=1200.0)
    for name in ("alice", "bob"):
        moved = [event.moved_bytes for event in world.machines[name].events(FileMoved)]
        assert moved == sorted(moved) and len(set(moved)) > 5 and moved[-1] == len(CONTENT)
        assert any(event.rate > 0 for event in world.machines[name].events(FileMoved))
