"""What goes into a backup comes back in a new home: all that is to be kept, and nothing that is not."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from p2pchat.core.values.changes import (
    PutContact,
    PutMesh,
    PutMessage,
    PutOutbox,
    PutPatience,
    PutRecovery,
    PutReference,
    PutSession,
    PutTried,
)
from p2pchat.core.values.records import (
    Contact,
    ConversationPreferences,
    MeshRecord,
    OutboxEntry,
    OutboxKind,
    RecoveryState,
    SessionState,
    Tried,
    Trust,
)
from p2pchat.core.values.records import PatienceState as Kept
from p2pchat.core.values.references import Reference, ReferenceKind
from p2pchat.crypto.identity import fingerprint
from p2pchat.crypto.kdf import mesh_id
from p2pchat.daemon.setup import restore_home
from p2pchat.errors import StoreError
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.store import KeyFile, Store, exists
from p2pchat.store.archive import ArchiveFile
from p2pchat.store.copying import (
    LINES_AT_ONCE,
    Contents,
    CopyTaken,
    Filling,
    backed_up_at,
    copy_lines,
    copy_records,
    copy_references,
    end_entry,
    note_backup,
    open_home,
    take_entries,
)
from p2pchat.types import MessageId, MessageName, MessageState, conversation_with
from p2pchat.wire.backup import EntryKind, EntryStream, encode_entry
from p2pchat.wire.codec import Reader
from p2pchat.wire.content import Text, Withdrawal
from p2pchat.wire.payload import Retention, encode_payload
from tests.support.homes import CHEAP, identity, message

ROOT = Path(__file__).parents[2]
SECRET = b"s" * 32
HOME = MeshRecord(mesh_id(SECRET), SECRET, ("ws://meeting.example",), 1.0, ("ws://theirs.example",), 2, 3.0)
KEY = b"identity key of bob " + b"." * 12
BOB = Contact(
    fingerprint(KEY),
    "Bob",
    KEY,
    HOME.id,
    "words",
    2.0,
    Trust(verified=True),
    ConversationPreferences(True, 60.0, 3),
)
WITH_BOB = conversation_with(BOB.id)
WAITS = OutboxEntry(
    MessageId("d" * 32), WITH_BOB, encode_payload(Text(MessageId("d" * 32), 1.0, "it waits")), 7, 9e9
)


def line(number: int, text: str = "hello", outgoing: bool = False) -> PutMessage:
    return PutMessage(
        replace(message(number, text, outgoing), conversation=WITH_BOB, author=None if outgoing else BOB.id)
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store.create_store(tmp_path / "old", KeyFile(), identity(), SeededEntropy(0), CHEAP)
    made.commit_changes([PutMesh(HOME), PutContact(BOB), PutTried(Tried(b"m" * 16, 4.0, BOB.id))])
    made.keep_setting("theme", "dark")
    yield made
    made.close()


def copied(store: Store, then: list[PutMessage] | None = None) -> bytes:
    """All entries of a backup; what is said ``then``, while it is made, is not in it."""
    taken = copy_records(store, lambda state: b"kept of " + state.state, 5.0)
    store.commit_changes(then or [])
    return taken.entries + b"".join(lines(store, taken)) + copy_references(store, taken) + end_entry(taken)


def lines(store: Store, taken: CopyTaken) -> Iterator[bytes]:
    while entries := copy_lines(store, taken):
        yield entries


def of_line(number: int, kind: ReferenceKind, text: str, target: PutMessage) -> PutReference:
    id, name = MessageId(f"{number + 64:032x}"), MessageName(target.message.id)
    turn = 0 if kind is ReferenceKind.WITHDRAWAL else 1
    about = Reference(id, WITH_BOB, BOB.id, kind, name, turn, 1.0, text, MessageState.DELIVERED)
    return PutReference(about, 9e9, keep_earlier=True)


def restored(home: Path, entries: bytes) -> tuple[Store, Contents, dict[str, bytes]]:
    read, keys = EntryStream().take_piece(entries), dict[str, bytes]()
    contents = open_home(read)

    def begin(them: Contact, kept: bytes) -> list[PutContact]:
        keys[them.name] = kept
        return [PutContact(them)]

    def fill(made: Store) -> None:
        take_entries(read, contents, Filling(made, begin).take_entry)

    store = Store.create_store(home, KeyFile(), contents.identity, SeededEntropy(1), CHEAP, fill)
    return store, contents, keys


def test_what_refers_to_lines_comes_back_with_what_they_said_before(store: Store, tmp_path: Path) -> None:
    corrected, gone = line(1, "at eight"), line(2, "never mind")
    short = PutMessage(replace(line(3, "psst").message, expires_at=9e9))
    answers = MessageName(corrected.message.id)
    reply = PutMessage(replace(line(4, "yes").message, answers=answers, mentions=True))
    unknown = PutMessage(replace(line(5, "").message, unknown=40))
    store.commit_changes([corrected, gone, short, reply, unknown])
    store.commit_changes([of_line(1, ReferenceKind.CORRECTION, "at nine", corrected)])
    store.commit_changes([of_line(2, ReferenceKind.REACTION, "👍", corrected)])
    store.commit_changes([of_line(3, ReferenceKind.WITHDRAWAL, "", gone)])
    store.commit_changes([of_line(4, ReferenceKind.REACTION, "👍", short)])
    store.commit_changes([of_line(5, ReferenceKind.REACTION, "👍", line(9))])
    waits = replace(
        WAITS,
        payload=encode_payload(Withdrawal(WAITS.id, 1.0, MessageId("e" * 32))),
        kind=OutboxKind.REFERENCE,
    )
    store.commit_changes([PutOutbox(waits)])
    made, contents, _ = restored(tmp_path / "new", copied(store))
    kept = [each for each in store.history.read_messages(None) if each.id != short.message.id]
    assert made.history.read_messages(None) == kept
    assert [each.text for each in kept[0].referred.earlier] == ["at eight"]  # type: ignore[union-attr]
    assert made.load_memory().outbox == (waits,) and contents.waiting == 1
    assert not made.load_memory().lines_expire
    made.close()


def test_all_that_is_to_be_kept_comes_back(store: Store, tmp_path: Path) -> None:
    count = 2 * LINES_AT_ONCE + 3
    store.commit_changes([line(number, f"line {number}", number % 2 == 0) for number in range(count)])
    store.commit_changes([PutRecovery(RecoveryState(BOB.id, b"keys"))])
    store.history.mark_read([MessageId(f"{1:032x}")])
    store.history.edit_message(MessageId(f"{2:032x}"), "rewritten")
    store.commit_changes([line(5000, "forgotten", outgoing=True)])
    store.commit_changes([PutOutbox(WAITS)])
    made, contents, keys = restored(tmp_path / "new", copied(store, [line(6000, "too late")]))
    assert made.history.read_messages(None) == store.history.read_messages(None)[:-1]
    assert made.history.list_unread() == store.history.list_unread()[:-1]
    assert [each.text for each in made.history.read_messages(None, search="rewrit")] == ["rewritten"]
    before, after = store.load_memory(), made.load_memory()
    assert (after.identity, after.meshes, after.contacts, after.tried, after.outbox) == (
        before.identity,
        before.meshes,
        before.contacts,
        before.tried,
        before.outbox,
    )
    assert made.read_settings() == {"theme": "dark"}
    assert keys == {"Bob": b"kept of keys"}
    told = contents.meshes, contents.contacts, contents.verified, contents.lines, contents.waiting
    assert told == (1, 1, 1, count + 1, 1)
    assert (contents.made_at, contents.unknown) == (5.0, 0)
    made.close()
    again = Store.open_store(tmp_path / "new", KeyFile())
    assert again.load_memory().set_back == ""
    again.close()


def test_what_was_forgotten_stays_forgotten(store: Store, tmp_path: Path) -> None:
    store.commit_changes([line(1, outgoing=True)])
    store.commit_changes([PutMessage(replace(line(2, outgoing=True).message, state=MessageState.DELIVERED))])
    store.history.forget_message(MessageId(f"{2:032x}"))
    made, _, _ = restored(tmp_path / "new", copied(store))
    assert made.history.is_forgotten(MessageId(f"{2:032x}"))
    assert len(made.history.read_messages(None)) == 1
    made.close()


def test_no_session_and_no_line_that_disappears_is_in_it(store: Store) -> None:
    disappears = replace(line(1, "this disappears", outgoing=True).message, expires_at=9e9)
    waiting = replace(WAITS, id=disappears.id)
    kept = encode_payload(Retention(60.0, 3))
    store.commit_changes(
        [
            PutSession(SessionState(BOB.id, b"olm state", b"chain keys")),
            PutMessage(disappears),
            PutOutbox(replace(waiting, payload=encode_payload(Text(disappears.id, 1.0, "this disappears")))),
            PutOutbox(OutboxEntry(MessageId("e" * 32), WITH_BOB, kept, 8, 9e9, kind=OutboxKind.REKEY)),
            PutPatience(Kept(1.0, 2.0)),
        ]
    )
    entries = copied(store)
    for secret in (b"olm state", b"chain keys", b"this disappears", kept):
        assert secret not in entries
    assert EntryKind.WAITING not in [kind for kind, _ in EntryStream().take_piece(entries)]


def test_what_waits_is_sealed_anew(store: Store, tmp_path: Path) -> None:
    store.commit_changes([PutOutbox(replace(WAITS, number=3, ciphertext=b"sealed"))])
    made, _, _ = restored(tmp_path / "new", copied(store))
    assert made.load_memory().outbox == (WAITS,)
    made.close()


CONTACT_OF_ANOTHER = {"id": "1" * 32, "contact": "f" * 64, "outgoing": False, "at": 1.0, "text": "x"}


@pytest.mark.parametrize(
    "added",
    [
        encode_entry(
            EntryKind.LINE, {**CONTACT_OF_ANOTHER, "state": "delivered", "heard": True, "rewritten": False}
        ),
        encode_entry(EntryKind.MESH, {"secret": b"short"}),
        encode_entry(EntryKind.CONTACT, {"verified": True}),
        encode_entry(EntryKind.HOME, {}),
        encode_entry(EntryKind.END, {"contacts": 9, "lines": 0}),
        encode_entry(EntryKind.WAITING, {"payload": encode_payload(Retention(60.0, 1))}),
    ],
    ids=lambda entry: str(entry[:12]),
)
def test_what_makes_no_sense_makes_no_home(store: Store, tmp_path: Path, added: bytes) -> None:
    taken = copy_records(store, lambda state: b"", 5.0)
    with pytest.raises(StoreError, match="makes no sense"):
        restored(tmp_path / "new", taken.entries + added + end_entry(taken))
    with pytest.raises(StoreError, match="makes no sense"):
        restored(tmp_path / "none", taken.entries)  # no end


def test_what_a_later_version_wrote_is_counted_and_passed_over(store: Store, tmp_path: Path) -> None:
    taken = copy_records(store, lambda state: b"", 5.0)
    body = b"\x81\xa1t\xcd\x03\xe8"
    entries = taken.entries + (len(body)).to_bytes(4, "big") + body + end_entry(taken)
    made, contents, _ = restored(tmp_path / "new", entries)
    assert contents.unknown == 1
    made.close()


def test_an_empty_backup_is_none() -> None:
    with pytest.raises(StoreError, match="makes no sense"):
        open_home(iter([]))
    with pytest.raises(StoreError, match="makes no sense"):
        open_home(iter([(int(EntryKind.END), Reader({}))]))


def test_the_time_of_the_last_backup_is_kept(store: Store) -> None:
    assert backed_up_at(store) is None
    note_backup(store, 5.0)
    note_backup(store, 6.0)
    assert backed_up_at(store) == 6.0
    note_backup(store, None)
    assert backed_up_at(store) is None


KILLED = """
import os, signal, sys
from pathlib import Path
from p2pchat.daemon import setup
from p2pchat.store import KeyFile, copying, vault
step = sys.argv[1]
owner, name = {
    "half": (copying.Filling, "take_entry"), "filled": (copying, "note_backup"), "named": (vault, "finish")
}[step]
setattr(owner, name, lambda *args: os.kill(os.getpid(), signal.SIGKILL))
setup.restore_home(Path(sys.argv[2]), Path(sys.argv[3]), "phrase", KeyFile())
"""


@pytest.mark.parametrize("step", ["half", "filled", "named"])
def test_a_killed_restore_leaves_no_home_and_can_be_repeated(store: Store, tmp_path: Path, step: str) -> None:
    place, home = tmp_path / "home.backup", tmp_path / "new"
    file = ArchiveFile(place, "phrase", SeededEntropy(2), CHEAP)
    file.add_entries(copied(store))
    file.complete_file()
    command = [sys.executable, "-c", KILLED, step, str(home), str(place)]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    assert not exists(home)
    assert restore_home(home, place, "phrase", KeyFile()).contacts == 1
    made = Store.open_store(home, KeyFile())
    assert [them.name for them in made.load_memory().contacts] == ["Bob"]
    made.close()
