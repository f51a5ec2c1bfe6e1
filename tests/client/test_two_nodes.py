"""Two people through the public Python interface: real homes, a real rendezvous, a real link."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from hashlib import blake2b
from pathlib import Path

import pytest

from p2pchat.client import Event, Node, connect, create_home
from p2pchat.control import events as control_events
from p2pchat.control.answers import ContactAddedEvent
from p2pchat.control.events import (
    CellEvent,
    ForgottenEvent,
    HistoryLine,
    LinkEvent,
    PresenceEvent,
    ReceiptEvent,
    RewrittenEvent,
    TracingEvent,
)
from p2pchat.core.pairing import Guest, Output
from p2pchat.core.values.changes import PutMessage
from p2pchat.core.values.records import Message
from p2pchat.errors import (
    ControlError,
    LimitError,
    NetworkError,
    NotInTime,
    P2PChatError,
    TrustError,
    UsageError,
)
from p2pchat.store import KeyFile, Store
from p2pchat.types import MessageId, MessageState, conversation_with
from p2pchat.wire.words import WORDS
from tests.support.nodes import code_of, friends, messages, pair, text_of

pytestmark = pytest.mark.real


def hosts(node: Node) -> bool:
    """Whether the node runs in this process, on this object's account."""
    return node.embedded


async def test_a_message_and_its_states(tmp_path: Path) -> None:
    async with friends(tmp_path, "alice", "bob") as (alice, bob):
        states: list[str] = []
        sent = await alice.send("bob", "hi 👋", on_state=lambda event: states.append(event.state))
        assert states == ["queued", "relayed", "delivered"]
        (received,) = await messages(bob, 1)
        assert received.text == "hi 👋"
        assert received.sender == "alice"
        (line,) = await alice.history("bob")
        assert line.id == sent.id
        assert (line.state, line.outgoing, line.sender) == ("delivered", True, "alice")
        (talk,) = await bob.conversations()
        assert (talk.contact, talk.unheard) == ("alice", 0)


async def test_the_same_id_sends_nothing_twice(tmp_path: Path) -> None:
    async with friends(tmp_path, "alice", "bob") as (alice, bob):
        for _ in range(3):
            await alice.send("bob", "once", id="a" * 32)
            await alice.send("bob", "and once", id="backup of Monday")
        assert len(await bob.history("alice")) == 2
        for text, key in (("other", "backup of Monday"), ("once", ""), ("once", "k" * 257)):
            with pytest.raises(UsageError):
                await alice.send("bob", text, id=key)
        assert len(await bob.history("alice")) == 2


async def test_an_absent_contact_gets_it_later_and_the_sender_is_told_the_truth(tmp_path: Path) -> None:
    async with friends(tmp_path, "alice", "bob") as (alice, bob):
        await bob.__aexit__(None, None, None)
        with pytest.raises(NotInTime, match="stays queued"):
            await alice.send("bob", "later", timeout=1.0)
        assert (await alice.send("bob", "and this", wait="queued")).state == "queued"
        await bob.__aenter__()
        assert [each.text for each in await messages(bob, 2)] == ["later", "and this"]


async def test_messages_no_listener_had_are_offered_first_and_once(tmp_path: Path) -> None:
    async with friends(tmp_path, "alice", "bob") as (alice, bob):
        await alice.send("bob", "early")
        async with aclosing(bob.listen()) as events:
            assert await text_of(events) == "early"
        assert [each.text for each in await messages(bob, 1)] == ["early"]
        await alice.send("bob", "next")
        assert [each.text for each in await messages(bob, 1)] == ["next"]


async def test_only_a_subscriber_hears_what_this_home_says_rewrites_and_forgets(
    tmp_path: Path,
) -> None:
    async with friends(tmp_path, "alice", "bob") as (alice, bob):
        await bob.send("alice", "begin")
        async with aclosing(alice.listen(own=True)) as all_of_it, aclosing(alice.listen()) as others:
            assert [await text_of(each) for each in (all_of_it, others)] == ["begin", "begin"]
            sent = await alice.send("bob", "from here")
            await alice.edit(sent.id, "never sent")
            await alice.forget_message(sent.id)
            await bob.send("alice", "end")
            told, told_others = [await _until_end(each) for each in (all_of_it, others)]
        said, rewritten, forgotten = (each for each in told if isinstance(each, HistoryLine | ForgottenEvent))
        assert isinstance(said, control_events.MessageEvent) and isinstance(rewritten, RewrittenEvent)
        assert [(each.text, each.outgoing, each.rewritten) for each in (said, rewritten)] == [
            ("from here", True, False),
            ("never sent", True, True),
        ]
        assert forgotten == ForgottenEvent(contact="bob", id=sent.id)
        assert {type(each) for each in told_others} <= {ReceiptEvent, PresenceEvent, LinkEvent}


async def test_contacts_can_be_compared_renamed_blocked_and_removed(tmp_path: Path) -> None:
    async with friends(tmp_path, "alice", "bob", "carol") as (alice, bob, _):
        seen, shown = await alice.contact("BOB"), await bob.contact("alice")
        assert seen.safety_number == shown.safety_number
        assert (await alice.verify("bob")).verified
        assert (await alice.rename("bob", "Robert")).name == "Robert"
        with pytest.raises(UsageError, match="already"):
            await alice.rename("carol", "robert")
        with pytest.raises(UsageError, match="did you mean Robert"):
            await alice.contact("Robet")
        assert (await alice.block("Robert")).blocked
        with pytest.raises(UsageError, match="unblock"):
            await alice.send("Robert", "x")
        await alice.block("Robert", blocked=False)
        await alice.remove("carol")
        assert [each.name for each in await alice.contacts()] == ["Robert"]


async def test_what_cannot_be_meant_is_refused_in_one_line(tmp_path: Path) -> None:
    async with friends(tmp_path, "alice", "bob") as (alice, _):
        for error, call in (
            (UsageError, alice.send("nobody", "x")),
            (UsageError, alice.send("bob", "")),
            (LimitError, alice.send("bob", "x" * 65_537)),
            (UsageError, alice.join("42-nonsense")),
            (UsageError, alice.join("42-tango-marble-orbit", rendezvous=["http://x"])),
            (TrustError, alice.join("999999-" + "-".join(WORDS[:3]), timeout=5)),
            (UsageError, alice.rename("bob", "\x1b[2J")),
            (UsageError, alice.send("bob", "x", id="k" * 257)),
            (UsageError, alice.send("bob", "x", wait="read")),  # type: ignore[arg-type]
        ):
            with pytest.raises(error, match=r"^[^\n]+$"):
                await call


async def test_no_rendezvous_is_said(tmp_path: Path) -> None:
    create_home(tmp_path / "a", "a")
    create_home(tmp_path / "b", "b", ["ws://127.0.0.1:9"])
    async with connect(tmp_path / "a") as alone, connect(tmp_path / "b") as lost:
        with pytest.raises(UsageError, match="--rendezvous"):
            async for _ in alone.invite():
                pass
        with pytest.raises(NetworkError, match="no rendezvous could be reached"):
            async for _ in lost.invite():
                pass


async def test_pairing_by_link_and_with_oneself(tmp_path: Path) -> None:
    async with friends(tmp_path, "alice") as (alice,):
        status = await alice.status()
        url = (await alice.whoami()).rendezvous[0]
        create_home(
            tmp_path / "bob", "bob"
        )  # knows no rendezvous: the link names it, and it is on this machine
        async with connect(tmp_path / "bob") as bob:
            async with aclosing(alice.invite(link=True)) as events:
                with pytest.raises(UsageError, match="private network"):
                    await bob.join(await code_of(events))
            await pair(alice, bob, link=True, rendezvous=[url])
            assert (await bob.contacts())[0].how == "link"
            await alice.send("bob", "by link")
        assert status.links == []
        assert url.startswith("ws://")


async def test_an_invite_without_a_waiting_host_is_taken_back(tmp_path: Path) -> None:
    async with friends(tmp_path, "alice", "bob") as (alice, bob):
        async with aclosing(alice.invite()) as events:
            code = await code_of(events)
        watcher = connect(tmp_path / "alice", run=False)
        async with watcher, aclosing(watcher.invite()) as events:
            other = await code_of(events)
        for taken_back in (code, other):
            with pytest.raises(TrustError, match="no such invite"):
                await bob.join(taken_back, timeout=10)


@pytest.mark.parametrize("link", [False, True])
async def test_an_invite_outlives_the_node_it_began_at(tmp_path: Path, link: bool) -> None:
    async with friends(tmp_path, "alice", "bob") as (alice, bob):
        inviting = connect(tmp_path / "alice")
        async with inviting, aclosing(inviting.invite(link=link, name="robert")) as events:
            code = await code_of(events)
            done = asyncio.ensure_future(anext(events))
            await alice.__aexit__(None, None, None)
            create_home(tmp_path / "carol", "carol", (await bob.whoami()).rendezvous)
            async with connect(tmp_path / "carol") as carol:
                await until_joined(carol, code)
                contact = await done
                assert isinstance(contact, ContactAddedEvent) and contact.name == "robert"
                assert hosts(inviting)
                assert [each.name for each in await carol.contacts()] == ["alice"]
        await alice.__aenter__()


async def test_a_tried_invite_is_not_waited_at_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A guest that takes the host's answer and is silent has had its guess, though the node goes away."""
    answered = asyncio.Event()

    def silent(guest: Guest, reply: object) -> list[Output]:
        answered.set()
        return []

    async with friends(tmp_path, "alice", "thief") as (alice, thief):
        await alice.remove("thief")
        inviting = connect(tmp_path / "alice")
        async with inviting, aclosing(inviting.invite()) as events:
            code = await code_of(events)
            with monkeypatch.context() as at_first:
                at_first.setattr(Guest, "_confirm", silent)
                guessing = asyncio.create_task(thief.join(code, timeout=60))
                await answered.wait()
                await alice.__aexit__(None, None, None)
            with pytest.raises(TrustError, match="used up"):
                await anext(events)
            with pytest.raises(P2PChatError):
                await guessing
            with pytest.raises(TrustError, match="no such invite"):
                await thief.join(code, timeout=60)
            assert not await inviting.contacts()
        await alice.__aenter__()


async def until_joined(guest: Node, code: str) -> None:
    """The host's new node may not sit at the table yet."""
    async with asyncio.timeout(20):
        while True:
            with suppress(TrustError):
                await guest.join(code)
                return


async def test_programs_share_one_node_and_the_next_takes_over(tmp_path: Path) -> None:
    async with friends(tmp_path, "alice", "bob") as (alice, bob):
        first = connect(tmp_path / "alice")
        async with first:
            assert alice.embedded
            assert not hosts(first)
            await first.send("bob", "through the other's node")
            listening = asyncio.create_task(messages(first, 1))
            await alice.__aexit__(None, None, None)
            sending = asyncio.create_task(bob.send("alice", "still there?"))
            assert [each.text for each in await listening] == ["still there?"]
            await sending
            assert hosts(first)
            await alice.__aenter__()
            assert not alice.embedded


async def test_programs_that_start_at_once_never_wait_on_a_lock(tmp_path: Path) -> None:
    async with friends(tmp_path, "alice", "bob") as (alice, bob):
        await alice.__aexit__(None, None, None)

        async def one(number: int) -> None:
            async with connect(tmp_path / "alice") as node:
                await node.send("bob", f"{number}", timeout=60)

        await asyncio.gather(*(one(number) for number in range(8)))
        assert sorted(each.text for each in await bob.history("alice")) == [str(n) for n in range(8)]
        await alice.__aenter__()


async def test_a_home_far_down_the_tree_works(tmp_path: Path) -> None:
    home = tmp_path.joinpath(*["a-rather-long-folder-name"] * 6)
    assert len(os.fsencode(home)) > 108
    create_home(home, "deep")
    async with connect(home) as node, connect(home, run=False) as other:
        assert (await other.whoami()).fingerprint == (await node.whoami()).fingerprint


async def test_without_a_node_and_without_a_home(tmp_path: Path) -> None:
    with pytest.raises(P2PChatError, match="p2pchat init"):
        await connect(tmp_path / "none").__aenter__()
    create_home(tmp_path / "a", "a")
    with pytest.raises(NetworkError, match="node run"):
        await connect(tmp_path / "a", run=False).__aenter__()


async def test_a_locked_home_asks_once_and_only_when_it_must(tmp_path: Path) -> None:
    create_home(tmp_path / "a", "a", passphrase="open sesame")
    asked = 0

    def ask() -> str:
        nonlocal asked
        asked += 1
        return "open sesame"

    async with connect(tmp_path / "a", passphrase=ask), connect(tmp_path / "a", passphrase=ask) as second:
        assert not second.embedded
    assert asked == 1
    for wrong, error in (("wrong", TrustError), (None, UsageError)):
        with pytest.raises(error):
            await connect(tmp_path / "a", passphrase=wrong).__aenter__()


async def test_a_trace_shows_cells_pass(tmp_path: Path) -> None:
    async with friends(tmp_path, "alice", "bob") as (alice, bob), aclosing(bob.trace()) as events:
        assert isinstance(await anext(events), TracingEvent)
        await alice.send("bob", "look")
        async with asyncio.timeout(10):
            cell = await anext(events)
        assert isinstance(cell, CellEvent)
        assert cell.source in {*(mesh.node for mesh in (await alice.status()).meshes), None}


async def test_not_entered_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="async with"):
        await Node(tmp_path, None, run=True).whoami()


async def test_a_node_inside_another_command_is_not_stopped_from_outside(tmp_path: Path) -> None:
    create_home(tmp_path / "a", "a")
    async with connect(tmp_path / "a"), connect(tmp_path / "a", run=False) as other:
        with pytest.raises(UsageError, match="inside a chat or another command"):
            await other.stop()


async def test_a_history_of_many_megabytes_is_read_whole(tmp_path: Path) -> None:
    async with friends(tmp_path, "alice", "bob") as (alice, _):
        await alice.__aexit__(None, None, None)
        store = Store.open_store(tmp_path / "alice", KeyFile())
        (bob,) = store.load_memory().contacts
        where, state = conversation_with(bob.id), MessageState.DELIVERED
        lines = [Message(MessageId(f"{n:032x}"), where, bob.id, 1.0, "x" * 65_536, state) for n in range(300)]
        store.commit_changes([PutMessage(line) for line in lines])
        store.close()
        await alice.__aenter__()
        assert len(await alice.history("bob")) == 300
        assert len(await messages(alice, 300)) == 300


async def test_a_contact_who_takes_our_id_first_blocks_nothing(tmp_path: Path) -> None:
    async with friends(tmp_path, "alice", "bob") as (alice, bob):
        first = await alice.send("bob", "backup done", id="backup of Monday")
        await bob.send("alice", "squat", id=first.id)
        again = await alice.send("bob", "backup done", id="backup of Monday")
        assert (again.id, again.state) == (first.id, "delivered")
        (squat,) = [line for line in await alice.history("bob") if not line.outgoing]
        assert squat.id != first.id
        await alice.forget_message(squat.id)
        assert [line.text for line in await alice.history("bob")] == ["backup done"]


async def test_the_same_key_is_another_id_in_another_home(tmp_path: Path) -> None:
    async with friends(tmp_path, "alice", "bob") as (alice, bob):
        mine = await alice.send("bob", "done", id="backup of Monday")
        theirs = await bob.send("alice", "done", id="backup of Monday")
        assert mine.id != theirs.id


async def test_a_message_sent_under_a_key_before_keys_were_secret_is_not_sent_again(tmp_path: Path) -> None:
    async with friends(tmp_path, "alice", "bob") as (alice, bob):
        before = blake2b(b"backup of Monday", digest_size=16).hexdigest()
        await alice.send("bob", "backup done", id=before)
        assert (await alice.send("bob", "backup done", id="backup of Monday")).id == before
        assert len(await bob.history("alice")) == 1


async def test_an_id_whose_message_was_forgotten_is_not_used_again(tmp_path: Path) -> None:
    async with friends(tmp_path, "alice", "bob") as (alice, bob):
        first = await alice.send("bob", "once", id="key")
        await alice.forget_message(first.id)
        with pytest.raises(UsageError, match="forgotten"):
            await alice.send("bob", "twice", id="key")
        assert [line.text for line in await bob.history("alice")] == ["once"]


async def test_of_several_texts_with_one_id_at_the_same_moment_one_is_sent(tmp_path: Path) -> None:
    async with friends(tmp_path, "alice", "bob") as (alice, bob):
        sends = (alice.send("bob", f"text {n}", id="key") for n in range(4))
        outcomes = await asyncio.gather(*sends, return_exceptions=True)
        assert sum(isinstance(each, UsageError) for each in outcomes) == 3
        assert len(await bob.history("alice")) == 1


async def _until_end(events: AsyncGenerator[Event, None]) -> list[Event]:
    """What is told before the message that says so."""
    told = []
    async with asyncio.timeout(30):
        async for event in events:
            if isinstance(event, control_events.MessageEvent) and event.text == "end":
                break
            told.append(event)
    return told
